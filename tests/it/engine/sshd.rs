//! An ssh server of a test's own, and an `ssh` that knows it.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::daemon::path_with_sbin;
use super::eventually;

/// The server's name to `ssh`.
pub(crate) const HOST: &str = "engine.test";

/// A server on the loopback which lets this user in by a key; it goes with this value.
#[derive(Debug)]
pub(crate) struct Sshd {
    directory: TempDir,
    process: Child,
}

impl Sshd {
    /// Starts a server whose sessions have these variables.
    #[track_caller]
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path();
        for name in ["host", "user"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(place.join(name))
                .status();
            assert!(made.unwrap().success(), "ssh-keygen");
        }
        let port = free_port();
        fs::copy(place.join("user.pub"), place.join("authorized_keys")).unwrap();
        let host_key = fs::read_to_string(place.join("host.pub")).unwrap();
        fs::write(
            place.join("known_hosts"),
            format!("[127.0.0.1]:{port} {host_key}"),
        )
        .unwrap();
        write_server(place, port, variables);
        write_client(place, port);
        let process = spawn(place);
        let server = Self { directory, process };
        let answers = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        assert!(
            eventually(Duration::from_secs(20), answers),
            "sshd: {}",
            server.log()
        );
        server
    }

    /// A directory with an `ssh` that knows the server, for the front of a PATH.
    pub(crate) fn client(&self) -> PathBuf {
        self.directory.path().join("bin")
    }

    /// Makes `ssh` take the server for an unknown one.
    pub(crate) fn forget_host(&self) {
        fs::write(self.directory.path().join("known_hosts"), "").unwrap();
    }

    /// Makes the server take the user for an unknown one.
    pub(crate) fn forget_user(&self) {
        fs::write(self.directory.path().join("authorized_keys"), "").unwrap();
    }

    /// The `ssh` processes that speak to it.
    pub(crate) fn clients(&self) -> Vec<String> {
        let configuration = self.directory.path().join("ssh_config");
        let found = Command::new("pgrep")
            .args(["-f", configuration.to_str().unwrap()])
            .output()
            .unwrap();
        let found = String::from_utf8(found.stdout).unwrap();
        found.lines().map(str::to_owned).collect()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn write_server(place: &Path, port: u16, variables: &[(&str, &str)]) {
    let below = |name: &str| place.join(name).display().to_string();
    let variables: Vec<String> = variables
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut lines = vec![
        format!("ListenAddress 127.0.0.1:{port}"),
        format!("HostKey {}", below("host")),
        format!("AuthorizedKeysFile {}", below("authorized_keys")),
        "PidFile none".to_owned(),
        "PermitRootLogin prohibit-password".to_owned(),
        "PasswordAuthentication no".to_owned(),
        // The directory is one of temporary files, which others may write.
        "StrictModes no".to_owned(),
        "UsePAM no".to_owned(),
    ];
    if !variables.is_empty() {
        lines.push(format!("SetEnv {}", variables.join(" ")));
    }
    fs::write(place.join("sshd_config"), lines.join("\n") + "\n").unwrap();
}

fn write_client(place: &Path, port: u16) {
    let below = |name: &str| place.join(name).display().to_string();
    let lines = [
        format!("Host {HOST}"),
        "HostName 127.0.0.1".to_owned(),
        format!("Port {port}"),
        format!("IdentityFile {}", below("user")),
        "IdentitiesOnly yes".to_owned(),
        format!("UserKnownHostsFile {}", below("known_hosts")),
        "GlobalKnownHostsFile none".to_owned(),
        "StrictHostKeyChecking yes".to_owned(),
    ];
    let configuration = place.join("ssh_config");
    fs::write(&configuration, lines.join("\n") + "\n").unwrap();
    let ssh = which("ssh");
    let program = place.join("bin/ssh");
    fs::create_dir(place.join("bin")).unwrap();
    let script = format!(
        "#!/bin/sh\nexec {} -F {} \"$@\"\n",
        ssh.display(),
        configuration.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
}

fn spawn(place: &Path) -> Child {
    // Where no init system has made it, as root it needs this directory.
    let _ = fs::create_dir_all("/run/sshd");
    let log = File::create(place.join("log")).unwrap();
    // It starts itself again for each connection, which takes a full path.
    Command::new(which("sshd"))
        .args(["-D", "-e", "-f"])
        .arg(place.join("sshd_config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// The full path of a program.
#[track_caller]
fn which(program: &str) -> PathBuf {
    let path = path_with_sbin();
    let found = path
        .split(':')
        .map(|directory| Path::new(directory).join(program))
        .find(|candidate| candidate.is_file());
    found.unwrap_or_else(|| panic!("there is no {program}: run scripts/parts first"))
}

/// A port on which nobody listens.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
