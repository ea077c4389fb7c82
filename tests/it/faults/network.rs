//! The network between cobuild and the engine, or the engine and a registry, is cut.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{assert_whole, leftovers};
use crate::engine::daemon::{Daemon, path_with_sbin};
use crate::engine::eventually;
use crate::env::TestEnv;

/// A line to a TCP port that can be cut: nothing passes then, and nothing is closed.
struct Line {
    port: u16,
    is_cut: Arc<AtomicBool>,
    passed: Arc<std::sync::atomic::AtomicU64>,
}

impl Line {
    /// A line that passes on `rate` bytes a second, at the most.
    fn to(target: u16, rate: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = Self {
            port: listener.local_addr().unwrap().port(),
            is_cut: Arc::default(),
            passed: Arc::default(),
        };
        let (is_cut, passed) = (Arc::clone(&line.is_cut), Arc::clone(&line.passed));
        thread::spawn(move || {
            for near in listener.incoming() {
                let near = near.unwrap();
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else {
                    continue;
                };
                for (mut from, mut to) in [
                    (near.try_clone().unwrap(), far.try_clone().unwrap()),
                    (far, near),
                ] {
                    let (is_cut, passed) = (Arc::clone(&is_cut), Arc::clone(&passed));
                    thread::spawn(move || {
                        let mut chunk = vec![0; rate / 20];
                        while let Ok(count @ 1..) = from.read(&mut chunk) {
                            while is_cut.load(Ordering::SeqCst) {
                                thread::sleep(Duration::from_millis(50));
                            }
                            if to.write_all(&chunk[..count]).is_err() {
                                break;
                            }
                            passed.fetch_add(count as u64, Ordering::SeqCst);
                            thread::sleep(
                                Duration::from_secs(1) * u32::try_from(count).unwrap()
                                    / u32::try_from(rate).unwrap(),
                            );
                        }
                        let _ = to.shutdown(std::net::Shutdown::Write);
                    });
                }
            }
        });
        line
    }

    fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
    }
}

/// A registry of Debian's on loopback; it goes with this.
struct Registry {
    _directory: TempDir,
    process: Child,
    port: u16,
}

impl Registry {
    #[track_caller]
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        let config = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
            directory.path().join("data").display()
        );
        let path = directory.path().join("config.yml");
        fs::write(&path, config).unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(path)
            .env("PATH", path_with_sbin())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("scripts/parts installs docker-registry");
        let answers = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        assert!(eventually(Duration::from_secs(30), answers), "no registry");
        Self {
            _directory: directory,
            process,
            port,
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that nobody listens on right now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A daemon and a registry that has an image of some megabytes, which the daemon has not; pulled through
/// a slow line, it takes a minute.
fn slow_image(daemon: &Daemon) -> (Registry, Line, String) {
    let registry = Registry::start();
    let base = daemon.load_busybox();
    let port = registry.port;
    let place = format!("127.0.0.1:{port}/slow:1");
    let id = daemon.docker(&[
        "run",
        "--detach",
        base,
        "sh",
        "-c",
        "head -c 20000000 /dev/urandom > /big",
    ]);
    daemon.docker(&["wait", &id]);
    daemon.docker(&["commit", &id, &place]);
    daemon.docker(&["push", "--quiet", &place]);
    daemon.docker(&["rm", &id]);
    daemon.docker(&["rmi", "--force", &place, base]);
    let line = Line::to(port, 400_000);
    let image = format!("127.0.0.1:{}/slow:1", line.port);
    (registry, line, image)
}

fn env(daemon: &Daemon, image: &str) -> TestEnv {
    TestEnv::new()
        .image(image)
        .build_command("true")
        .variable("DOCKER_HOST", &daemon.host())
        .args(&["--build-json", "build.json"])
}

#[track_caller]
fn wait_until_it_flows(line: &Line) {
    let flows = || line.passed.load(Ordering::SeqCst) > 500_000;
    assert!(eventually(Duration::from_secs(30), flows), "nothing came");
}

#[test]
fn a_pull_whose_network_is_cut_ends() {
    let daemon = Daemon::start(&[]);
    let (_registry, line, image) = slow_image(&daemon);
    let env = env(&daemon, &image).args(&["--engine-timeout", "2s"]);
    let running = env.start();
    wait_until_it_flows(&line);
    line.cut();
    let start = Instant::now();
    let run = running.finish();
    // Five times the limit, and some; with cobuild's own limit it would be five minutes.
    assert!(
        start.elapsed() < Duration::from_mins(2),
        "{:?}",
        start.elapsed()
    );
    run.assert_failed();
    assert_whole(&run);
    let build = env.json("build.json");
    let failed = &build["phases"][2];
    assert_eq!(failed["phaseType"], "PROVISIONING", "{build:#}");
    assert_eq!(failed["phaseStatus"], "FAILED", "{build:#}");
    let context = &failed["contexts"][0];
    assert_eq!(
        context["statusCode"],
        "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"
    );
    let message = context["message"].as_str().unwrap();
    assert!(message.contains("no progress for 10 s"), "{message}");
    assert_eq!(leftovers(&env), 0);
}

#[test]
fn a_daemon_that_is_killed_in_a_pull_is_no_verdict() {
    let mut daemon = Daemon::start(&[]);
    let (_registry, line, image) = slow_image(&daemon);
    // Whoever waited for an answer would do so for longer than a test waits.
    let env = env(&daemon, &image).args(&["--engine-timeout", "1h"]);
    let running = env.start();
    wait_until_it_flows(&line);
    daemon.kill();
    let run = running.finish();
    run.assert_code(3);
    assert_whole(&run);
    assert!(run.stderr.contains("no engine answers at"), "{run}");
    let build = env.json("build.json");
    assert_eq!(build["phases"][2]["phaseStatus"], "FAULT", "{build:#}");
    assert_eq!(leftovers(&env), 0);
}

#[test]
fn a_connection_that_is_cut_in_a_build_is_noticed() {
    let port = free_port();
    let daemon = Daemon::start(&[&format!("--host=tcp://127.0.0.1:{port}")]);
    let image = daemon.load_busybox();
    let line = Line::to(port, 100_000_000);
    let env = TestEnv::new()
        .image(image)
        .build_command("echo running; sleep 600")
        .variable("DOCKER_HOST", &format!("tcp://127.0.0.1:{}", line.port))
        .args(&["--engine-timeout", "4s"]);
    let running = env.start();
    running.wait_for_line("running");
    line.cut();
    let start = Instant::now();
    let run = running.finish();
    assert!(
        // Less than cobuild's own limit.
        start.elapsed() < Duration::from_secs(50),
        "{:?}",
        start.elapsed()
    );
    run.assert_code(3);
    assert_whole(&run);
    assert!(
        run.stderr.contains("the engine did not answer within 4 s"),
        "{run}"
    );
    assert!(
        run.log().contains("> Phase complete: BUILD State: FAULT"),
        "{run}"
    );
    assert_eq!(leftovers(&env), 0);
}
