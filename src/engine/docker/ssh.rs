//! Connects through the command `ssh`, as the docker command does: on the remote host `docker
//! system dial-stdio` passes the bytes on.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tower_service::Service;

use crate::engine::endpoint::SshAddress;
use crate::host::program;

/// The most bytes that are kept of ssh's messages.
const MOST_WORDS: u64 = 4 * 1024;

/// How long ssh may take to say why it ended.
const WORDS_TIMEOUT: Duration = Duration::from_secs(2);

/// Opens a connection with each call.
#[derive(Debug, Clone)]
pub(super) struct SshConnector {
    place: SshAddress,
}

impl SshConnector {
    pub(super) fn new(place: SshAddress) -> Self {
        Self { place }
    }

    fn command(&self) -> io::Result<Command> {
        let SshAddress {
            user,
            host,
            port,
            socket,
        } = &self.place;
        let mut command = program::command("ssh")?;
        // A build has no terminal to be asked on.
        command.args(["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]);
        // A connection whose other side is gone is noticed.
        command.args(["-o", "ServerAliveInterval=15"]);
        if let Some(user) = user {
            command.args(["-l", user]);
        }
        if let Some(port) = port {
            command.args(["-p", &port.to_string()]);
        }
        command.args(["--", host, "docker"]);
        if let Some(socket) = socket {
            command.arg(format!("--host=unix://{socket}"));
        }
        command.args(["system", "dial-stdio"]);
        Ok(command)
    }

    fn connect(&self) -> io::Result<SshStream> {
        let started = self.command().and_then(|mut command| {
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                // The terminal's Ctrl-C is for cobuild, which still has to clean up.
                .process_group(0)
                .kill_on_drop(true)
                .spawn()
        });
        let mut child = started.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                io::Error::new(error.kind(), "the command `ssh` was not found in PATH")
            }
            _ => error,
        })?;
        let taken = || io::Error::other("ssh was started without pipes");
        Ok(SshStream {
            input: child.stdin.take(),
            output: child.stdout.take().ok_or_else(taken)?,
            end: End::Waiting(child.stderr.take()),
            has_answered: false,
            _child: child,
        })
    }
}

impl Service<Uri> for SshConnector {
    type Response = TokioIo<SshStream>;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _address: Uri) -> Self::Future {
        std::future::ready(self.connect().map(TokioIo::new))
    }
}

/// The streams of an `ssh` that is killed with them.
pub(super) struct SshStream {
    input: Option<ChildStdin>,
    output: ChildStdout,
    end: End,
    has_answered: bool,
    _child: Child,
}

/// The state of the end of a connection.
enum End {
    /// It has not come.
    Waiting(Option<ChildStderr>),
    /// Nothing came before it: why is being read.
    Asking(Pin<Box<dyn Future<Output = io::Error> + Send>>),
}

async fn words(stderr: Option<ChildStderr>) -> io::Error {
    let mut words = Vec::new();
    if let Some(stderr) = stderr {
        let mut stderr = stderr.take(MOST_WORDS);
        let reading = stderr.read_to_end(&mut words);
        // Whoever ssh left behind may hold it open.
        let _ = tokio::time::timeout(WORDS_TIMEOUT, reading).await;
    }
    let words = String::from_utf8_lossy(&words);
    let words: Vec<&str> = words.lines().map(str::trim).collect();
    let words = words.join(" ");
    io::Error::other(match words.trim() {
        "" => "ssh ended without a message".to_owned(),
        words => format!("ssh: {words}"),
    })
}

impl AsyncRead for SshStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match &mut this.end {
                End::Asking(words) => return words.as_mut().poll(context).map(Err),
                End::Waiting(stderr) => {
                    let before = buffer.filled().len();
                    ready!(Pin::new(&mut this.output).poll_read(context, buffer))?;
                    if buffer.filled().len() > before {
                        this.has_answered = true;
                    }
                    if this.has_answered {
                        return Poll::Ready(Ok(()));
                    }
                    this.end = End::Asking(Box::pin(words(stderr.take())));
                }
            }
        }
    }
}

impl SshStream {
    fn input(&mut self) -> io::Result<Pin<&mut ChildStdin>> {
        let input = self.input.as_mut().map(Pin::new);
        input.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match ready!(self.get_mut().input()?.poll_write(context, bytes)) {
            // Why is said where it is read.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Poll::Ready(Ok(bytes.len())),
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().input()?.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.input()?.poll_shutdown(context))?;
        // The other side sees the end of what is sent when the pipe is closed.
        this.input = None;
        Poll::Ready(Ok(()))
    }
}

impl Connection for SshStream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
