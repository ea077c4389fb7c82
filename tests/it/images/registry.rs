//! A registry of a test's own, and images for it.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tempfile::TempDir;

use crate::engine::daemon::path_with_sbin;
use crate::engine::{busybox_image, docker, eventually};

/// How long it may take to answer.
const START_LIMIT: Duration = Duration::from_secs(30);

/// The user of registries that want one. The password's base64 differs in the two alphabets.
pub(super) const USER: &str = "tester";
pub(super) const PASSWORD: &str = "hunter2?~>?~>?~>";

/// A running registry on loopback; it goes with this value.
#[derive(Debug)]
pub(super) struct Registry {
    directory: TempDir,
    port: u16,
    process: Child,
}

impl Registry {
    /// Starts one that everybody may use.
    #[track_caller]
    pub(super) fn open() -> Self {
        Self::start(tempfile::tempdir().unwrap(), "")
    }

    /// Starts one that wants [`USER`] and [`PASSWORD`].
    #[track_caller]
    pub(super) fn with_password() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let made = Command::new("htpasswd")
            .args(["-Bbn", USER, PASSWORD])
            .output()
            .unwrap();
        assert!(made.status.success(), "htpasswd: {made:?}");
        let passwords = directory.path().join("htpasswd");
        fs::write(&passwords, made.stdout).unwrap();
        let path = passwords.display();
        let auth = format!("auth:\n  htpasswd:\n    realm: test\n    path: {path}\n");
        Self::start(directory, &auth)
    }

    #[track_caller]
    fn start(directory: TempDir, auth: &str) -> Self {
        let port = free_port();
        let root = directory.path().display();
        let config = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {root}/data\nhttp:\n  addr: 127.0.0.1:{port}\n  secret: x\n{auth}"
        );
        fs::write(directory.path().join("config.yml"), config).unwrap();
        let registry = Self {
            process: serve(&directory),
            directory,
            port,
        };
        registry.wait_until_it_answers();
        registry
    }

    #[track_caller]
    fn wait_until_it_answers(&self) {
        let answers = || head(self.port).is_some_and(|head| head.starts_with("HTTP/1.1 "));
        let log = || fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        assert!(eventually(START_LIMIT, answers), "registry: {}", log());
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Its host and port.
    pub(super) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The name of an image in it.
    pub(super) fn name(&self, image: &str) -> String {
        format!("{}/{image}", self.host())
    }

    /// Takes a local image in, and removes it from the engine under both names. Returns the digest.
    #[track_caller]
    pub(super) fn push(&self, local: &str, image: &str) -> String {
        let name = self.name(image);
        let config = tempfile::tempdir().unwrap();
        write_login(&config.path().join("config.json"), &self.host(), PASSWORD);
        let config = config.path().to_str().unwrap();
        docker(&["tag", local, &name]);
        let pushed = docker(&["--config", config, "push", &name]);
        docker(&["image", "rm", &name]);
        let digest = pushed.split_once("digest: ").unwrap().1;
        digest.split_whitespace().next().unwrap().to_owned()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        // What an image was before it was pulled again stays by its digest.
        let ours = format!("reference={}/*", self.host());
        let left = Command::new("docker")
            .args(["images", "--quiet", "--filter", &ours])
            .output();
        if let Ok(left) = left {
            String::from_utf8_lossy(&left.stdout)
                .lines()
                .for_each(remove);
        }
    }
}

fn serve(directory: &TempDir) -> Child {
    let log = fs::File::create(directory.path().join("log")).unwrap();
    Command::new("docker-registry")
        .arg("serve")
        .arg(directory.path().join("config.yml"))
        .env("PATH", path_with_sbin())
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .expect("docker-registry is there: scripts/parts installs it")
}

/// Writes credentials as the docker command does.
pub(super) fn write_login(path: &Path, host: &str, password: &str) {
    let auth = BASE64_STANDARD.encode(format!("{USER}:{password}"));
    let config = serde_json::json!({ "auths": { host: { "auth": auth } } });
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, config.to_string()).unwrap();
}

/// A port that nobody listens at.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The head of the answer to a plain request.
fn head(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    stream
        .write_all(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

/// An image on the shared engine that goes with this value.
#[derive(Debug)]
pub(super) struct TestImage {
    pub(super) name: String,
}

impl TestImage {
    /// Makes an image of busybox and layers of so many random bytes, which is like no other.
    #[track_caller]
    pub(super) fn new(layers: &[usize]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut dockerfile = format!("FROM {}\n", busybox_image());
        for (number, size) in layers.iter().enumerate() {
            let file = format!("file{number}");
            fs::write(directory.path().join(&file), random(*size)).unwrap();
            writeln!(dockerfile, "COPY {file} /").unwrap();
        }
        fs::write(directory.path().join("Dockerfile"), dockerfile).unwrap();
        let name = unique();
        docker(&[
            "build",
            "--quiet",
            "--tag",
            &name,
            directory.path().to_str().unwrap(),
        ]);
        Self { name }
    }

    /// Makes one that says it is for another platform; what is in it runs here.
    #[track_caller]
    pub(super) fn for_platform(platform: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let container = docker(&["create", busybox_image(), "true"]);
        let tar = directory.path().join("root.tar");
        docker(&["export", "--output", tar.to_str().unwrap(), &container]);
        docker(&["rm", &container]);
        Self::build_for(platform, directory.path(), "ADD root.tar /")
    }

    /// Makes one that is for another platform, and does not run here.
    #[track_caller]
    pub(super) fn foreign() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // The head of a program for aarch64, and no more of it.
        let mut program = b"\x7fELF\x02\x01\x01".to_vec();
        program.resize(16, 0);
        program.extend([2, 0, 183, 0, 1, 0, 0, 0]);
        program.resize(4096, 0);
        let path = directory.path().join("sh");
        fs::write(&path, program).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self::build_for("linux/arm64", directory.path(), "COPY sh /bin/sh")
    }

    #[track_caller]
    fn build_for(platform: &str, directory: &Path, instruction: &str) -> Self {
        let dockerfile = format!("FROM scratch\n{instruction}\n");
        fs::write(directory.join("Dockerfile"), dockerfile).unwrap();
        let name = unique();
        docker(&[
            "build",
            "--quiet",
            "--platform",
            platform,
            "--tag",
            &name,
            directory.to_str().unwrap(),
        ]);
        Self { name }
    }
}

impl Drop for TestImage {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// An image that a build pulled; it goes with this value.
#[derive(Debug)]
pub(super) struct Pulled(pub(super) String);

impl Drop for Pulled {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

fn remove(image: &str) {
    let _ = Command::new("docker")
        .args(["image", "rm", "--force", image])
        .output();
}

/// Whether the shared engine has an image.
pub(super) fn has(image: &str) -> bool {
    let inspected = Command::new("docker")
        .args(["image", "inspect", image])
        .output()
        .unwrap();
    inspected.status.success()
}

fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("cobuild-test-pull-{}-{count}", std::process::id())
}

fn random(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    let mut source = fs::File::open("/dev/urandom").unwrap();
    source.read_exact(&mut bytes).unwrap();
    bytes
}
