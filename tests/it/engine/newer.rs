//! A newer engine than this machine's, of the image that `scripts/newer` makes, in a privileged
//! container of the engine that all tests share.

use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{busybox_image, docker, eventually};

/// The image.
const IMAGE: &str = "cobuild-test-newer";

/// How long an engine may take to answer.
const START_LIMIT: Duration = Duration::from_mins(2);

/// Where the second version of control groups is mounted, controllers are handed down only by a group
/// that has no processes.
const HAND_DOWN: &str = "if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/first
    for process in $(cat /sys/fs/cgroup/cgroup.procs); do echo $process; done | while read -r process; do
        echo $process > /sys/fs/cgroup/first/cgroup.procs || :
    done 2> /dev/null
    sed 's/\\([a-z]*\\)/+\\1/g' /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
fi
";

/// A running engine; it goes with this value.
#[derive(Debug)]
pub(crate) struct Newer {
    /// The client's name.
    client: &'static str,
    container: String,
    directory: TempDir,
}

impl Newer {
    /// The Docker that no client may ask in the words of an older API, as its makers ship it today.
    #[track_caller]
    pub(crate) fn docker() -> Self {
        Self::start(
            "docker",
            "/var/lib/docker",
            "DOCKER_MIN_API_VERSION=1.44 exec dockerd --host=unix://$SOCKET --host=unix:///var/run/docker.sock",
        )
    }

    /// The Podman.
    #[track_caller]
    pub(crate) fn podman() -> Self {
        Self::start(
            "podman",
            "/var/lib/containers",
            "printf '%s\\n' '[containers]' 'default_ulimits = [\"nofile=20000:20000\", \"nproc=20000:20000\"]' '[engine]' 'cgroup_manager = \"cgroupfs\"' 'events_logger = \"file\"' > /etc/containers/containers.conf
exec podman system service --time=0 unix://$SOCKET",
        )
    }

    #[track_caller]
    fn start(client: &'static str, data: &str, command: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().display();
        let there = docker(&["image", "ls", "--quiet", IMAGE]);
        assert_ne!(there, "", "there is no {IMAGE}: run scripts/newer first");
        let container = docker(&[
            "run",
            "--detach",
            "--privileged",
            "--init",
            "--volume",
            data,
            "--volume",
            &format!("{place}:{place}"),
            "--env",
            &format!("SOCKET={place}/socket"),
            IMAGE,
            "sh",
            "-ec",
            &format!("{HAND_DOWN}{command}"),
        ]);
        let newer = Self {
            client,
            container,
            directory,
        };
        assert!(
            eventually(START_LIMIT, || newer.answers()),
            "{client}: {}",
            newer.log()
        );
        newer
    }

    /// What its own client says of a request in the words of this version of the API.
    pub(crate) fn complaint_about(&self, version: &str) -> String {
        let asked = Command::new("docker")
            .args(["exec", "--env", &format!("DOCKER_API_VERSION={version}")])
            .args([&self.container, self.client, "version"])
            .output()
            .unwrap();
        String::from_utf8_lossy(&asked.stderr).into_owned()
    }

    /// The address of its socket.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}/socket", self.directory.path().display())
    }

    fn log(&self) -> String {
        let output = Command::new("docker")
            .args(["logs", &self.container])
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    }

    /// Runs its own client, with this file as standard input, and returns what it prints.
    #[track_caller]
    pub(crate) fn client(&self, arguments: &[&str], input: Stdio) -> String {
        let output = self.command(arguments).stdin(input).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{} {arguments:?}: {complaint}",
            self.client
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Gives it the small image whose tools are busybox's, and returns its name.
    #[track_caller]
    pub(crate) fn load_busybox(&self) -> &'static str {
        let image = busybox_image();
        let mut save = Command::new("docker")
            .args(["save", image])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let saved = save.stdout.take().unwrap();
        self.client(&["load", "--quiet"], saved.into());
        assert!(save.wait().unwrap().success(), "docker save {image}");
        image
    }

    fn answers(&self) -> bool {
        let ends = self.directory.path().join("socket");
        let asked = self
            .command(&["info"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        std::os::unix::net::UnixStream::connect(ends).is_ok()
            && asked.is_ok_and(|status| status.success())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command
            .args(["exec", "--interactive", &self.container, self.client])
            .args(arguments);
        command
    }
}

impl Drop for Newer {
    fn drop(&mut self) {
        let removed = Command::new("docker")
            .args(["rm", "--force", "--volumes", &self.container])
            .output();
        if !std::thread::panicking() {
            let removed = removed.unwrap();
            assert!(removed.status.success(), "{removed:?}");
        }
    }
}
