//! The default sockets of engines.

use std::fmt;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::EndpointInputs;

/// The default socket of Docker.
pub const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// A socket that exists but does not accept connections, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadSocket {
    pub path: PathBuf,
    pub reason: String,
}

impl fmt::Display for DeadSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path.display(), self.reason)
    }
}

/// Docker first, then the engines that put a Docker socket into the home directory, then Podman.
pub(super) fn usual_sockets(surroundings: &EndpointInputs) -> Vec<PathBuf> {
    let mut sockets = vec![PathBuf::from(DEFAULT_SOCKET)];
    let runtime = surroundings.runtime_directory.clone().unwrap_or_else(|| {
        let user = rustix::process::getuid().as_raw();
        PathBuf::from(format!("/run/user/{user}"))
    });
    sockets.push(runtime.join("docker.sock"));
    if let Some(home) = &surroundings.home {
        sockets.extend(
            [
                ".docker/run/docker.sock",
                ".docker/desktop/docker.sock",
                ".colima/default/docker.sock",
                ".config/colima/default/docker.sock",
                ".colima/docker.sock",
                ".rd/docker.sock",
                ".orbstack/run/docker.sock",
                ".lima/docker/sock/docker.sock",
            ]
            .map(|socket| home.join(socket)),
        );
        sockets.extend(colima_profiles(home));
    }
    sockets.push(runtime.join("podman/podman.sock"));
    sockets.push(PathBuf::from("/run/podman/podman.sock"));
    if let Some(home) = &surroundings.home {
        sockets.extend(
            [
                ".local/share/containers/podman/machine/podman.sock",
                ".local/share/containers/podman/machine/qemu/podman.sock",
            ]
            .map(|socket| home.join(socket)),
        );
    }
    sockets
}

/// The sockets of Colima's profiles, by name; `default` has been named already.
fn colima_profiles(home: &Path) -> Vec<PathBuf> {
    let directories = [".colima", ".config/colima"].map(|below| home.join(below));
    let entries = directories.iter().flat_map(std::fs::read_dir).flatten();
    let mut sockets: Vec<PathBuf> = entries
        .flatten()
        .filter(|profile| profile.file_name() != "default")
        .map(|profile| profile.path().join("docker.sock"))
        .filter(|socket| socket.exists())
        .collect();
    sockets.sort();
    sockets
}

/// Finds the first socket that accepts connections, else returns the dead ones.
pub(super) fn find_listening(sockets: Vec<PathBuf>) -> Result<PathBuf, Vec<DeadSocket>> {
    let mut dead = Vec::new();
    for path in sockets {
        match try_connect(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => dead.push(DeadSocket {
                path,
                reason: error.to_string(),
            }),
        }
    }
    Err(dead)
}

/// The file of a socket outlives its engine, so only a connection tells whether it works.
fn try_connect(socket: &Path) -> io::Result<()> {
    UnixStream::connect(socket).map(drop)
}
