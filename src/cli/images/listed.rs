//! The list of images.

use crate::engine::ImageFacts;
use crate::project::image::Curated;

/// A curated image as it is listed.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) image: Curated,
    /// What is local of it, when an engine could be asked.
    pub(super) local: Option<Vec<Local>>,
}

/// A local image.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) name: String,
    pub(super) facts: ImageFacts,
}
