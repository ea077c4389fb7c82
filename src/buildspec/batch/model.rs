//! What a batch says, with nothing left to interpret as text.

/// The `batch` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Whether the first failure stops all other builds.
    pub fast_fail: bool,
    /// The builds.
    pub builds: BatchBuilds,
}

/// The four kinds of batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchBuilds {
    /// `build-list`: builds that run independently.
    List(Vec<BatchBuild>),
    /// `build-graph`: builds that wait for each other; there is no circle among them.
    Graph(Vec<BatchBuild>),
    /// `build-matrix`: a build for every combination of values.
    Matrix(BatchMatrix),
    /// `build-fanout`: one build whose tests are spread over many.
    Fanout(BatchFanout),
}

/// One item of `build-list` or `build-graph`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchBuild {
    /// What tells the build from the others: letters, digits and `_`, fewer than 128.
    pub identifier: String,
    /// Its buildspec; absent means the one that the batch stands in.
    pub buildspec: Option<String>,
    /// Whether the build may be entered with a session.
    pub debug_session: bool,
    /// What it overrides of the project's environment.
    pub env: BatchEnv,
    /// Whether the batch succeeds without it.
    pub ignore_failure: bool,
    /// The builds it waits for, each one of the same graph; none in a list.
    pub depend_on: Vec<Dependency>,
}

/// One item of `depend-on`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The build that comes first.
    pub identifier: String,
    /// Whether it need not succeed. Undocumented; seen in one public buildspec, so assumed.
    pub ignore_failure: bool,
}

/// The `env` of an item of `build-list` or `build-graph`; what is absent stays the project's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchEnv {
    /// Size of the machine; absent when there is a fleet.
    pub compute_type: Option<String>,
    /// Reserved-capacity fleet.
    pub fleet: Option<String>,
    /// Image of the container; may name variables of the project (assumed).
    pub image: Option<String>,
    /// Whether the container is privileged.
    pub privileged_mode: Option<bool>,
    /// `type`, such as `LINUX_CONTAINER`.
    pub environment_type: Option<String>,
    /// `variables`, in the order of the file.
    pub variables: Vec<(String, String)>,
}

/// `build-matrix`: the cross product of all its lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchMatrix {
    /// Whether the batch succeeds without these builds.
    pub ignore_failure: bool,
    /// Whether all containers are privileged.
    pub privileged_mode: Option<bool>,
    /// `type` of all environments.
    pub environment_type: Option<String>,
    /// Buildspecs; none means the one that the batch stands in.
    pub buildspecs: Vec<String>,
    /// Sizes of the machine.
    pub compute_types: Vec<String>,
    /// Images of the container.
    pub images: Vec<String>,
    /// Variables, each with its values.
    pub variables: Vec<(String, Vec<String>)>,
}

/// `build-fanout`: one build, its tests spread over many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchFanout {
    /// How many builds run at once; at least one.
    pub parallelism: u32,
    /// Whether the batch succeeds without failed builds.
    pub ignore_failure: bool,
}
