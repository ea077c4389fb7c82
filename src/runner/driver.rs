//! Speaks with the driver, the small shell program that runs commands in the container.
//!
//! cobuild sends calls over the container's stdin, one at a time, and reads output and answers from
//! its stdout; a command costs no request to the engine. `bootstrap.sh` is the container's main
//! process, `worker.sh` the functions that are called.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::RunError;
use super::output::{Piece, Splitter};
use super::program::{Program, compact};
use crate::engine::{Attachment, ByteStream, EngineError};

/// The container's main process.
pub(super) const BOOTSTRAP: &str = include_str!("bootstrap.sh");

/// The functions of the worker.
pub(super) const WORKER: &str = include_str!("worker.sh");

/// How long the container may take to say that it lives on.
const KEEP_LIMIT: Duration = Duration::from_secs(10);

/// Why the driver does not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum DriverError {
    /// The container ended.
    #[error("the build container ended")]
    Ended,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// The driver of one container.
pub(super) struct Driver {
    input: Pin<Box<dyn AsyncWrite + Send>>,
    output: ByteStream,
    splitter: Splitter,
    pieces: VecDeque<Piece>,
    token: String,
    /// How many processes the container has when no command runs.
    own_processes: u32,
    tools: Tools,
}

/// Which tools the image has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tools {
    /// `find`, which lists trees faster than a shell does.
    pub(super) find: bool,
    /// `tar`, which packs and unpacks faster than an engine does.
    pub(super) tar: bool,
}

impl Tools {
    /// The names that the worker is asked for.
    const NAMES: &str = "find tar";

    /// Reads the worker's answer.
    fn read(answer: &str) -> Self {
        let has = |name| answer.split(' ').any(|word| word == name);
        Self {
            find: has("find"),
            tar: has("tar"),
        }
    }
}

impl Driver {
    /// Starts the worker in a container that has just been started, and waits until it answers.
    pub(super) async fn start(attachment: Attachment, token: String) -> Result<Self, RunError> {
        let mut driver = Self {
            input: attachment.input,
            output: attachment.output,
            splitter: Splitter::new(&token),
            pieces: VecDeque::new(),
            token,
            own_processes: 0,
            tools: Tools::default(),
        };
        let program = format!(
            "{0}\ncobuild_token={0}\n{1}cobuild_greet {2}\ncobuild_count\n",
            driver.token,
            compact(WORKER.lines()),
            Tools::NAMES
        );
        // Where there is no shell nobody reads; what the container says then is the reason.
        let sent = driver.send(&program).await;
        let mut output = Vec::new();
        let mut greeted = false;
        loop {
            match driver.next().await {
                Ok(Piece::Fence(tools)) if !greeted => {
                    greeted = true;
                    driver.tools = Tools::read(&tools);
                }
                Ok(Piece::Fence(count)) => {
                    sent?;
                    driver.own_processes = count.parse().unwrap_or(u32::MAX);
                    return Ok(driver);
                }
                Ok(Piece::Output(bytes)) => output.extend_from_slice(&bytes),
                Err(DriverError::Ended) => {
                    return Err(RunError::DriverFailed {
                        output: String::from_utf8_lossy(&output).into_owned(),
                    });
                }
                Err(DriverError::Engine(error)) => return Err(error.into()),
            }
        }
    }

    /// Which tools the image has.
    pub(super) fn tools(&self) -> Tools {
        self.tools
    }

    /// Asks whether any process of a command is left. The answer comes as a fence, for
    /// [`Driver::are_commands_left`] to read.
    pub(super) async fn ask_for_commands_left(&mut self) -> Result<(), DriverError> {
        self.send("cobuild_count\n").await
    }

    /// Reads the answer to [`Driver::ask_for_commands_left`].
    pub(super) fn are_commands_left(&self, answer: &str) -> bool {
        answer
            .parse()
            .is_ok_and(|count: u32| count > self.own_processes)
    }

    /// Sends calls of the worker; see [`Program`].
    pub(super) async fn send(&mut self, program: &str) -> Result<(), DriverError> {
        let sent = async {
            self.input.write_all(program.as_bytes()).await?;
            self.input.flush().await
        };
        // A container that is gone closes its stdin; the output tells so as well.
        sent.await.map_err(|_: std::io::Error| DriverError::Ended)
    }

    /// Sends a signal to every process of the container but the driver's own, which survive it.
    pub(super) async fn signal(&mut self, name: &str) -> Result<(), DriverError> {
        let line = format!("{} {name}\n", self.token);
        self.send(&line).await
    }

    /// Lets commands go on that wait at a breakpoint.
    pub(super) async fn resume(&mut self) -> Result<(), DriverError> {
        let line = format!("{} resume\n", self.token);
        self.send(&line).await
    }

    /// Lets the container live on when its stdin ends.
    pub(super) async fn keep(&mut self) -> Result<(), DriverError> {
        let line = format!("{} keep\n", self.token);
        self.send(&line).await?;
        let answer = async {
            while self.next().await? != Piece::Fence("kept".to_owned()) {}
            Ok(())
        };
        let answered = tokio::time::timeout(KEEP_LIMIT, answer).await;
        answered.unwrap_or(Err(DriverError::Ended))
    }

    /// Returns the next piece of the stream. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<Piece, DriverError> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Ok(piece);
            }
            match self.output.next().await {
                Some(chunk) => self.splitter.feed(chunk?, &mut self.pieces),
                None => {
                    return self
                        .splitter
                        .finish()
                        .map(Piece::Output)
                        .ok_or(DriverError::Ended);
                }
            }
        }
    }

    /// Reads on to the next answer; what is printed before it is returned as well.
    pub(super) async fn answer(&mut self) -> Result<(Vec<u8>, String), DriverError> {
        let mut printed = Vec::new();
        loop {
            match self.next().await? {
                Piece::Output(bytes) => printed.extend_from_slice(&bytes),
                Piece::Fence(answer) => return Ok((printed, answer)),
            }
        }
    }

    /// Runs a script with the build's state and returns what it prints; output that background
    /// processes write meanwhile is returned apart, as it belongs to the log.
    pub(super) async fn evaluate(&mut self, script: &str) -> Result<Evaluation, DriverError> {
        let mut program = Program::default();
        program.call("cobuild_evaluate", &[script]);
        self.send(program.text()).await?;
        self.evaluation().await
    }

    /// Returns the text of a file of the container; a newline is added where the last line has none.
    pub(super) async fn print(&mut self, path: &str) -> Result<Evaluation, DriverError> {
        let mut program = Program::default();
        program.call("cobuild_print", &[path]);
        self.send(program.text()).await?;
        self.evaluation().await
    }

    /// Reads an answer between two fences.
    async fn evaluation(&mut self) -> Result<Evaluation, DriverError> {
        let mut stray = Vec::new();
        let mut printed = None::<Vec<u8>>;
        loop {
            match self.next().await? {
                Piece::Output(bytes) => match &mut printed {
                    Some(printed) => printed.extend_from_slice(&bytes),
                    None => stray.push(bytes),
                },
                Piece::Fence(word) if word == "begin" => printed = Some(Vec::new()),
                Piece::Fence(_) => {
                    return Ok(Evaluation {
                        printed: printed.unwrap_or_default(),
                        stray,
                    });
                }
            }
        }
    }
}

/// What came of a script, or of a file that was read.
#[derive(Debug)]
pub(super) struct Evaluation {
    /// What a script printed, without newlines at the end; or a file's text.
    pub(super) printed: Vec<u8>,
    /// What others printed meanwhile.
    pub(super) stray: Vec<Bytes>,
}
