//! The checks of `cobuild doctor` and their results.

/// The subjects, in the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Whether an engine answers, where, and why that one.
    Engine,
    Version,
    StorageDriver,
    Machine,
    Clock,
    Container,
    /// Whether a container has a way to other machines.
    Network,
    /// Whether a source comes in as a copy-on-write view.
    CopyOnWrite,
    /// Whether a directory of this machine can be mounted.
    BindMount,
    Privileged,
    Init,
    Limits,
    Platform,
    Pull,
    /// Whether the default build image is there.
    DefaultImage,
    EngineDisk,
    CacheDisk,
    Git,
    /// Whether the helpers answer that have the passwords of registries.
    Credentials,
}

impl Subject {
    /// The subjects that need an engine.
    pub(super) const OF_ENGINE: &[Self] = &[
        Self::Version,
        Self::StorageDriver,
        Self::Machine,
        Self::Clock,
        Self::Container,
        Self::Pull,
        Self::DefaultImage,
        Self::EngineDisk,
    ];

    /// The subjects that need a running container.
    pub(super) const OF_CONTAINERS: &[Self] = &[
        Self::Network,
        Self::CopyOnWrite,
        Self::BindMount,
        Self::Privileged,
        Self::Init,
        Self::Limits,
        Self::Platform,
    ];

    /// The stable name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Version => "version",
            Self::StorageDriver => "storage-driver",
            Self::Machine => "machine",
            Self::Clock => "clock",
            Self::Container => "container",
            Self::Network => "network",
            Self::CopyOnWrite => "copy-on-write",
            Self::BindMount => "bind-mount",
            Self::Privileged => "privileged",
            Self::Init => "init",
            Self::Limits => "limits",
            Self::Platform => "platform",
            Self::Pull => "pull",
            Self::DefaultImage => "default-image",
            Self::EngineDisk => "engine-disk",
            Self::CacheDisk => "cache-disk",
            Self::Git => "git",
            Self::Credentials => "credentials",
        }
    }
}

/// The verdict of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    /// Some builds cannot run, or not as well as they might.
    Warning,
    /// No build can run, or not what was asked for.
    Failed,
    NotTried,
}

impl Verdict {
    /// The stable word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::NotTried => "not-tried",
        }
    }
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub subject: Subject,
    pub verdict: Verdict,
    /// What was found; for what was not tried, why.
    pub found: String,
    /// What to do about it, whenever it is not well.
    pub remedy: Option<String>,
}

impl Check {
    /// Returns a successful check.
    pub fn ok(subject: Subject, found: impl Into<String>) -> Self {
        Self {
            subject,
            verdict: Verdict::Ok,
            found: found.into(),
            remedy: None,
        }
    }

    pub fn warning(subject: Subject, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            remedy: Some(remedy.into()),
            ..Self::ok(subject, found)
        }
    }

    pub fn failed(subject: Subject, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Failed,
            ..Self::warning(subject, found, remedy)
        }
    }

    /// Returns a check that was not tried.
    pub fn not_tried(subject: Subject, why: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::NotTried,
            ..Self::ok(subject, why)
        }
    }
}
