//! No room left, in the container or on the host, and directories that go or cannot be written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::{assert_whole, leftovers};
use crate::engine::daemon::{Daemon, path_with_sbin};
use crate::env::{Run, Running, TestEnv};

/// The longest that a build without room may take: half as long as its command would last.
const BOUND: Duration = Duration::from_mins(5);

/// A small file system in memory; it goes with this.
struct SmallDisk(TempDir);

impl SmallDisk {
    #[track_caller]
    fn new(size: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_str().unwrap();
        let options = format!("size={size},mode=755");
        mount(&["-t", "tmpfs", "-o", &options, "tmpfs", path]);
        Self(directory)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn text(&self) -> String {
        self.path().display().to_string()
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let mut file = fs::File::create(self.path().join("filler")).unwrap();
        let _ = std::io::copy(&mut std::io::repeat(7), &mut file);
    }

    #[track_caller]
    fn make_read_only(&self) {
        mount(&["-o", "remount,ro", &self.text()]);
    }

    /// What is there besides the filler.
    fn entries(&self) -> Vec<String> {
        let entries = walkdir::WalkDir::new(self.path()).into_iter().flatten();
        entries
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                entry
                    .path()
                    .strip_prefix(self.path())
                    .unwrap()
                    .display()
                    .to_string()
            })
            .filter(|name| name != "filler")
            .collect()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .args(["--lazy", &self.text()])
            .env("PATH", path_with_sbin())
            .status();
    }
}

#[track_caller]
fn mount(arguments: &[&str]) {
    let done = Command::new("mount")
        .args(arguments)
        .env("PATH", path_with_sbin())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "mount {arguments:?}: {complaint}");
}

const BIG_ARTIFACT: &str = "version: 0.2
phases:
  build:
    commands: [head -c 50000000 /dev/urandom > big]
artifacts:
  files: [big]
";

const BIG_CACHE: &str = "version: 0.2
phases:
  build:
    commands: [mkdir kept; head -c 50000000 /dev/urandom > kept/big]
cache:
  paths: ['kept/**/*']
";

/// The phase that did not succeed.
fn failed_phase(build: &Value) -> Option<(&str, &str)> {
    let mut phases = build["phases"].as_array().unwrap().iter();
    phases.find_map(|phase| {
        let status = phase["phaseStatus"].as_str()?;
        let kind = phase["phaseType"].as_str()?;
        (status != "SUCCEEDED").then_some((kind, status))
    })
}

/// Checks that cobuild could not do its part, and names what it could not write.
#[track_caller]
fn assert_no_room(run: &Run, path: &Path) {
    run.assert_code(3);
    assert_whole(run);
    let path = path.display().to_string();
    assert!(run.stderr.contains(&path), "{path}: {run}");
    assert!(run.stderr.contains("No space left on device"), "{run}");
}

#[test]
fn artifacts_without_room_are_not_left_half_written() {
    for packaging in ["none", "zip"] {
        let disk = SmallDisk::new("20m");
        let env = TestEnv::new().buildspec(BIG_ARTIFACT).args(&[
            "-a",
            &disk.text(),
            "--packaging",
            packaging,
            "--build-json",
            "build.json",
        ]);
        let run = env.run();
        assert_no_room(&run, disk.path());
        let build = env.json("build.json");
        assert_eq!(failed_phase(&build), Some(("UPLOAD_ARTIFACTS", "FAULT")));
        assert_eq!(disk.entries(), Vec::<String>::new());
        assert_eq!(leftovers(&env), 0);
    }
}

#[test]
fn a_cache_without_room_is_no_fault_of_the_build() {
    let disk = SmallDisk::new("20m");
    let env = TestEnv::new()
        .buildspec(BIG_CACHE)
        .variable("XDG_CACHE_HOME", &disk.text())
        .args(&["--cache", "s3", "--source-transfer", "tar"]);
    let run = env.run();
    run.assert_succeeded();
    assert_whole(&run);
    assert!(run.stderr.contains("cannot save the cache"), "{run}");
    assert!(run.stderr.contains("No space left on device"), "{run}");
    let archives: Vec<_> = disk
        .entries()
        .into_iter()
        .filter(|name| name.contains("tar") || name.contains("tmp"))
        .collect();
    assert_eq!(archives, Vec::<String>::new());
}

#[test]
fn a_scratch_directory_without_room_is_the_command_s_affair() {
    let disk = SmallDisk::new("20m");
    let command = "head -c 50000000 /dev/zero > big";
    let env = TestEnv::new()
        .build_command(command)
        .variable("XDG_CACHE_HOME", &disk.text())
        .args(&["--source-transfer", "copy-on-write"]);
    let run = env.run();
    assert_whole(&run);
    // tmpfs may be no place for an overlay's upper layer; where it is one, the command says what is wrong.
    run.assert_failed();
    assert!(run.output_of(command).contains("No space left"), "{run}");
    assert_eq!(disk.entries(), Vec::<String>::new());
}

#[test]
fn a_full_disk_at_the_beginning_is_told() {
    let disk = SmallDisk::new("1m");
    disk.fill();
    for arguments in [["-a", "artifacts"], ["--build-json", "build.json"]] {
        let path = disk.path().join(arguments[1]);
        let env = TestEnv::new()
            .buildspec(BIG_ARTIFACT)
            .args(&[arguments[0], path.to_str().unwrap()]);
        let run = env.run();
        assert_whole(&run);
        // An empty file still has room in memory; what is written into it has not.
        assert!(matches!(run.code, Some(2 | 3)), "{run}");
        assert!(run.stderr.contains(disk.path().to_str().unwrap()), "{run}");
        assert_eq!(disk.entries(), Vec::<String>::new(), "{run}");
    }
}

#[test]
fn what_cannot_be_written_at_the_end_is_told() {
    for (argument, name) in [
        ("--build-json", "build.json"),
        ("--export-file", "exports.env"),
    ] {
        let disk = SmallDisk::new("1m");
        let path = disk.path().join(name);
        let spec = "version: 0.2
env:
  exported-variables: [BIG]
phases:
  build:
    commands: ['BIG=$(head -c 20000 /dev/zero | tr \"\\\\0\" x); echo running; sleep 2']
";
        let env = TestEnv::new()
            .buildspec(spec)
            .args(&[argument, path.to_str().unwrap()]);
        let running = env.start();
        running.wait_for_line("running");
        disk.fill();
        let run = running.finish();
        assert_no_room(&run, &path);
        assert_eq!(disk.entries(), Vec::<String>::new());
    }
}

#[test]
fn directories_that_cannot_be_written_any_more_are_told() {
    for words in ["Read-only file system", "No such file or directory"] {
        let disk = SmallDisk::new("100m");
        let out = disk.path().join("out");
        let env = TestEnv::new()
            .buildspec(&BIG_ARTIFACT.replace("> big", "> big; echo running; sleep 2"))
            .args(&["-a", out.to_str().unwrap()]);
        let running = env.start();
        running.wait_for_line("running");
        if words.starts_with("Read-only") {
            disk.make_read_only();
        } else {
            fs::remove_dir_all(&out).unwrap();
        }
        let run = running.finish();
        assert_whole(&run);
        if run.code == Some(0) {
            // A directory that went is made anew.
            assert_eq!(words, "No such file or directory", "{run}");
            assert_eq!(fs::metadata(out.join("big")).unwrap().len(), 50_000_000);
            continue;
        }
        run.assert_code(3);
        assert!(run.stderr.contains(words), "{run}");
        assert!(run.stderr.contains(out.to_str().unwrap()), "{run}");
        assert_eq!(leftovers(&env), 0);
    }
}

#[test]
fn events_and_a_log_file_without_room_end_the_build_and_keep_what_came_before() {
    for flag in ["--events", "--log-file"] {
        let disk = SmallDisk::new("1m");
        let path = disk.path().join("file");
        let env = TestEnv::new()
            .build_command("head -c 3000000 /dev/zero | tr '\\0' x; sleep 600")
            .args(&[flag, path.to_str().unwrap()]);
        let start = Instant::now();
        let run = env.run();
        assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
        assert_no_room(&run, &path);
        let kept = fs::read_to_string(&path).unwrap();
        let first = kept.lines().next().unwrap();
        if flag == "--events" {
            let first: Value = serde_json::from_str(first).unwrap();
            assert_eq!(first["event"], "build-started");
        } else {
            assert!(
                first.ends_with(" Running on CodeBuild On-demand"),
                "{first}"
            );
        }
        assert_eq!(leftovers(&env), 0);
    }
}

#[test]
fn a_log_that_cannot_be_written_ends_the_build() {
    for format in ["text", "json"] {
        let env = TestEnv::new()
            .build_command("echo running; sleep 600")
            .args(&["--format", format]);
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = env.command();
        command.stdout(full);
        let start = Instant::now();
        let run = Run::new(command.output().unwrap());
        assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
        run.assert_code(3);
        assert_whole(&run);
        assert!(run.stderr.contains("cannot write the output"), "{run}");
        assert!(run.stderr.contains("No space left on device"), "{run}");
        assert_eq!(leftovers(&env), 0);
    }
}

#[test]
fn a_container_without_room_fails_its_command_and_no_more() {
    let disk = SmallDisk::new("100m");
    let data: PathBuf = disk.path().join("data");
    // Overlays do not stack on all kinds of small disks; plain copies do.
    let daemon = Daemon::start(&[
        &format!("--data-root={}", data.display()),
        "--storage-driver=vfs",
    ]);
    let image = daemon.load_busybox();
    let spec = "version: 0.2
phases:
  build:
    commands:
      - echo small > small; dd if=/dev/zero of=/fill bs=1M; true
      - dd if=/dev/zero of=/more bs=1M
  post_build:
    commands: [echo still here]
artifacts:
  files: [small]
cache:
  paths: [small]
";
    let env = TestEnv::new()
        .image(image)
        .buildspec(spec)
        .variable("DOCKER_HOST", &daemon.host())
        .args(&["-a", "out", "--cache", "s3", "--build-json", "build.json"]);
    let start = Instant::now();
    let run = Running::start(env.command()).finish();
    assert!(start.elapsed() < BOUND, "{:?}: {run}", start.elapsed());
    run.assert_failed();
    assert_whole(&run);
    let build = env.json("build.json");
    assert_eq!(failed_phase(&build), Some(("BUILD", "FAILED")), "{run}");
    assert_eq!(run.output_of("echo still here"), "still here\n");
    assert!(run.stdout.contains("No space left on device"), "{run}");
    assert_eq!(
        fs::read_to_string(env.path("out/small")).unwrap(),
        "small\n"
    );
    assert_eq!(leftovers(&env), 0);
    assert_eq!(daemon.docker(&["ps", "--all", "--quiet"]), "");
}
