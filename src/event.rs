//! What happens in a build, as data: the one interface between running and showing.
//!
//! The runner emits events, sinks render them; neither knows the other. An event owns its data and is
//! complete in itself.

mod cache;
mod pull;

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use crate::mask::Masker;
use crate::phase::{PhaseContext, PhaseType, Status};
pub use cache::{CacheEvent, CacheFound, CacheOutcome, CacheRestored};
pub use pull::{LayerProgress, PullEvent};

/// An event and the moment it was emitted.
#[derive(Debug, Clone)]
pub struct Timestamped {
    /// When, by the host's clock.
    pub time: Timestamp,
    /// What.
    pub event: Event,
}

/// One thing that happened in a build.
#[derive(Debug, Clone)]
pub enum Event {
    /// The build was accepted.
    BuildStarted(Box<BuildIdentity>),
    /// A phase began.
    PhaseStarted {
        /// The phase.
        phase: PhaseType,
    },
    /// A phase ended.
    PhaseFinished {
        /// The phase.
        phase: PhaseType,
        /// How.
        status: Status,
        /// Why; absent for a stopped phase (contract §2.2) and for those the agent does not run.
        context: Option<PhaseContext>,
    },
    /// A phase failed and runs again from its first command.
    PhaseRetried {
        /// The phase.
        phase: PhaseType,
        /// Which retry this is, from 1.
        retry: u8,
        /// How many retries the phase has.
        count: u8,
    },
    /// Something about the fetching of the image.
    ImagePull(PullEvent),
    /// A source cannot be had; the agent never begins.
    SourceFailed {
        /// Why.
        context: PhaseContext,
    },
    /// The source trees are in place, and the agent begins.
    SourceReady {
        /// `CODEBUILD_SRC_DIR`.
        directory: String,
        /// Identifier and directory of each secondary source.
        secondary: Vec<(String, String)>,
        /// How the trees get into the container, the sources first; what git needs besides follows.
        transfer: Vec<Transferred>,
    },
    /// The buildspec was found.
    BuildspecLocated {
        /// Its absolute path in the container.
        path: String,
    },
    /// The buildspec has keys that the agent does not know.
    UnknownKeys {
        /// Section name and its unknown keys.
        sections: Vec<(String, Vec<String>)>,
    },
    /// The buildspec selects a shell.
    ShellSelected {
        /// The shell as written.
        shell: String,
    },
    /// The agent adapts its HTTP client to the kind of source.
    HttpTimeoutRaised {
        /// The kind of source, in the log's words.
        source: &'static str,
    },
    /// The environment variables are in place.
    EnvironmentProcessed {
        /// Whether the parameter store is asked for values.
        parameter_store: bool,
    },
    /// The build has secrets; whoever shows what follows masks them.
    SecretsResolved {
        /// What masks all of the build's secrets.
        masker: Masker,
    },
    /// The image has no table of runtimes to select from.
    RuntimesUnsupported,
    /// The image has runtimes to select from and the buildspec selects none.
    NoRuntimeSelected,
    /// A runtime is chosen, or cannot be.
    Runtime(RuntimeChoice),
    /// The agent enters the source directory.
    DirectoryEntered {
        /// The directory.
        path: String,
    },
    /// The cache section was read.
    CacheExpanded {
        /// `None` when the buildspec has no cache; else its paths.
        paths: Option<Vec<String>>,
    },
    /// Something about the cache.
    Cache(CacheEvent),
    /// The agent is ready to run commands.
    AgentRegistered {
        /// The command phases named in the buildspec and the number of their commands.
        phases: Vec<(PhaseType, usize)>,
    },
    /// A command begins.
    CommandStarted {
        /// Its text, verbatim.
        text: String,
        /// Its place in its list, counted from 1.
        number: usize,
    },
    /// The command is only pretended to run.
    CommandMocked,
    /// Output of the running command, as it came: any bytes, cut anywhere.
    Output {
        /// The bytes.
        bytes: Bytes,
    },
    /// The command ended.
    CommandFinished {
        /// Its text, verbatim.
        text: String,
        /// Its exit status.
        exit_status: i32,
    },
    /// The user stopped the build, and the running command is asked to end.
    Stopping {
        /// How long it may take.
        grace: Duration,
    },
    /// The kernel killed a process of the build for lack of memory; what that ends comes next.
    OutOfMemory {
        /// How much memory the build may use, in bytes; `None` when all there is.
        limit: Option<u64>,
    },
    /// A command was cut short by a timeout or a stop; it has no exit status.
    CommandInterrupted,
    /// The variables that the build hands on have their last values.
    VariablesExported {
        /// Name and value, in the order of the buildspec.
        variables: Vec<(String, String)>,
    },
    /// The artifacts of one set begin.
    ArtifactsStarted {
        /// `None` for the primary set, else the identifier.
        identifier: Option<String>,
        /// The base directory as written, expanded.
        base_directory: String,
    },
    /// A directory that matches the base directory is searched.
    BaseDirectoryMatched {
        /// The directory, relative to the source.
        directory: String,
    },
    /// A pattern is matched.
    PatternExpanded {
        /// The pattern, expanded.
        pattern: String,
        /// How many files it matches.
        matches: usize,
    },
    /// All patterns of one set have been matched.
    FilesFound {
        /// How many files there are.
        count: usize,
    },
    /// One set of artifacts is in its place.
    ArtifactsPlaced {
        /// `None` for the primary set, else the identifier.
        identifier: Option<String>,
        /// The directory or the zip, on this machine.
        location: String,
        /// Whether the buildspec's name counts.
        override_name: bool,
        /// `sha256sum` and `md5sum` of a zip.
        sums: Option<(String, String)>,
    },
    /// What the build changed in one source, when that was asked for.
    SourceChanged(SourceChanges),
    /// Something people should know that is no part of CodeBuild's log.
    Warning {
        /// A sentence.
        message: String,
    },
    /// What people can do about a failure.
    Hint {
        /// A sentence.
        message: String,
    },
    /// The build ended; the last event.
    BuildFinished {
        /// How.
        status: Status,
    },
}

/// How a tree gets into the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transferred {
    /// Its directory there.
    pub directory: String,
    /// The way.
    pub way: Way,
    /// Why not copy-on-write.
    pub reason: Option<String>,
}

/// A way into the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// A copy-on-write view.
    CopyOnWrite,
    /// A copy, streamed.
    Tar,
    /// The directory itself.
    Mount,
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::CopyOnWrite => "copy-on-write",
            Self::Tar => "a tar stream",
            Self::Mount => "a mount",
        })
    }
}

/// What the build changed in a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceChanges {
    /// `None` for the primary source.
    pub identifier: Option<String>,
    /// Its directory in the container.
    pub directory: String,
    /// The changes by path; `None` when they cannot be told.
    pub changes: Option<Vec<Change>>,
    /// Why they cannot be told, or not all of them, in sentences.
    pub problems: Vec<String>,
}

/// A change in a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What became of it.
    pub kind: ChangeKind,
    /// Relative to the source's root, with a slash at the end of a directory. Control characters, the
    /// backslash and what is no UTF-8 are escapes.
    pub path: String,
}

/// What became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is another.
    Modified,
    /// It is gone.
    Deleted,
}

impl ChangeKind {
    /// The letter that git has for it.
    pub fn letter(self) -> char {
        match self {
            Self::Added => 'A',
            Self::Modified => 'M',
            Self::Deleted => 'D',
        }
    }
}

/// What the agent decides about one runtime (contract §1.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuntimeChoice {
    /// A word such as `latest` stands for a version.
    Resolved {
        /// The runtime.
        runtime: String,
        /// The word.
        alias: String,
        /// The version.
        version: String,
    },
    /// A version is selected.
    Selected {
        /// The runtime.
        runtime: String,
        /// The version.
        version: String,
        /// Why.
        by: SelectedBy,
    },
    /// A version needs another version of a second runtime than the buildspec selects.
    Clash {
        /// The runtime.
        runtime: String,
        /// Its version.
        version: String,
        /// The second runtime.
        other: String,
        /// The version that the buildspec selects of it.
        selected: String,
    },
}

/// What selects a runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectedBy {
    /// The buildspec names it.
    Buildspec,
    /// Another runtime requires it.
    Dependency,
}

/// A file system of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileSystemLocation {
    /// Its kind, as the API names it.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What its variable is called after.
    pub identifier: String,
    /// Where its content comes from: a directory of the host.
    pub location: String,
    /// Where the container has it.
    pub mount_point: String,
}

/// What names a build.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildIdentity {
    /// `<project>:<uuid>`.
    pub id: String,
    /// The build's ARN.
    pub arn: String,
    /// The project's name.
    pub project_name: String,
    /// Counts the project's builds from 1.
    pub build_number: u64,
    /// Who started it.
    pub initiator: String,
    /// The source kind, as the API names it.
    pub source_type: &'static str,
    /// The source's location; empty where there is none.
    pub source_location: String,
    /// `sourceVersion`; absent when not given.
    pub source_version: Option<String>,
    /// The commit, when the source is a git tree.
    pub resolved_source_version: Option<String>,
    /// The image as configured.
    pub image: String,
    /// The kind of environment, as the API names it.
    pub environment_type: &'static str,
    /// The compute type, when one is named.
    pub compute_type: Option<&'static str>,
    /// Where the certificates come from that the build trusts.
    pub certificate: Option<String>,
    /// The project's file systems.
    pub file_system_locations: Vec<FileSystemLocation>,
    /// Whether the container is privileged.
    pub privileged: bool,
    /// The build timeout in whole minutes, rounded up.
    pub timeout_in_minutes: u64,
}
