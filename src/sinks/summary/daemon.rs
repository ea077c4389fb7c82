//! What to do when a build finds no Docker daemon (contract §5).

use super::commands::last_lines;
use crate::record::Record;

/// What clients of Docker say then: up to version 28, and from 29 on.
const NO_DAEMON: [&str; 2] = [
    "Cannot connect to the Docker daemon",
    "failed to connect to the docker API at unix:///var/run/docker.sock",
];

/// Says what to change when a command failed for want of a daemon.
pub(super) fn hint(record: &Record) -> Option<String> {
    let lacks_daemon = |line: String| NO_DAEMON.iter().any(|words| line.contains(words));
    let found = record
        .unmended_commands()
        .flat_map(last_lines)
        .any(lacks_daemon);
    let is_privileged = record
        .build
        .as_ref()
        .is_some_and(|build| build.environment.privileged_mode);
    let hint = if is_privileged {
        "no Docker daemon runs in this image: `--start-dockerd` starts one; in the cloud a command of INSTALL has to: `nohup dockerd > /var/log/dockerd.log 2>&1 &`"
    } else {
        "Docker in a build needs a privileged container: add `-d`, and `--start-dockerd` where the image starts no daemon by itself; in the cloud the project needs privilegedMode"
    };
    found.then(|| hint.to_owned())
}
