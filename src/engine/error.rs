//! Why an engine operation failed.

use std::fmt;
use std::time::Duration;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// An operation of an engine, worded to follow "cannot".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    Connect,
    Facts,
    InspectImage(String),
    PullImage(String),
    ImportImage,
    ListImages,
    RemoveImage(String),
    ListNetworks,
    RemoveNetwork(String),
    CreateContainer,
    Attach,
    StartContainer,
    InspectContainer,
    Spawn(String),
    OpenTerminal,
    Wait,
    Events,
    RemoveContainer,
    RenameContainer,
    ListContainers,
    ListVolumes,
    RemoveVolume(String),
    Upload,
    Download(String),
    ReadOutput,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect to the engine"),
            Self::Facts => f.write_str("read the properties of the engine"),
            Self::InspectImage(image) => write!(f, "look up image `{image}`"),
            Self::PullImage(image) => write!(f, "pull image `{image}`"),
            Self::ImportImage => f.write_str("import an image"),
            Self::ListImages => f.write_str("list images"),
            Self::RemoveImage(name) => write!(f, "remove the image `{name}`"),
            Self::ListNetworks => f.write_str("list networks"),
            Self::RemoveNetwork(name) => write!(f, "remove the network `{name}`"),
            Self::CreateContainer => f.write_str("create the build container"),
            Self::Attach => f.write_str("attach to the build container"),
            Self::StartContainer => f.write_str("start the build container"),
            Self::InspectContainer => f.write_str("inspect the build container"),
            Self::Spawn(program) => write!(f, "run `{program}` in the build container"),
            Self::OpenTerminal => f.write_str("open a terminal in the build container"),
            Self::Wait => f.write_str("wait for the build container"),
            Self::Events => f.write_str("read the events of the build container"),
            Self::RemoveContainer => f.write_str("remove a container"),
            Self::RenameContainer => f.write_str("rename the build container"),
            Self::ListContainers => f.write_str("list containers"),
            Self::ListVolumes => f.write_str("list volumes"),
            Self::RemoveVolume(name) => write!(f, "remove the volume `{name}`"),
            Self::Upload => f.write_str("copy files into the build container"),
            Self::Download(path) => write!(f, "copy `{path}` out of the build container"),
            Self::ReadOutput => f.write_str("read the build container's output"),
        }
    }
}

/// A failed engine operation and its cause.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation}")]
pub struct EngineError {
    pub operation: Operation,
    /// The engine's answer as HTTP status, when it answered at all.
    pub status: Option<u16>,
    #[source]
    pub source: Source,
}

/// The engine took a request and never answered it.
#[derive(Debug, thiserror::Error)]
#[error("the engine did not answer within {} s", .0.as_secs_f64())]
struct NoAnswer(Duration);

/// The engine works on a request without progress.
#[derive(Debug, thiserror::Error)]
#[error("the engine made no progress for {} s", .0.as_secs_f64())]
struct NoProgress(Duration);

/// A program in a container hangs.
#[derive(Debug, thiserror::Error)]
#[error("a program of the image has neither read nor printed anything for {} s: see whether its `tar`, `find` and `sh` work", .0.as_secs_f64())]
pub(super) struct ProgramStuck(pub(super) Duration);

/// A program in a container ended with a status that is not good.
#[derive(Debug)]
pub(super) struct ProgramFailed {
    /// Its exit status.
    pub(super) status: i64,
    /// What it had to say.
    pub(super) words: String,
}

/// The exit status of a program that SIGKILL ended, as the end of its container does.
const KILLED: i64 = 137;

impl std::error::Error for ProgramFailed {}

impl fmt::Display for ProgramFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.words.as_str() {
            "" => write!(f, "exit status {}", self.status),
            words => f.write_str(words),
        }
    }
}

impl EngineError {
    /// Whether a program in a container ended by itself, and so not by the end of the container, or hangs.
    pub fn is_of_program(&self) -> bool {
        let failed = self.source.downcast_ref::<ProgramFailed>();
        failed.is_some_and(|failed| failed.status != KILLED) || self.is_of_stuck_program()
    }

    /// Whether a program in a container did nothing for longer than it may.
    pub fn is_of_stuck_program(&self) -> bool {
        self.source.is::<ProgramStuck>()
    }

    /// An operation that made no progress for `limit`.
    pub fn no_progress(operation: Operation, limit: Duration) -> Self {
        Self {
            operation,
            status: None,
            source: NoProgress(limit).into(),
        }
    }

    /// An operation whose answer did not come within `limit`.
    pub fn no_answer(operation: Operation, limit: Duration) -> Self {
        Self {
            operation,
            status: None,
            source: NoAnswer(limit).into(),
        }
    }

    /// Whether the engine did not answer in time.
    pub fn is_no_answer(&self) -> bool {
        self.source.is::<NoAnswer>()
    }

    /// Whether the engine says that there is no such thing.
    pub fn is_not_found(&self) -> bool {
        self.status == Some(404)
    }

    /// Whether the engine reports a conflict, such as an object in use.
    pub fn is_conflict(&self) -> bool {
        self.status == Some(409)
    }

    /// Returns the innermost cause.
    pub fn root_cause(&self) -> String {
        let mut cause: &(dyn std::error::Error + 'static) = self.source.as_ref();
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        cause.to_string()
    }

    /// Returns the message of the engine, or of the transport when the engine sent none.
    pub fn reason(&self) -> String {
        let mut reason = self.source.to_string();
        let mut cause = self.source.source();
        while let Some(next) = cause {
            let text = next.to_string();
            if !reason.contains(&text) {
                reason = format!("{reason}: {text}");
            }
            cause = next.source();
        }
        reason
    }
}
