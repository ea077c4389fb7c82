//! Trees that would do harm, or cannot be had whole.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{BOTH, TAR, shell, succeeds};
use crate::engine;
use crate::env::TestEnv;

#[test]
fn nothing_is_written_through_a_link_of_the_tree() {
    for image in [
        engine::IMAGE.to_owned(),
        engine::busybox_image().to_owned(),
        engine::image_without(&["tar"]),
    ] {
        for transfer in BOTH {
            let look = "ls -A /tmp /codebuild/readonly; cat /etc/hostile 2>&1; ls link/hostile && cat up/x; ls -d back";
            let env = TestEnv::new()
                .build_command(look)
                .image(&image)
                .file("etc/hostile", "x")
                .file("x", "fine\n")
                .args(transfer);
            symlink("etc", env.source().join("link")).unwrap();
            symlink("/etc", env.source().join("link2")).unwrap();
            symlink("../src", env.source().join("up")).unwrap();
            symlink("../../../..", env.source().join("back")).unwrap();
            let run = succeeds(&env);
            let out = run.output_of(look);
            assert!(
                out.ends_with("link/hostile\nfine\nback\n"),
                "{image}: {run}"
            );
            assert!(
                out.contains("hostile: No such file") || out.contains("hostile': No such file"),
                "{run}"
            );
        }
    }
}

#[test]
fn what_is_no_file_is_said_once() {
    let env = TestEnv::new().build_command("ls").args(TAR);
    shell(&env.source(), "mkfifo one two three");
    let run = env.run();
    run.assert_succeeded();
    let said: Vec<&str> = run
        .stderr
        .lines()
        .filter(|line| line.contains("left out"))
        .collect();
    assert_eq!(said.len(), 1, "{run}");
    assert!(said[0].ends_with("sockets, pipes and devices (3)"), "{run}");
}

#[test]
fn hard_links_are_one_file() {
    let look = "stat -c %h one two && cat two && [ one -ef two ] && echo same";
    for image in [
        engine::IMAGE.to_owned(),
        engine::busybox_image().to_owned(),
        engine::image_without(&["tar"]),
    ] {
        let env = TestEnv::new()
            .build_command(look)
            .image(&image)
            .file("one", "content\n")
            .args(TAR);
        fs::hard_link(env.source().join("one"), env.source().join("two")).unwrap();
        let run = succeeds(&env);
        assert_eq!(run.output_of(look), "2\n2\ncontent\nsame\n", "{image}");
    }
}

#[test]
fn a_file_of_holes_costs_nothing() {
    let look = "stat -c %s huge && tail -c 4 huge && du -k huge | cut -f 1";
    let env = TestEnv::new().build_command(look).args(TAR);
    let file = File::create(env.source().join("huge")).unwrap();
    file.set_len(100 << 30).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"end\n", (100 << 30) - 4).unwrap();
    let run = env.run();
    run.assert_succeeded();
    let out = run.output_of(look);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[..2], ["107374182400", "end"], "{run}");
    assert!(lines[2].parse::<u64>().unwrap() < 1000, "{run}");
}

#[test]
fn odd_names_and_deep_trees_arrive() {
    let look = "find . -type f | wc -l; find . -name A -o -name a | wc -l; find . -mindepth 1990 -type f | wc -l";
    for transfer in BOTH {
        let env = TestEnv::new()
            .build_command(look)
            .file("A", "")
            .file("a", "")
            .args(transfer);
        let root = env.source();
        for name in [&b"new\nline"[..], b"\xff\xfe", &[b'n'; 255]] {
            fs::write(root.join(OsStr::from_bytes(name)), "").unwrap();
        }
        fs::create_dir_all(root.join("d/".repeat(1990))).unwrap();
        fs::write(root.join("d/".repeat(1990)).join("x"), "").unwrap();
        let run = env.run();
        run.assert_succeeded();
        assert_eq!(run.output_of(look), "8\n2\n1\n", "{transfer:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    // Root reads everything but what the kernel itself refuses.
    let spec = "version: 0.2\nphases: {build: {commands: [ls]}}\n";
    let env = TestEnv::new();
    fs::write(env.path("spec.yml"), spec).unwrap();
    let file = env.path("spec.yml");
    let directory = "/proc/sys/net/ipv4/route";
    let run = TestEnv::new()
        .args(&["-b", file.to_str().unwrap(), "-s", directory])
        .args(TAR)
        .run();
    run.assert_code(3);
    assert!(
        run.stderr
            .contains("cannot read `/proc/sys/net/ipv4/route/flush`: Permission denied"),
        "{run}"
    );
}

#[test]
fn a_tree_that_changes_while_it_is_read_is_no_fault() {
    let env = TestEnv::new()
        .build_command("ls | wc -l")
        .file("steady", "s")
        .args(TAR);
    let source = env.source();
    for index in 0..2000 {
        fs::write(source.join(format!("f{index}")), vec![b'x'; 5000]).unwrap();
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Files grow, shrink and go all the time.
            let mut turn = 0;
            while !done.load(Ordering::Relaxed) {
                turn = (turn + 7) % 2000;
                let path = source.join(format!("f{turn}"));
                let _ = fs::write(&path, vec![b'y'; turn * 3]);
                let _ = fs::remove_file(source.join(format!("f{}", (turn + 1000) % 2000)));
            }
        });
        let run = env.run();
        done.store(true, Ordering::Relaxed);
        run.assert_succeeded();
    });
}
