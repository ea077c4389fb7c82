//! A Podman of a test's own.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{busybox_image, eventually};

/// How long its service may take to answer.
const START_LIMIT: Duration = Duration::from_mins(1);

/// What it needs where the machine has less than all rights and no systemd, and what does no harm
/// elsewhere. `EXTRA` is for the engine's own lines.
const CONFIGURATION: &str = r#"[containers]
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
EXTRA
"#;

/// A Podman whose images and containers are in a directory of their own; it goes with this value.
#[derive(Debug)]
pub(crate) struct Podman {
    directory: TempDir,
    service: Option<Child>,
}

impl Podman {
    /// Prepares one that nobody has started, with these lines of its configuration besides.
    #[track_caller]
    pub(crate) fn prepare(extra: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path();
        let configuration = CONFIGURATION.replace("EXTRA", extra);
        fs::write(place.join("containers.conf"), configuration).unwrap();
        let storage = format!(
            "[storage]\ndriver = \"overlay\"\ngraphroot = \"{0}/graph\"\nrunroot = \"{0}/run\"\n",
            place.display()
        );
        fs::write(place.join("storage.conf"), storage).unwrap();
        Self {
            directory,
            service: None,
        }
    }

    /// Starts its service and waits until it answers.
    #[track_caller]
    pub(crate) fn serve(mut self) -> Self {
        let log = File::create(self.path("log")).unwrap();
        let service = self
            .command()
            .args(["system", "service", "--time=0", &self.host()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.service = Some(service.unwrap_or_else(|error| {
            panic!("there is no podman ({error}): run scripts/parts first")
        }));
        let answers = || std::os::unix::net::UnixStream::connect(self.path("socket")).is_ok();
        let log = || fs::read_to_string(self.path("log")).unwrap_or_default();
        assert!(eventually(START_LIMIT, answers), "podman: {}", log());
        self
    }

    /// The address of its service.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.path("socket").display())
    }

    /// The variables by which every `podman` is this one.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        let path = |name| self.path(name).to_str().unwrap().to_owned();
        [
            ("CONTAINERS_CONF", path("containers.conf")),
            ("CONTAINERS_STORAGE_CONF", path("storage.conf")),
        ]
    }

    /// Gives it the small image whose tools are busybox's, and returns its name.
    #[track_caller]
    pub(crate) fn load_busybox(&self) -> &'static str {
        let image = busybox_image();
        let file = self.path("image.tar");
        let file = file.to_str().unwrap();
        super::docker(&["save", "--output", file, image]);
        printed(self.command().args(["load", "--quiet", "--input", file]));
        image
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A command line of its client in the making.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("podman");
        command.envs(self.variables());
        command
    }
}

/// Runs a client of Podman and returns what it prints.
#[track_caller]
pub(crate) fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Drop for Podman {
    fn drop(&mut self) {
        let _ = self
            .command()
            .args(["rm", "--all", "--force", "--time=0"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if let Some(mut service) = self.service.take() {
            let _ = kill_process(Pid::from_child(&service), Signal::TERM);
            let ended = eventually(Duration::from_secs(15), || {
                !matches!(service.try_wait(), Ok(None))
            });
            if !ended {
                let _ = service.kill();
                let _ = service.wait();
            }
        }
        for mount in super::daemon::mounts_below(self.directory.path()) {
            let _ = Command::new("umount").args(["--lazy", &mount]).status();
        }
    }
}
