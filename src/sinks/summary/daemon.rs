//! What to do when a build finds no Docker daemon (contract §5).

use super::Build;

/// What clients of Docker say then: up to version 28, and from 29 on.
const NO_DAEMON: [&str; 2] = [
    "Cannot connect to the Docker daemon",
    "failed to connect to the docker API at unix:///var/run/docker.sock",
];

impl Build {
    /// Says what to change when a command failed for want of a daemon.
    pub(super) fn daemon_hint(&self) -> Option<String> {
        let lacks_daemon = |line: &String| NO_DAEMON.iter().any(|words| line.contains(words));
        let failed = self.failed.iter().filter(|it| !self.came_right(it.phase));
        let found = failed
            .flat_map(|command| &command.last_lines)
            .any(lacks_daemon);
        let hint = if self.privileged {
            "no Docker daemon runs in this image: `--start-dockerd` starts one; in the cloud the buildspec has to, as examples/docker-in-docker does"
        } else {
            "Docker in a build needs a privileged container: add `-d`, and `--start-dockerd` where the image starts no daemon by itself; in the cloud the project needs privilegedMode"
        };
        found.then(|| hint.to_owned())
    }
}
