//! Pulls that fail, and what is said of them.

use std::process::Command;
use std::time::{Duration, Instant};

use super::proxy::{Proxy, Refusal};
use super::registry::{Pulled, Registry, TestImage, free_port, has};
use super::{assert_not_had, build};
use crate::engine::daemon::Daemon;
use crate::engine::{busybox_image, eventually};

#[test]
fn a_registry_that_has_no_such_image_says_so() {
    let registry = Registry::open();
    let image = TestImage::new(&[10]);
    registry.push(&image.name, "tool:1");
    for name in ["tool:2", "nothing:1"] {
        let name = registry.name(name);
        let run = build(&name).run();
        assert_not_had(
            &run,
            "manifest unknown",
            &[
                &format!("{} has no image `{name}`", registry.host()),
                "`-i IMAGE`",
            ],
        );
    }
}

#[test]
fn refusals_are_told_with_the_way_out() {
    for (status, body, words, hints) in [
        (
            "429 Too Many Requests",
            r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit"}]}"#,
            "pull rate limit",
            &["limits the pulls", "`docker login 127.0.0.1:"][..],
        ),
        (
            "403 Forbidden",
            r#"{"errors":[{"code":"DENIED","message":"Your authorization token has expired. Reauthenticate and try again."}]}"#,
            "authorization token has expired",
            &["have expired", "log in again"],
        ),
        (
            "404 Not Found",
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#,
            "manifest unknown",
            &["has no image"],
        ),
    ] {
        let refusal = Refusal::start(status, body);
        let start = Instant::now();
        let run = build(&refusal.name("tool:1")).run();
        assert_not_had(&run, words, hints);
        assert!(!run.stderr.contains("trying again"), "{run}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}

#[test]
fn a_registry_that_nobody_reaches_is_not_tried_again() {
    let name = format!("127.0.0.1:{}/tool:1", free_port());
    let run = build(&name).run();
    assert_not_had(&run, "connection refused", &["cannot reach 127.0.0.1:"]);
    assert!(!run.stderr.contains("trying again"), "{run}");
}

#[test]
fn a_line_that_breaks_within_a_layer_is_the_engine_s_to_mend() {
    let registry = Registry::open();
    let image = TestImage::new(&[2_000_000]);
    registry.push(&image.name, "tool:1");
    drop(image);
    let line = Proxy::breaking(registry.port(), 1, 1_000_000);
    let name = line.name("tool:1");
    let _pulled = Pulled(name.clone());
    let run = build(&name).args(&["--format", "json"]).run();
    run.assert_succeeded();
    assert!(run.stdout.contains("\"state\":\"retrying\""), "{run}");
    assert!(!run.stderr.contains("trying again"), "{run}");
}

#[test]
fn a_pull_that_breaks_off_is_tried_again() {
    let registry = Registry::open();
    let image = TestImage::new(&[10]);
    registry.push(&image.name, "tool:1");
    let line = Proxy::breaking(registry.port(), 2, 100);
    let name = line.name("tool:1");
    let _pulled = Pulled(name.clone());
    let run = build(&name).run();
    run.assert_succeeded();
    let again = run.stderr.matches("the pull broke off (").count();
    assert!((1..=2).contains(&again), "{run}");
}

#[test]
fn a_pull_that_always_breaks_off_is_not_tried_for_ever() {
    // An engine tries for a long time itself, unless it is told not to.
    let daemon = Daemon::start(&["--max-download-attempts=1"]);
    let registry = Registry::open();
    let image = TestImage::new(&[12_000_000]);
    registry.push(&image.name, "tool:1");
    let line = Proxy::breaking(registry.port(), usize::MAX, 1_000_000);
    let run = build(&line.name("tool:1"))
        .args(&["--host", &daemon.host()])
        .run();
    assert_not_had(&run, "EOF", &["broke several times"]);
    let again = run.stderr.matches("; trying again").count();
    assert_eq!(again, 2, "{run}");
}

#[test]
fn an_engine_that_dies_meanwhile_gives_no_verdict() {
    let mut daemon = Daemon::start(&[]);
    let registry = Registry::open();
    let image = TestImage::new(&[8_000_000]);
    registry.push(&image.name, "tool:1");
    let slow = Proxy::slow(registry.port(), Duration::from_millis(200));
    let env = build(&slow.name("tool:1"))
        .args(&["--format", "json"])
        .args(&["--host", &daemon.host()]);
    let running = env.start();
    running.wait_for_output("\"downloading\"");
    daemon.kill();
    let run = running.finish();
    run.assert_code(3);
}

#[test]
fn a_stop_ends_the_pull_in_the_engine_too() {
    let registry = Registry::open();
    let image = TestImage::new(&[8_000_000]);
    registry.push(&image.name, "tool:1");
    drop(image);
    let slow = Proxy::slow(registry.port(), Duration::from_millis(200));
    let name = slow.name("tool:1");
    let _pulled = Pulled(name.clone());
    let env = build(&name).args(&["--format", "json"]);
    let running = env.start();
    running.wait_for_output("\"downloading\"");
    let stopped = Instant::now();
    running.signal(rustix::process::Signal::INT);
    let run = running.finish();
    assert!(stopped.elapsed() < Duration::from_secs(5), "{run}");
    run.assert_code(130);
    assert!(run.stdout.contains("\"STOPPED\""), "{run}");
    let silent = eventually(Duration::from_secs(5), || slow.open() == 0);
    assert!(silent, "the engine goes on");
    assert!(!has(&name));
}

/// A file system in memory, of so many bytes, that goes with this value.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(size: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(directory.path())
            .status()
            .unwrap();
        assert!(mounted.success());
        Self(directory)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
    }
}

#[test]
fn a_full_disk_is_told_with_how_to_make_room() {
    let disk = SmallDisk::new("12m");
    let root = format!("--data-root={}", disk.0.path().display());
    let daemon = Daemon::start(&[&root]);
    let registry = Registry::open();
    let image = TestImage::new(&[9_000_000]);
    registry.push(&image.name, "tool:1");
    let run = build(&registry.name("tool:1"))
        .args(&["--host", &daemon.host()])
        .run();
    assert_not_had(
        &run,
        "no space left on device",
        &["disk of the engine is full", "`docker system prune`"],
    );
    drop(daemon);
    // The image of the tests is not the engine's that was full.
    assert!(has(busybox_image()));
}
