//! Starts Podman as the engine when no engine is found.
//!
//! A shell runs the service, and ends it and removes its directory when the shell's stdin ends: so
//! the service ends with cobuild, even after SIGKILL.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdin};

use crate::host::program;

/// How long the service may take to answer.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How long the service may take to end, and to say why it did.
const END_LIMIT: Duration = Duration::from_secs(5);

/// How long to wait between two attempts to reach it.
const POLL: Duration = Duration::from_millis(20);

/// The exit status of the shell when Podman is not installed.
const ABSENT: i32 = 127;

/// Runs the service until stdin or the service ends, then prints the end of its log to stderr.
const PROGRAM: &str = r#"
command -v podman >/dev/null || { rm -rf "$1"; exit 127; }
exec 3<&0
podman system service --time=0 "unix://$1/podman.sock" </dev/null >"$1/log" 2>&1 3<&- &
service=$!
{ while read -r line; do :; done; kill "$service"; } <&3 >/dev/null 2>&1 &
watcher=$!
wait "$service"
kill "$watcher" 2>/dev/null
tail -c 4096 "$1/log" >&2
rm -rf "$1"
exit 1
"#;

/// A running `podman system service`; it ends with this value.
#[derive(Debug)]
pub struct PodmanService {
    socket: PathBuf,
    shell: Child,
    /// The service lives as long as this is open.
    input: ChildStdin,
}

/// Why Podman cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PodmanError {
    #[error("cannot start `podman system service`")]
    Start(#[from] io::Error),
    #[error("`podman system service` did not start{}", said(.words))]
    Silent { words: String },
}

/// The most bytes that are read of the service's messages.
const MOST_WORDS: u64 = 16 * 1024;

fn said(words: &str) -> String {
    match words {
        "" => String::new(),
        words => format!(": {words}"),
    }
}

impl PodmanService {
    /// Starts the service, with a socket in a private directory below `root`, and waits until it
    /// answers; `None` when no `podman` is installed.
    pub async fn start(root: &Path) -> Result<Option<Self>, PodmanError> {
        let directory = tempfile::Builder::new()
            .prefix("cobuild-podman-")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in(root)?;
        let mut shell = program::command("sh")?
            .args(["-c", PROGRAM, "sh"])
            .arg(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // The terminal's Ctrl-C is for cobuild, which still has to clean up.
            .process_group(0)
            .spawn()?;
        let input = shell
            .stdin
            .take()
            .ok_or_else(|| io::Error::other("the shell that runs podman has no stdin"))?;
        // From here on the shell removes it.
        let directory = directory.keep();
        let mut service = Self {
            socket: directory.join("podman.sock"),
            shell,
            input,
        };
        let answered = tokio::select! {
            ended = service.shell.wait() => {
                if ended?.code() == Some(ABSENT) {
                    return Ok(None);
                }
                false
            }
            reached = tokio::time::timeout(START_LIMIT, reach(&service.socket)) => reached.is_ok(),
        };
        if answered {
            Ok(Some(service))
        } else {
            let words = service.end().await;
            Err(PodmanError::Silent { words })
        }
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Ends the service and waits for its end.
    pub async fn stop(self) {
        let words = self.end().await;
        tracing::debug!(words, "podman system service has ended");
    }

    /// Ends the service and returns its messages.
    async fn end(mut self) -> String {
        drop(self.input);
        let mut words = Vec::new();
        let ending = async {
            if let Some(stderr) = self.shell.stderr.take() {
                let _ = stderr.take(MOST_WORDS).read_to_end(&mut words).await;
            }
            let _ = self.shell.wait().await;
        };
        if tokio::time::timeout(END_LIMIT, ending).await.is_err() {
            tracing::warn!("podman system service takes long to end");
        }
        let words = String::from_utf8_lossy(&words);
        let words: Vec<&str> = words.lines().map(str::trim).collect();
        words.join(" ").trim().to_owned()
    }
}

async fn reach(socket: &Path) {
    while UnixStream::connect(socket).await.is_err() {
        tokio::time::sleep(POLL).await;
    }
}
