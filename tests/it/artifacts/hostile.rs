//! Builds that mean no good: nothing is written where it does not belong, and every run ends.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{is_empty, kept, making, matching, names};
use crate::env::TestEnv;

/// A build that puts a program of its own in the place of a tool.
fn replacing(tool: &str, script: &str, artifacts: &Value) -> TestEnv {
    let place = format!(
        "tool=$(command -v {tool}); rm $tool; cat > $tool <<'END'\n#!/bin/sh\n{script}\nEND\nchmod 755 $tool"
    );
    making(&["touch mine && chmod 644 mine", &place], artifacts)
}

#[test]
fn what_a_false_tar_sends_is_written_nowhere() {
    let all = json!({ "files": ["mine"] });
    for (script, said) in [
        // Names that nobody asked for, above and beside.
        (
            "cat > /dev/null; cd /tmp; mkdir -p d; echo x > evil; ln -s / d/out; busybox tar -c ../tmp/evil",
            "was not requested",
        ),
        (
            "cat > /dev/null; cd /; busybox tar -c ./etc/passwd",
            "was not requested",
        ),
        ("cat > /dev/null; yes garbage", "cannot read the files"),
        (
            "cat > /dev/null; yes garbage | head -c 100000",
            "cannot read the files",
        ),
        // The end of a tar, and then no end.
        ("cat /dev/zero", "no artifact file could be read"),
    ] {
        let env = replacing("tar", script, &all);
        let start = Instant::now();
        let run = env.run();
        run.assert_failed();
        assert!(run.log().contains(said), "{script}: {run}");
        assert!(start.elapsed() < Duration::from_mins(1), "{script}");
        assert!(is_empty(&kept(&env)), "{script}: {:?}", names(&kept(&env)));
    }
}

#[test]
fn what_a_false_find_says_leads_nowhere() {
    let all = json!({ "files": ["**/*"] });
    let false_names = "printf '%s\\0' \"$1/../../../../etc/passwd\" /etc/passwd relative \"$1/none\" \"$1/mine\" \"$1//mine\"";
    let env = replacing("find", false_names, &all);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(names(&kept(&env)), ["mine"]);
    assert!(
        run.stderr
            .contains("none` is left out: it could not be read"),
        "{run}"
    );
    let env = replacing("find", "yes", &all);
    let run = env.run();
    run.assert_failed();
    assert!(
        run.log().contains("printed more than any file tree holds"),
        "{run}"
    );
}

#[test]
fn identifiers_and_names_stay_below_the_directory() {
    for identifier in ["../../x", "a/b", "."] {
        let env = making(
            &["touch mine"],
            &json!({ "files": ["mine"], "secondary-artifacts": { identifier: { "files": ["mine"] } } }),
        );
        let run = env.run();
        run.assert_failed();
        assert!(run.log().contains("invalid artifact identifier"), "{run}");
        assert!(is_empty(&kept(&env)));
    }
    for name in ["../x", "/tmp/x", "$(echo ../x)", "a/../../x"] {
        let env = making(&["touch mine"], &json!({ "files": ["mine"], "name": name }))
            .arg("--override-artifact-name");
        let run = env.run();
        run.assert_failed();
        assert!(
            run.log()
                .contains("CLIENT_ERROR Message: invalid artifact name"),
            "{run}"
        );
        assert!(is_empty(&kept(&env)));
    }
}

#[test]
fn nothing_is_written_through_links_in_the_destination() {
    let env = making(
        &["mkdir sub && touch sub/file top"],
        &json!({ "files": ["sub/file", "top"] }),
    );
    let outside = env.path("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::create_dir_all(kept(&env)).unwrap();
    symlink(&outside, kept(&env).join("sub")).unwrap();
    let run = env.run();
    run.assert_code(3);
    assert!(
        run.stderr.contains("points outside the artifact directory"),
        "{run}"
    );
    assert!(is_empty(&outside));
    assert!(!kept(&env).join("top").exists(), "all or nothing");
}

#[test]
fn devices_fifos_and_sockets_are_left_out_and_said() {
    let env = making(
        &[
            "mkdir out && cd out && touch file && mkfifo fifo && mknod device c 1 5 && perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => \"socket\", Listen => 1) or die'",
        ],
        &json!({ "files": ["out/*"] }),
    );
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(names(&kept(&env)), ["out/file"]);
    for name in ["fifo", "device", "socket"] {
        assert!(
            run.stderr.contains(&format!(
                "/out/{name}` is left out: it is a fifo, a socket or a device"
            )),
            "{run}"
        );
    }
}

#[test]
fn holes_take_no_room() {
    let env = making(
        &["truncate -s 1G holes && printf end >> holes"],
        &json!({ "files": ["holes"] }),
    );
    env.run().assert_succeeded();
    let made = fs::metadata(kept(&env).join("holes")).unwrap();
    assert_eq!(made.len(), (1 << 30) + 3);
    assert!(made.blocks() * 512 <= 1 << 20, "{} blocks", made.blocks());
}

#[test]
fn files_that_change_or_go_while_they_are_packed_end_no_build() {
    let env = making(
        &[
            "mkdir out && head -c 100000000 /dev/zero | tr '\\0' x > out/a && seq 1000 | split -l 1 -a 3 - out/n-",
            "(while :; do echo more >> out/a; done) & (sleep 0.2; while :; do rm -f out/n-*; touch out/n-new; done) &",
        ],
        &json!({ "files": ["out/**/*"] }),
    );
    let run = env.run();
    run.assert_succeeded();
    let length = fs::metadata(kept(&env).join("out/a")).unwrap().len();
    assert!(length >= 100_000_000, "{length}");
}

#[test]
fn an_endless_listing_ends_with_the_build() {
    let env = replacing("find", "sleep 1000", &json!({ "files": ["**/*"] })).args(&[
        "--timeout",
        "15s",
        "--grace",
        "0s",
    ]);
    let start = Instant::now();
    let run = env.run();
    run.assert_failed();
    assert!(start.elapsed() < Duration::from_mins(2));
    assert!(
        run.log().contains("UPLOAD_ARTIFACTS State: TIMED_OUT"),
        "{run}"
    );
}

#[test]
fn a_file_may_lie_anywhere_but_only_files_of_the_container_come() {
    // The build's own root, not the host's.
    let env = matching(
        &["echo inside > /marker"],
        &json!({ "files": ["/marker", "/proc/self/environ"] }),
    );
    let destination = kept(&env);
    let env = env.arg("-a").arg(destination.to_str().unwrap());
    env.run().assert_succeeded();
    assert_eq!(
        fs::read_to_string(destination.join("marker")).unwrap(),
        "inside\n"
    );
}
