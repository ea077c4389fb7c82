//! Images, as the engine has them and as it imports them.

use std::collections::BTreeMap;

/// An image to import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSpec {
    /// Its name, with a tag.
    pub name: String,
    /// Such as `linux/arm64`; empty for the engine's own.
    pub platform: String,
    pub labels: BTreeMap<String, String>,
}

/// The properties of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// `ENV`, in order, as name and value.
    pub environment: Vec<(String, String)>,
    pub entrypoint: Vec<String>,
    /// Such as `linux`; may be empty.
    pub system: String,
    /// Such as `amd64`; may be empty.
    pub architecture: String,
    /// The variant of the architecture, such as `v8`.
    pub variant: Option<String>,
    /// The size on the engine's disk, in bytes.
    pub size: u64,
}
