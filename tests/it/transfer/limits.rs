//! Where copy-on-write cannot be, a copy takes its place, and says why.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{COPY_ON_WRITE, shell, succeeds};
use crate::engine;
use crate::env::TestEnv;

/// Something mounted for the time of a test.
struct Mounted(PathBuf);

impl Mounted {
    /// Mounts with these arguments of `mount`, as root.
    #[track_caller]
    fn new(arguments: &[&str], target: &Path) -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "this test mounts file systems, which takes root"
        );
        fs::create_dir_all(target).unwrap();
        let status = Command::new("mount")
            .args(arguments)
            .arg(target)
            .status()
            .unwrap();
        assert!(status.success(), "mount {arguments:?}");
        Self(target.to_path_buf())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Mounts an overlay of empty directories.
#[track_caller]
fn overlay(env: &TestEnv, target: &Path) -> Mounted {
    let layers = ["l", "u", "w"].map(|name| {
        fs::create_dir(env.path(name)).unwrap();
        env.path(name).to_str().unwrap().to_owned()
    });
    let [lower, upper, work] = layers;
    let options = format!("lowerdir={lower},upperdir={upper},workdir={work}");
    Mounted::new(&["-t", "overlay", "overlay", "-o", &options], target)
}

const CAT: &str = "cat file below/file; echo 2 > file; rm -r below; mkdir below; ls -A below";

fn project() -> TestEnv {
    TestEnv::new()
        .build_command(CAT)
        .file("file", "1\n")
        .file("below/file", "2\n")
        .arg("-v")
}

#[test]
fn a_file_system_that_is_mounted_in_the_source_comes_in_as_a_copy() {
    let env = project();
    let mounted = Mounted::new(&["-t", "tmpfs", "tmpfs"], &env.source().join("below"));
    fs::write(mounted.0.join("file"), "mounted\n").unwrap();
    let run = succeeds(&env);
    // What is mounted in the container is no mount point there.
    assert_eq!(run.output_of(CAT), "1\nmounted\n");
    assert!(
        run.stderr
            .contains("comes in by a tar stream: another file system is mounted"),
        "{run}"
    );
    let forced = env.args(COPY_ON_WRITE).run();
    forced.assert_code(3);
    assert!(
        forced.stderr.contains("another file system is mounted at"),
        "{forced}"
    );
}

#[test]
fn a_source_may_lie_on_any_file_system() {
    for kind in ["tmpfs", "overlay"] {
        let env = project();
        let here = env.path("elsewhere");
        let _mounted = if kind == "tmpfs" {
            Mounted::new(&["-t", "tmpfs", "tmpfs"], &here)
        } else {
            overlay(&env, &here)
        };
        shell(&env.source(), &format!("cp -r . {}", here.display()));
        let env = env.args(&["-s", here.to_str().unwrap()]);
        let before = super::fingerprint(&here);
        let run = env.run();
        run.assert_succeeded();
        assert_eq!(run.output_of(CAT), "1\n2\n", "{kind}");
        assert_eq!(super::fingerprint(&here), before, "{kind}");
    }
}

#[test]
fn a_file_system_that_no_overlay_can_show_comes_in_as_a_copy() {
    // A directory of the kernel's own, small and of files that stay as they are.
    let look = "ls /codebuild/output/src*/src | head -1; echo new > new";
    let spec = serde_json::json!({"version": 0.2, "phases": {"build": {"commands": [look]}}});
    let env = TestEnv::new().args(&["-v", "-b", "spec.yml", "-s", "/proc/sys/fs/mqueue"]);
    let file = env.path("spec.yml");
    fs::write(&file, spec.to_string()).unwrap();
    let file = file.to_str().unwrap().to_owned();
    let env = TestEnv::new().args(&["-v", "-b", &file, "-s", "/proc/sys/fs/mqueue"]);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of(look), "msg_default\n");
    assert!(
        run.stderr
            .contains("comes in by a tar stream: the engine refuses an overlay"),
        "{run}"
    );
    let forced = env.args(COPY_ON_WRITE).run();
    forced.assert_code(3);
    assert!(forced.stderr.contains("mount"), "{forced}");
}

#[test]
fn a_scratch_directory_that_cannot_be_an_upper_layer_leads_to_a_copy() {
    let env = project();
    let cache = env.path("cache");
    let _mounted = overlay(&env, &cache);
    let env = env.variable("XDG_CACHE_HOME", cache.to_str().unwrap());
    let run = succeeds(&env);
    assert_eq!(run.output_of(CAT), "1\n2\n");
    assert!(run.stderr.contains("comes in by a tar stream"), "{run}");
    // Nor can it hide anything where devices cannot be made.
    succeeds(&env.args(&["--exclude", "other"]));
}

#[test]
fn a_scratch_directory_may_have_any_name() {
    let odd = "a scratch: with, commas=\\ 'quotes' \"and\" ünïcödé\nlines";
    let env = project();
    fs::create_dir(env.path(odd)).unwrap();
    let cache = env.path(odd);
    let env = env
        .variable("XDG_CACHE_HOME", cache.to_str().unwrap())
        .args(COPY_ON_WRITE)
        .args(&["--exclude", "left-out"])
        .file("left-out", "");
    let run = succeeds(&env);
    assert_eq!(run.output_of(CAT), "1\n2\n");
    assert!(run.stderr.contains("comes in by copy-on-write"), "{run}");
}

#[test]
fn the_way_in_is_said_in_a_sentence() {
    let env = project();
    let run = succeeds(&env);
    let sentence = format!("`{}` comes in by copy-on-write", env.source().display());
    assert!(run.stderr.contains(&sentence), "{run}");
    let run = succeeds(&env.args(super::TAR));
    assert!(
        run.stderr
            .contains("comes in by a tar stream: it was requested"),
        "{run}"
    );
}

#[test]
fn the_volume_of_a_copy_goes_with_the_container() {
    let wait = "until [ -e /tmp/go ]; do sleep 0.1; done";
    let env = TestEnv::new()
        .build_commands(&["echo made > new && echo ready", wait])
        .args(super::TAR);
    let running = env.start();
    running.wait_for_line("ready");
    let container = running.container();
    let volumes = engine::volumes(&container);
    assert_eq!(volumes.len(), 1);
    engine::docker(&["exec", &container, "touch", "/tmp/go"]);
    running.finish().assert_succeeded();
    let gone = || !engine::has_volume(&volumes[0]);
    assert!(engine::eventually(Duration::from_secs(10), gone));
}
