//! Runs processes in a container beside the build's own, and streams their input and output.

use std::io;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::io::AsyncWriteExt;

use super::error::ProgramFailed;
use super::{
    ByteStream, ContainerId, Engine, EngineError, Operation, Process, ProcessOutput, UploadStream,
};

/// The most bytes that are kept of the output of a failing program.
const MOST_WORDS: usize = 4 * 1024;

/// The end of a process that was fed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProcessResult {
    pub status: i64,
    /// The end of what it printed, to stdout or stderr.
    pub words: String,
}

/// Runs a command with `input` as its stdin, to its end.
///
/// A process that ends before its input does is no error: its status says how it went. An error of
/// `input` is returned as the engine's, with its own words.
pub async fn feed<E: Engine>(
    engine: &E,
    container: &ContainerId,
    command: &[&str],
    mut input: UploadStream,
) -> Result<ProcessResult, EngineError> {
    let Process {
        input: mut stdin,
        mut output,
    } = engine.spawn(container, command).await?;
    let writing = async {
        while let Some(chunk) = input.next().await {
            let chunk = chunk?;
            // Nobody reads any more: the process has ended, and its status says why.
            if stdin.write_all(&chunk).await.is_err() {
                return Ok(());
            }
        }
        let _ = stdin.shutdown().await;
        Ok(())
    };
    let reading = async {
        let mut fed = ProcessResult::default();
        let mut words = Vec::new();
        while let Some(printed) = output.next().await {
            match printed? {
                ProcessOutput::Stdout(bytes) | ProcessOutput::Stderr(bytes) => {
                    keep_end(&mut words, &bytes);
                }
                ProcessOutput::Ended(status) => fed.status = status,
            }
        }
        fed.words = String::from_utf8_lossy(&words).trim().to_owned();
        Ok::<_, EngineError>(fed)
    };
    let mut writing = std::pin::pin!(writing);
    let mut reading = std::pin::pin!(reading);
    let written: io::Result<()> = tokio::select! {
        // Whoever ends early has no use for the rest of the input.
        ended = &mut reading => return ended,
        written = &mut writing => written,
    };
    written.map_err(|error| EngineError {
        operation: Operation::Spawn(command.first().copied().unwrap_or_default().to_owned()),
        status: None,
        source: error.into(),
    })?;
    reading.await
}

/// Runs a command with `input` as its stdin and streams its stdout. The stream ends with an error
/// when the exit status is not one of `good`; the cause of the error is the output of the program.
/// The program must exist: an engine reports a missing one on stdout.
pub async fn read<E: Engine>(
    engine: &E,
    container: &ContainerId,
    command: &[&str],
    input: Bytes,
    good: &'static [i64],
) -> Result<ByteStream, EngineError> {
    let operation = Operation::Spawn(command.first().copied().unwrap_or_default().to_owned());
    let Process {
        input: mut stdin,
        output,
    } = engine.spawn(container, command).await?;
    // Both at once: a program may print before it has read everything.
    let writing = stream::once(async move {
        // Nobody reads any more: the process has ended, and its status says why.
        if stdin.write_all(&input).await.is_ok() {
            let _ = stdin.shutdown().await;
        }
        None
    });
    let mut words = Vec::new();
    let reading = output.map(move |printed| {
        match printed {
            Ok(ProcessOutput::Stdout(bytes)) => return Some(Ok(bytes)),
            Ok(ProcessOutput::Stderr(bytes)) => keep_end(&mut words, &bytes),
            Ok(ProcessOutput::Ended(status)) if good.contains(&status) => {}
            Ok(ProcessOutput::Ended(status)) => {
                let words = String::from_utf8_lossy(&words).trim().to_owned();
                return Some(Err(EngineError {
                    operation: operation.clone(),
                    status: None,
                    source: ProgramFailed { status, words }.into(),
                }));
            }
            Err(error) => return Some(Err(error)),
        }
        None
    });
    Ok(stream::select(writing.boxed(), reading.boxed())
        .filter_map(std::future::ready)
        .boxed())
}

fn keep_end(words: &mut Vec<u8>, more: &[u8]) {
    words.extend_from_slice(more);
    let surplus = words.len().saturating_sub(MOST_WORDS);
    words.drain(..surplus);
}
