//! A dockerd of a test's own, for what cannot be done to the one that all tests share.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{busybox_image, eventually};

/// How long it may take to answer.
const START_LIMIT: Duration = Duration::from_mins(3);

/// How long it may take to end; it gives its containers ten seconds.
const STOP_LIMIT: Duration = Duration::from_mins(1);

/// A running daemon with directories and a socket of its own; it goes with this value. Its containers
/// reach nothing but this machine, and it has no image but those that are given to it.
#[derive(Debug)]
pub(crate) struct Daemon {
    directory: TempDir,
    bridge: String,
    arguments: Vec<String>,
    /// The proxy through which it reaches registries.
    proxy: Option<String>,
    process: Child,
}

impl Daemon {
    /// Starts a daemon, with these arguments besides, and waits until it answers.
    #[track_caller]
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_behind(None, arguments)
    }

    /// Starts a daemon that reaches registries, but those of this machine, through a proxy.
    #[track_caller]
    pub(crate) fn start_behind(proxy: Option<&str>, arguments: &[&str]) -> Self {
        let proxy = proxy.map(str::to_owned);
        let directory = tempfile::tempdir().unwrap();
        let bridge = make_bridge();
        let arguments: Vec<String> = arguments.iter().map(|&it| it.to_owned()).collect();
        let process = spawn(&directory, &bridge, &arguments, proxy.as_deref());
        let daemon = Self {
            directory,
            bridge,
            arguments,
            proxy,
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

    /// Lets all users through its directory, so that those of the socket's group reach the socket.
    #[track_caller]
    pub(crate) fn open_to_its_group(&self) {
        let passable = fs::Permissions::from_mode(0o711);
        fs::set_permissions(self.directory.path(), passable).unwrap();
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

    /// The containers that it has, running or not. One that was killed may list for ever what was removed
    /// while it started, and know nothing of it when it is asked.
    #[track_caller]
    pub(crate) fn containers(&self) -> Vec<String> {
        let listed = self.docker(&["ps", "--all", "--quiet"]);
        let host = self.host();
        let is_known = |id: &&str| {
            let asked = Command::new("docker")
                .args(["--host", &host, "container", "inspect", id])
                .output()
                .unwrap();
            let complaint = String::from_utf8_lossy(&asked.stderr);
            asked.status.success() || !complaint.to_lowercase().contains("no such container")
        };
        listed.lines().filter(is_known).map(str::to_owned).collect()
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

    /// Kills it with SIGKILL, and its containerd with it. Its containers live on, as after a crash, and
    /// its directories stay.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to end, as the machine's service manager does, and waits until it has.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        assert!(self.ends_when_asked(), "dockerd: {}", self.log());
    }

    /// Starts it again on the same directories, and waits until it answers.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        // A killed containerd leaves its number, and for a while a zombie of that number: dockerd
        // would take it for alive and wait for it in vain.
        let _ = fs::remove_file(self.directory.path().join("exec/containerd/containerd.pid"));
        self.process = spawn(
            &self.directory,
            &self.bridge,
            &self.arguments,
            self.proxy.as_deref(),
        );
        self.wait_until_it_answers();
    }

    fn ends_when_asked(&mut self) -> bool {
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let process = &mut self.process;
        eventually(STOP_LIMIT, || !matches!(process.try_wait(), Ok(None)))
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

    /// Its processes besides itself: containerd and its shims, whose command lines name the directory,
    /// and what runs in containers, whose root is mounted from there.
    fn descendants(&self) -> Vec<Pid> {
        let name = self.directory.path().to_str().unwrap();
        let processes = fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                let read = |file: &str| fs::read_to_string(entry.path().join(file)).ok();
                let is_root = |mount: &&str| mount.split(' ').nth(4) == Some("/");
                let is_ours = read("cmdline")?.contains(name)
                    || read("mountinfo")?
                        .lines()
                        .find(is_root)
                        .is_some_and(|root| root.contains(name));
                is_ours.then(|| Pid::from_raw(pid))?
            })
            .collect()
    }

    /// What is mounted below its directory, the deepest first.
    fn mounts(&self) -> Vec<String> {
        mounts_below(self.directory.path())
    }
}

/// What is mounted below a directory, the deepest first.
pub(crate) fn mounts_below(directory: &Path) -> Vec<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let below = directory.to_str().unwrap();
    let mounted = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    let mut mounts: Vec<String> = mounted
        .filter(|mount| mount.starts_with(below))
        .map(str::to_owned)
        .collect();
    mounts.reverse();
    mounts
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Asked kindly it takes its containers along, and unmounts what it mounted.
        let is_running = matches!(self.process.try_wait(), Ok(None));
        if is_running && !self.ends_when_asked() {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
        let mut left = Vec::new();
        eventually(Duration::from_secs(5), || {
            left = self.descendants();
            for pid in &left {
                let _ = kill_process(*pid, Signal::KILL);
            }
            left.is_empty()
        });
        for mount in self.mounts() {
            let _ = run("umount", &["--lazy", &mount]);
        }
        let _ = run("ip", &["link", "delete", &self.bridge]);
        // A test that has failed already says why.
        if !std::thread::panicking() {
            assert_eq!(left, []);
            assert_eq!(self.mounts(), Vec::<String>::new());
        }
    }
}

/// Runs a program of the system and returns what came of it.
fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .env("PATH", path_with_sbin())
        .output()
        .unwrap()
}

fn spawn(directory: &TempDir, bridge: &str, arguments: &[String], proxy: Option<&str>) -> Child {
    let path = |name: &str| directory.path().join(name);
    let log = File::options()
        .create(true)
        .append(true)
        .open(path("log"))
        .unwrap();
    let mut command = Command::new("dockerd");
    for name in ["HTTP_PROXY", "HTTPS_PROXY"] {
        proxy.map(|proxy| command.env(name, proxy).env_remove("NO_PROXY"));
    }
    command
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
        let done = run("ip", arguments);
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
