//! Talks to the driver, the small shell program that runs commands in the container.
//!
//! cobuild sends calls over the container's stdin, one at a time, and reads output and answers from
//! its stdout; a command costs no request to the engine. `bootstrap.sh` is the container's main
//! process, `worker.sh` the functions that are called.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use sync_wrapper::SyncWrapper;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::channel::EventSender;
use crate::engine::{Attachment, ByteStream, EngineError};
use crate::event::{CommandEvent, Output};
use crate::runner::RunError;
use crate::runner::container::output::{Piece, Splitter};
use crate::runner::container::program::{Program, compact};
use crate::runner::container::tail::Tail;
use crate::runner::limits::LONGEST_VALUE;

/// The container's main process.
pub(in crate::runner) const BOOTSTRAP: &str = include_str!("bootstrap.sh");

/// The functions of the worker.
pub(in crate::runner) const WORKER: &str = include_str!("worker.sh");

/// How much output before an answer is kept as a possible error message, in bytes.
pub(in crate::runner) const MOST_WORDS: usize = 16 * 1024;

/// How many pieces of output are read ahead while calls are sent.
const MOST_PIECES: usize = 1024;

/// How long the container may take to confirm that it stays.
const KEEP_LIMIT: Duration = Duration::from_secs(10);

/// Why the driver does not answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::runner) enum DriverError {
    #[error("the build container ended")]
    Ended,
    #[error("a value is too long")]
    LongValue,
    #[error("`{0}` of the build container is too long")]
    LongFile(String),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// The driver of one container.
pub(in crate::runner) struct Driver {
    // Neither is shared: only whoever holds the driver alone reads and writes.
    input: SyncWrapper<Pin<Box<dyn AsyncWrite + Send>>>,
    output: SyncWrapper<ByteStream>,
    splitter: Splitter,
    pieces: VecDeque<Piece>,
    token: String,
    /// How many processes the container has when no command runs.
    own_processes: u32,
    tools: Tools,
}

/// Which tools the image has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::runner) struct Tools {
    /// `find`, which lists trees faster than a shell does.
    pub(in crate::runner) find: bool,
    /// `tar`, which packs and unpacks faster than an engine does.
    pub(in crate::runner) tar: bool,
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
    /// Starts the worker in a container that has just been started, and waits until it answers. `token` is a
    /// random text that no command can guess; it fences the worker's answers.
    pub(in crate::runner) async fn start(
        attachment: Attachment,
        token: String,
    ) -> Result<Self, RunError> {
        let mut driver = Self {
            input: SyncWrapper::new(attachment.input),
            output: SyncWrapper::new(attachment.output.fuse().boxed()),
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
        // Without a shell nothing reads this; the output of the container is the reason then.
        let sent = driver.send(&program).await;
        let mut output = Tail::new(MOST_WORDS);
        match driver.greeting(&mut Aside::kept(&mut output)).await {
            Ok(()) => {
                sent?;
                Ok(driver)
            }
            Err(DriverError::Engine(error)) => Err(error.into()),
            Err(_) => Err(RunError::DriverFailed {
                output: String::from_utf8_lossy(&output.take()).into_owned(),
            }),
        }
    }

    /// Reads the greeting of the worker.
    async fn greeting(&mut self, aside: &mut Aside<'_>) -> Result<(), DriverError> {
        let tools = self.answer(aside).await?;
        self.tools = Tools::read(&tools);
        let count = self.answer(aside).await?;
        self.own_processes = count.parse().unwrap_or(u32::MAX);
        Ok(())
    }

    /// The text that fences the worker's answers.
    pub(in crate::runner) fn token(&self) -> &str {
        &self.token
    }

    /// Which tools the image has.
    pub(in crate::runner) fn tools(&self) -> Tools {
        self.tools
    }

    /// Asks whether any process of a command is left. The answer comes as a fence, for
    /// [`Driver::are_commands_left`] to read.
    pub(in crate::runner) async fn ask_for_commands_left(&mut self) -> Result<(), DriverError> {
        self.send("cobuild_count\n").await
    }

    /// Reads the answer to [`Driver::ask_for_commands_left`].
    pub(in crate::runner) fn are_commands_left(&self, answer: &str) -> bool {
        answer
            .parse()
            .is_ok_and(|count: u32| count > self.own_processes)
    }

    /// Sends calls of the worker; see [`Program`].
    pub(in crate::runner) async fn send(&mut self, program: &str) -> Result<(), DriverError> {
        let input = self.input.get_mut();
        let mut sending = pin!(async {
            input.write_all(program.as_bytes()).await?;
            input.flush().await
        });
        loop {
            tokio::select! {
                biased;
                // A dead container closes its stdin.
                sent = &mut sending => return sent.map_err(|_: std::io::Error| DriverError::Ended),
                // The engine may take what nobody reads any more, until its buffers are full.
                chunk = self.output.get_mut().next(), if self.pieces.len() < MOST_PIECES => {
                    let chunk = chunk.ok_or(DriverError::Ended)??;
                    self.splitter.feed(chunk, &mut self.pieces);
                }
            }
        }
    }

    /// Sends a signal to every process of the container but the driver's own, which survive it.
    pub(in crate::runner) async fn signal(&mut self, name: &str) -> Result<(), DriverError> {
        let line = format!("{} {name}\n", self.token);
        self.send(&line).await
    }

    /// Lets commands go on that wait at a breakpoint.
    pub(in crate::runner) async fn resume(&mut self) -> Result<(), DriverError> {
        let line = format!("{} resume\n", self.token);
        self.send(&line).await
    }

    /// Lets the container live after its stdin ends.
    pub(in crate::runner) async fn keep(&mut self) -> Result<(), DriverError> {
        let line = format!("{} keep\n", self.token);
        let answer = async {
            self.send(&line).await?;
            while self.next().await? != Piece::Fence("kept".to_owned()) {}
            Ok(())
        };
        let answered = tokio::time::timeout(KEEP_LIMIT, answer).await;
        answered.unwrap_or(Err(DriverError::Ended))
    }

    /// Returns the next piece of the stream. Dropping the future loses nothing.
    pub(in crate::runner) async fn next(&mut self) -> Result<Piece, DriverError> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Ok(piece);
            }
            match self.output.get_mut().next().await {
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

    /// Reads to the next answer. Other output before it goes `aside`.
    ///
    /// Has no time limit, and may be dropped at any await.
    pub(in crate::runner) async fn answer(
        &mut self,
        aside: &mut Aside<'_>,
    ) -> Result<String, DriverError> {
        loop {
            match self.next().await? {
                Piece::Output(bytes) => aside.take(bytes).await,
                Piece::Fence(answer) => return Ok(answer),
            }
        }
    }

    /// Runs a script with the build's state and returns what it prints, without newlines at the end.
    pub(in crate::runner) async fn evaluate(
        &mut self,
        script: &str,
        aside: &mut Aside<'_>,
    ) -> Result<Vec<u8>, DriverError> {
        let mut program = Program::default();
        program.call("cobuild_evaluate", &[script]);
        self.send(program.text()).await?;
        let mut printed = Tail::new(LONGEST_VALUE);
        if self.value(&mut printed, aside).await? {
            Ok(printed.take())
        } else {
            Err(DriverError::LongValue)
        }
    }

    /// Returns the text of a file of the container; a newline is added where the last line has none.
    pub(in crate::runner) async fn print(
        &mut self,
        path: &str,
        aside: &mut Aside<'_>,
    ) -> Result<Vec<u8>, DriverError> {
        let mut printed = Tail::new(LONGEST_VALUE);
        if self.print_end(path, &mut printed, aside).await? {
            Ok(printed.take())
        } else {
            Err(DriverError::LongFile(path.to_owned()))
        }
    }

    /// Adds the text of a file of the container to `printed`; returns whether all of it fit.
    pub(in crate::runner) async fn print_end(
        &mut self,
        path: &str,
        printed: &mut Tail,
        aside: &mut Aside<'_>,
    ) -> Result<bool, DriverError> {
        let mut program = Program::default();
        program.call("cobuild_print", &[path]);
        self.send(program.text()).await?;
        self.value(printed, aside).await
    }

    /// Reads everything between two fences, however long, so that the next answer belongs to the
    /// next request. Returns whether all of it fit `printed`.
    async fn value(
        &mut self,
        printed: &mut Tail,
        aside: &mut Aside<'_>,
    ) -> Result<bool, DriverError> {
        // A forged fence may be in the place of the first.
        if self.answer(aside).await? != "begin" {
            return Ok(true);
        }
        let mut length = 0;
        loop {
            match self.next().await? {
                Piece::Output(bytes) => {
                    length += bytes.len();
                    printed.push(&bytes);
                }
                Piece::Fence(_) => return Ok(length <= printed.limit()),
            }
        }
    }
}

/// Output that is not part of an answer.
pub(in crate::runner) struct Aside<'a> {
    log: Option<&'a EventSender>,
    end: &'a mut Tail,
}

impl<'a> Aside<'a> {
    /// It goes into the log, as the output of background processes does; its end is also kept.
    pub(in crate::runner) fn logged(log: &'a EventSender, end: &'a mut Tail) -> Self {
        Self {
            log: Some(log),
            end,
        }
    }

    /// Only its end is kept: output before the first command does not belong to the build.
    pub(in crate::runner) fn kept(end: &'a mut Tail) -> Self {
        Self { log: None, end }
    }

    async fn take(&mut self, bytes: Bytes) {
        self.end.push(&bytes);
        if let Some(log) = self.log {
            log.emit(CommandEvent::Output(Output { bytes })).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn a_container_that_ended_is_not_written_to() {
        let (input, _unread) = tokio::io::duplex(16);
        let attachment = Attachment {
            input: Box::pin(input),
            output: stream::iter([Ok(Bytes::from_static(b"sh: not found"))]).boxed(),
        };
        let Err(error) = Driver::start(attachment, "token".to_owned()).await else {
            panic!("nothing has answered");
        };
        let RunError::DriverFailed { output } = error else {
            panic!("{error}");
        };
        assert_eq!(output, "sh: not found");
    }
}
