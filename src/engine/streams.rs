//! The streams of containers and of processes in them.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use tokio::io::AsyncWrite;

use super::error::EngineError;

/// A stream of bytes from the engine.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, EngineError>> + Send>>;

/// A stream of bytes to the engine; an error ends the upload.
pub type UploadStream = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// The standard streams of a container.
pub struct Attachment {
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
    pub output: ByteStream,
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attachment").finish_non_exhaustive()
    }
}

/// The stdin of a process in a container.
pub type ProcessInput = Pin<Box<dyn AsyncWrite + Send>>;

/// A process in a container; it sees the end of its input when that is shut down.
pub struct Process {
    pub input: ProcessInput,
    /// Its stdout and stderr; the last item is its end.
    pub output: Pin<Box<dyn Stream<Item = Result<ProcessOutput, EngineError>> + Send>>,
    /// How long it may neither read what there is to read nor print.
    pub patience: Duration,
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").finish_non_exhaustive()
    }
}

/// Output of a process, or its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessOutput {
    /// Bytes of its stdout.
    Stdout(Bytes),
    /// Bytes of its stderr.
    Stderr(Bytes),
    Ended(i64),
}
