//! Runs processes in a container beside the build's own, and streams their input and output.

use std::pin::pin;

use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::error::ProgramFailed;
use super::exchange::exchange;
use super::{ByteStream, ContainerId, Engine, EngineError, Operation, ProcessOutput, UploadStream};

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
    input: UploadStream,
) -> Result<ProcessResult, EngineError> {
    let process = engine.spawn(container, command).await?;
    let mut output = pin!(exchange(process, input, operation(command)));
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
    Ok(fed)
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
    let process = engine.spawn(container, command).await?;
    let operation = operation(command);
    let input = stream::once(std::future::ready(Ok(input))).boxed();
    let output = exchange(process, input, operation.clone());
    let mut words = Vec::new();
    let read = output.filter_map(move |printed| {
        std::future::ready(match printed {
            Ok(ProcessOutput::Stdout(bytes)) => Some(Ok(bytes)),
            Ok(ProcessOutput::Stderr(bytes)) => {
                keep_end(&mut words, &bytes);
                None
            }
            Ok(ProcessOutput::Ended(status)) if good.contains(&status) => None,
            Ok(ProcessOutput::Ended(status)) => Some(Err(EngineError {
                operation: operation.clone(),
                status: None,
                source: ProgramFailed {
                    status,
                    words: String::from_utf8_lossy(&words).trim().to_owned(),
                }
                .into(),
            })),
            Err(error) => Some(Err(error)),
        })
    });
    Ok(read.boxed())
}

fn operation(command: &[&str]) -> Operation {
    Operation::Spawn(command.first().copied().unwrap_or_default().to_owned())
}

fn keep_end(words: &mut Vec<u8>, more: &[u8]) {
    words.extend_from_slice(more);
    let surplus = words.len().saturating_sub(MOST_WORDS);
    words.drain(..surplus);
}
