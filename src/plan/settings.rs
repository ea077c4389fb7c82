//! The settings of a build.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::artifact_path::Storage;
use super::cache::CacheRequest;
use super::container::ContainerRequest;
use super::part::Part;
use super::{Excludes, SourceOwner, Transfer};
use crate::project::image::Pulling;
use crate::project::{KindName, ProjectName};

/// The default time limit of a build (contract §8.1).
pub const DEFAULT_TIMEOUT: Duration = Duration::from_hours(1);

/// The default grace period of commands after a stop (assumed).
pub const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// The settings of a build besides its sources: those of the project in the cloud, and the
/// overrides of this build. `Debug` omits what may be secret.
#[derive(Clone)]
pub struct Settings {
    pub image: String,
    /// When and for which platform the image is pulled.
    pub pulling: Pulling,
    pub privileged: bool,
    /// How long the build may take, the preparation of its sources included.
    pub timeout: Duration,
    /// How long commands may take to end when the build is cut short.
    pub grace: Duration,
    /// The name of the project; else the source has one.
    pub project: Option<ProjectName>,
    /// The kind of the primary source; `None` derives it from the remote.
    pub kind: Option<KindName>,
    /// The initiator of the build; `None` for the user.
    pub initiator: Option<String>,
    pub transfer: Transfer,
    pub source_owner: SourceOwner,
    pub excludes: Excludes,
    /// Variables that beat the buildspec's, in order: a later one beats an earlier one.
    pub overrides: Vec<(String, String)>,
    pub part: Part,
    pub cache: CacheRequest,
    /// The resources of the container, and what it sees of this machine.
    pub container: ContainerRequest,
    /// The directory that artifacts go to; without it they are matched and not kept.
    pub artifacts: Option<PathBuf>,
    /// The packaging and names of artifacts.
    pub storage: Storage,
    /// Whether the build's changes of its sources are listed at its end.
    pub show_changes: bool,
    /// Warnings about the settings.
    pub warnings: Vec<String>,
}

impl Settings {
    /// Returns the default settings with this image.
    pub fn new(image: impl Into<String>) -> Self {
        Self {
            image: image.into(),
            pulling: Pulling::default(),
            privileged: false,
            timeout: DEFAULT_TIMEOUT,
            grace: DEFAULT_GRACE,
            project: None,
            kind: None,
            initiator: None,
            transfer: Transfer::default(),
            source_owner: SourceOwner::default(),
            excludes: Excludes::default(),
            overrides: Vec::new(),
            part: Part::default(),
            cache: CacheRequest::default(),
            container: ContainerRequest::default(),
            artifacts: None,
            storage: Storage::default(),
            show_changes: false,
            warnings: Vec::new(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("image", &self.image)
            .finish_non_exhaustive()
    }
}
