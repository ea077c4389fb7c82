//! An engine that runs as a plain user, of a test's own.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{busybox_image, eventually};

/// How long it may take to answer.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A running engine that `scripts/rootless` has started; it goes with this value.
#[derive(Debug)]
pub(crate) struct Rootless {
    directory: TempDir,
    process: Child,
}

impl Rootless {
    /// Starts Docker and waits until it answers.
    #[track_caller]
    pub(crate) fn docker() -> Self {
        Self::start("docker")
    }

    /// Starts Podman and waits until it answers.
    #[track_caller]
    pub(crate) fn podman() -> Self {
        Self::start("podman")
    }

    #[track_caller]
    fn start(engine: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        // Its user goes through.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let log = File::create(directory.path().join("log")).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/rootless");
        let process = Command::new(script)
            .arg(engine)
            .arg(directory.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut rootless = Self { directory, process };
        let mut ended = false;
        eventually(START_LIMIT, || {
            ended = !matches!(rootless.process.try_wait(), Ok(None));
            ended || rootless.answers()
        });
        assert!(
            !ended && rootless.answers(),
            "rootless {engine} does not come up: {}",
            rootless.log()
        );
        rootless
    }

    /// The address of its socket.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}/run/socket", self.directory.path().display())
    }

    /// Runs the docker client with it and returns what it prints.
    #[track_caller]
    pub(crate) fn client(&self, arguments: &[&str]) -> String {
        super::docker(&[&["--host", &self.host()], arguments].concat())
    }

    /// Gives it the small image whose tools are busybox's, and returns its name.
    #[track_caller]
    pub(crate) fn load_busybox(&self) -> &'static str {
        let image = busybox_image();
        let file = self.directory.path().join("image.tar");
        let file = file.to_str().unwrap();
        super::docker(&["save", "--output", file, image]);
        self.client(&["load", "--quiet", "--input", file]);
        image
    }

    fn answers(&self) -> bool {
        let asked = Command::new("docker")
            .args(["--host", &self.host(), "info"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Rootless {
    fn drop(&mut self) {
        // It ends all processes of the engine, and what is mounted is mounted for them alone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
