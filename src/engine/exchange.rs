//! Writes to a process in a container while its output is read: the only way in which cobuild feeds
//! a program of an image.
//!
//! Such a program may end without reading, read nothing and live on, read slowly, or close its
//! stdin. The engine takes the input until its buffers are full, and does not say when the last
//! reader is gone. So nobody waits for a write: the end of the output is the end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Buf;
use futures_util::future::{BoxFuture, Fuse, FusedFuture};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::io::AsyncWriteExt;

use super::error::{EngineError, ProgramStuck};
use super::streams::ProcessInput;
use super::{Operation, Process, ProcessOutput, UploadStream};

/// Streams the output of a process, and writes `input` to it meanwhile.
///
/// The stream ends with the output, however much of the input is left, and with an error when the
/// process neither reads nor prints for its [`Process::patience`] although it has something to
/// read. An error of `input` is returned as the engine's, with its own words. Both directions end
/// when the stream is dropped.
pub(super) fn exchange(
    process: Process,
    input: UploadStream,
    operation: Operation,
) -> impl Stream<Item = Result<ProcessOutput, EngineError>> + Send {
    let progress = Arc::new(Progress::default());
    let exchange = Exchange {
        writing: write(process.input, input, Arc::clone(&progress))
            .boxed()
            .fuse(),
        output: process.output,
        progress,
        patience: process.patience,
        operation,
    };
    stream::unfold(Some(exchange), async |exchange| {
        let mut exchange = exchange?;
        match exchange.next().await? {
            Ok(printed) => Some((Ok(printed), Some(exchange))),
            Err(error) => Some((Err(error), None)),
        }
    })
}

struct Exchange {
    writing: Fuse<BoxFuture<'static, io::Result<()>>>,
    output: BoxStream<'static, Result<ProcessOutput, EngineError>>,
    progress: Arc<Progress>,
    patience: Duration,
    operation: Operation,
}

/// What has become of the input so far.
#[derive(Default)]
struct Progress {
    /// How many bytes were taken.
    taken: AtomicU64,
    /// Whether it is the input that is waited for, and not the process.
    waits_for_input: AtomicBool,
}

impl Exchange {
    /// Returns the next piece of the output.
    async fn next(&mut self) -> Option<Result<ProcessOutput, EngineError>> {
        loop {
            let before = self.progress.taken.load(Ordering::Relaxed);
            let is_writing = !self.writing.is_terminated();
            tokio::select! {
                printed = self.output.next() => return printed,
                written = &mut self.writing, if is_writing => {
                    if let Err(error) = written {
                        return Some(Err(self.failed(error)));
                    }
                }
                () = tokio::time::sleep(self.patience) => {
                    if self.progress.is_stuck_at(before) {
                        return Some(Err(self.failed(ProgramStuck(self.patience))));
                    }
                }
            }
        }
    }

    fn failed(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> EngineError {
        EngineError {
            operation: self.operation.clone(),
            status: None,
            source: source.into(),
        }
    }
}

impl Progress {
    fn is_stuck_at(&self, taken: u64) -> bool {
        !self.waits_for_input.load(Ordering::Relaxed) && self.taken.load(Ordering::Relaxed) == taken
    }
}

/// Writes `input` to its end, or to its error, or until nobody reads any more.
async fn write(
    mut stdin: ProcessInput,
    mut input: UploadStream,
    progress: Arc<Progress>,
) -> io::Result<()> {
    loop {
        progress.waits_for_input.store(true, Ordering::Relaxed);
        let chunk = input.next().await;
        progress.waits_for_input.store(false, Ordering::Relaxed);
        let Some(chunk) = chunk else {
            break;
        };
        let mut chunk = chunk?;
        while chunk.has_remaining() {
            // Nobody reads any more: the process has ended, and its status says why.
            let Ok(count @ 1..) = stdin.write_buf(&mut chunk).await else {
                return Ok(());
            };
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            progress.taken.fetch_add(count, Ordering::Relaxed);
        }
    }
    let _ = stdin.shutdown().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::io::{AsyncReadExt, DuplexStream};
    use tokio::time::Instant;

    use super::*;

    const PATIENCE: Duration = Duration::from_mins(1);

    /// A process with these outputs, and the other end of its stdin, which takes a few bytes unread.
    fn process(
        output: impl Stream<Item = ProcessOutput> + Send + 'static,
    ) -> (Process, DuplexStream) {
        let (input, stdin) = tokio::io::duplex(16);
        let process = Process {
            input: Box::pin(input),
            output: output.map(Ok).boxed(),
            patience: PATIENCE,
        };
        (process, stdin)
    }

    fn input(length: usize) -> UploadStream {
        stream::iter([Ok(Bytes::from(vec![b'x'; length]))]).boxed()
    }

    async fn all(process: Process, input: UploadStream) -> Result<Vec<ProcessOutput>, EngineError> {
        let output = exchange(process, input, Operation::Spawn("tar".to_owned()));
        futures_util::TryStreamExt::try_collect(output).await
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_output_is_the_end_whatever_is_left_of_the_input() {
        let printed = [
            ProcessOutput::Stdout(Bytes::from_static(b"packed")),
            ProcessOutput::Ended(3),
        ];
        let (process, _unread) = process(stream::iter(printed.clone()));
        let start = Instant::now();
        let all = all(process, input(1 << 20)).await.unwrap();
        assert_eq!(all, printed);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_neither_reads_nor_prints_is_given_up() {
        for length in [1, 1 << 20] {
            let (process, _unread) = process(stream::pending());
            let error = all(process, input(length)).await.unwrap_err();
            assert!(error.is_of_stuck_program(), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_may_be_slow() {
        let reads = async |mut stdin: DuplexStream| {
            while stdin.read(&mut [0; 16]).await.unwrap() > 0 {
                tokio::time::sleep(PATIENCE / 3).await;
            }
            ProcessOutput::Ended(0)
        };
        let (sender, stdin) = tokio::sync::oneshot::channel();
        let ended = async move { reads(stdin.await.unwrap()).await };
        let (process, unread) = process(stream::once(ended));
        sender.send(unread).unwrap();
        let all = all(process, input(160)).await.unwrap();
        assert_eq!(all, [ProcessOutput::Ended(0)]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_input_may_be_slow() {
        let slow = stream::once(async {
            tokio::time::sleep(10 * PATIENCE).await;
            Ok(Bytes::from_static(b"x"))
        });
        let ended = async {
            tokio::time::sleep(10 * PATIENCE).await;
            ProcessOutput::Ended(0)
        };
        let (process, _unread) = process(stream::once(ended));
        let all = all(process, slow.boxed()).await.unwrap();
        assert_eq!(all, [ProcessOutput::Ended(0)]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_of_the_input_is_the_end() {
        let broken = stream::iter([Err(io::Error::other("gone"))]).boxed();
        let (process, _unread) = process(stream::pending());
        let error = all(process, broken).await.unwrap_err();
        assert_eq!(error.reason(), "gone");
    }
}
