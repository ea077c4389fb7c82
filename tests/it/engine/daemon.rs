//! A dockerd of a test's own, for what cannot be done to the one that all tests share.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::{busybox_image, eventually};

/// How long it may take to answer.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A running daemon with directories and a socket of its own; it goes with this value. Its containers
/// reach nothing but this machine, and it has no image but those that are given to it.
#[derive(Debug)]
pub(crate) struct Daemon {
    directory: TempDir,
    bridge: String,
    process: Child,
}

impl Daemon {
    /// Starts a daemon, with these arguments besides, and waits until it answers.
    #[track_caller]
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let bridge = make_bridge();
        let process = spawn(&directory, &bridge, arguments);
        let daemon = Self {
            directory,
            bridge,
            process,
        };
        daemon.wait_until_it_answers();
        daemon
    }

    /// The socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("docker.sock")
    }

    /// The address of the socket.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// What it said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Runs the docker client with it and returns what it prints.
    #[track_caller]
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        let host = self.host();
        super::docker(&[&["--host", &host], arguments].concat())
    }

    /// Gives it an image of the engine that all tests share.
    #[track_caller]
    pub(crate) fn load(&self, image: &str) {
        let mut save = Command::new("docker")
            .args(["save", image])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let loaded = Command::new("docker")
            .args(["--host", &self.host(), "load", "--quiet"])
            .stdin(save.stdout.take().unwrap())
            .output()
            .unwrap();
        assert!(save.wait().unwrap().success(), "docker save {image}");
        let complaint = String::from_utf8_lossy(&loaded.stderr);
        assert!(loaded.status.success(), "docker load {image}: {complaint}");
    }

    /// Gives it the small image whose tools are busybox's, and returns its name.
    #[track_caller]
    pub(crate) fn load_busybox(&self) -> &'static str {
        let image = busybox_image();
        self.load(image);
        image
    }

    /// Kills it with SIGKILL, containers and all, and leaves its directories.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    #[track_caller]
    fn wait_until_it_answers(&self) {
        let host = self.host();
        let answers = || {
            let info = Command::new("docker")
                .args(["--host", &host, "info"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            info.is_ok_and(|status| status.success())
        };
        assert!(eventually(START_LIMIT, answers), "dockerd: {}", self.log());
    }

    /// The processes whose command line names the directory: containerd, its shims, docker-proxy.
    fn descendants(&self) -> Vec<String> {
        let name = self.directory.path().to_str().unwrap();
        let found = Command::new("pgrep").args(["-f", name]).output().unwrap();
        let found = String::from_utf8(found.stdout).unwrap();
        found.lines().map(str::to_owned).collect()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Asked kindly it takes its containers along, and unmounts what it mounted.
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let process = &mut self.process;
        let ended = eventually(Duration::from_secs(15), || {
            !matches!(process.try_wait(), Ok(None))
        });
        if !ended {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
        for pid in self.descendants() {
            let _ = Command::new("kill").args(["-KILL", &pid]).status();
        }
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let below = self.directory.path().to_str().unwrap();
        let mounted = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        for mount in mounted.filter(|mount| mount.starts_with(below)) {
            let _ = Command::new("umount").args(["--lazy", mount]).status();
        }
        let _ = Command::new("ip")
            .args(["link", "delete", &self.bridge])
            .env("PATH", path_with_sbin())
            .status();
    }
}

fn spawn(directory: &TempDir, bridge: &str, arguments: &[&str]) -> Child {
    let path = |name: &str| directory.path().join(name);
    let log = File::options()
        .create(true)
        .append(true)
        .open(path("log"))
        .unwrap();
    Command::new("dockerd")
        .arg(format!("--host=unix://{}", path("docker.sock").display()))
        .arg(format!("--data-root={}", path("data").display()))
        .arg(format!("--exec-root={}", path("exec").display()))
        .arg(format!("--pidfile={}", path("pid").display()))
        // It keeps away from what the machine's own daemon has set up. Without a bridge it would take
        // away the other's.
        .arg(format!("--bridge={bridge}"))
        .args(["--iptables=false", "--ip-forward=false"])
        .arg(format!(
            "--containerd-namespace=cobuild-{}",
            std::process::id()
        ))
        .args(arguments)
        .env("PATH", path_with_sbin())
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// A bridge with a network of its own; what is on it reaches nothing but this machine.
fn make_bridge() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let (pid, count) = (
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed) % 200,
    );
    let bridge = format!("cbt{pid}-{count}");
    let address = format!("10.{}.{count}.1/24", 150 + pid % 100);
    for arguments in [
        ["link", "add", &bridge, "type", "bridge"].as_slice(),
        &["address", "add", &address, "dev", &bridge],
        &["link", "set", &bridge, "up"],
    ] {
        let done = Command::new("ip")
            .args(arguments)
            .env("PATH", path_with_sbin())
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "ip {arguments:?}: {complaint}");
    }
    bridge
}

/// Debian keeps daemons in sbin, which is not on everybody's PATH.
pub(crate) fn path_with_sbin() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/local/sbin:/usr/sbin:/sbin")
}
