//! The inputs of an examination.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::ownership::Owner;

/// The inputs of an examination.
#[derive(Debug, Clone)]
pub struct ExaminationInputs {
    pub owner: Owner,
    /// A name that no other examination has, fit for a tag of an image.
    pub id: String,
    pub scratch_root: PathBuf,
    /// Where everything is that cobuild keeps, on this machine.
    pub cache_directory: PathBuf,
    pub docker_config: Option<PathBuf>,
    /// The image to pull, when somebody has named one.
    pub pull: Option<String>,
    pub now: Timestamp,
}
