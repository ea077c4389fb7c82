//! What a build is asked to be.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::artifact_path::Storage;
use super::cache::CacheRequest;
use super::container::ContainerRequest;
use super::part::Part;
use super::{Excludes, Transfer};
use crate::project::KindName;
use crate::project::image::Pulling;

/// How long a build may take unless its settings say otherwise (contract §8.1).
pub const DEFAULT_TIMEOUT: Duration = Duration::from_hours(1);

/// How long commands may take to end after a stop unless the settings say otherwise (assumed).
pub const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// What a build is asked to be, apart from its sources: what a project says in the cloud, and what the caller
/// of this build says over it. `Debug` leaves out what may be secret.
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
    /// The kind that the primary source is taken for; else its remote decides.
    pub kind: Option<KindName>,
    /// Who starts the build; else the user does.
    pub initiator: Option<String>,
    pub transfer: Transfer,
    pub excludes: Excludes,
    /// Variables that beat the buildspec's, in order: a later one beats an earlier one.
    pub overrides: Vec<(String, String)>,
    pub part: Part,
    pub cache: CacheRequest,
    /// The container's size, and what of this machine it sees.
    pub container: ContainerRequest,
    /// The directory that artifacts go to; without it they are matched and not kept.
    pub artifacts: Option<PathBuf>,
    /// In what form artifacts are kept, and under which names.
    pub storage: Storage,
    /// Whether the build's changes of its sources are listed at its end.
    pub show_changes: bool,
    /// What people should know of the settings, in sentences.
    pub warnings: Vec<String>,
}

impl Settings {
    /// A build in this image, with the default of everything else.
    pub fn new(image: impl Into<String>) -> Self {
        Self {
            image: image.into(),
            pulling: Pulling::default(),
            privileged: false,
            timeout: DEFAULT_TIMEOUT,
            grace: DEFAULT_GRACE,
            kind: None,
            initiator: None,
            transfer: Transfer::default(),
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
