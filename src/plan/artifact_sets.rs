//! The artifact sets of a build: their files and destinations (contract §1.8, §8.3).

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::artifact_path::{Packaging, PlaceError, Storage};
use crate::buildspec::Artifacts;

/// The artifacts of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactsPlan {
    /// The directory of this machine for the artifacts; without it they are matched but not kept.
    #[serde(with = "crate::wire::bytes::path_option")]
    #[schemars(with = "Option<crate::wire::bytes::Bytes>")]
    pub directory: Option<PathBuf>,
    /// The packaging and names.
    pub storage: Storage,
    /// The primary set, when it has files, then the secondary ones in the order of the buildspec.
    pub sets: Vec<ArtifactSet>,
}

/// One set of artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactSet {
    /// `None` for the primary set.
    pub identifier: Option<String>,
    /// The section of the buildspec.
    #[serde(flatten)]
    pub artifacts: Artifacts,
    /// The destination, below the directory of all artifacts.
    pub place: Placement,
}

/// The destination of an artifact set, below the directory of all artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Placement {
    /// This path; empty for the directory itself.
    Fixed(
        #[serde(with = "crate::wire::bytes::path")]
        #[schemars(with = "crate::wire::bytes::Bytes")]
        PathBuf,
    ),
    /// The name in the buildspec, once its variables can be expanded.
    Named(String),
    /// None: the name points outside the directory. UPLOAD_ARTIFACTS fails with this reason.
    Refused(String),
}

impl ArtifactsPlan {
    pub(super) fn new(
        artifacts: Option<Artifacts>,
        directory: Option<PathBuf>,
        storage: Storage,
        uuid: &str,
    ) -> Self {
        let Some(mut primary) = artifacts else {
            return Self {
                directory,
                storage,
                sets: Vec::new(),
            };
        };
        let secondary = std::mem::take(&mut primary.secondary);
        let primary = (!primary.files.is_empty()).then_some((None, primary));
        let secondary = secondary
            .into_iter()
            .map(|(identifier, artifacts)| (Some(identifier), artifacts));
        let sets = primary
            .into_iter()
            .chain(secondary)
            .map(|(identifier, artifacts)| ArtifactSet {
                place: Placement::of(&artifacts, identifier.as_deref(), storage, uuid),
                identifier,
                artifacts,
            })
            .collect();
        Self {
            directory,
            storage,
            sets,
        }
    }

    /// Whether each set is one zip.
    pub fn are_zips(&self) -> bool {
        self.storage.packaging == Packaging::Zip
    }
}

impl ArtifactSet {
    /// Returns the destination for the expanded name from the buildspec.
    pub fn placed(
        &self,
        storage: Storage,
        name: Option<&str>,
        uuid: &str,
    ) -> Result<PathBuf, PlaceError> {
        let prefix = self.artifacts.s3_prefix.as_deref();
        storage.place(self.identifier.as_deref(), name, prefix, uuid)
    }
}

impl Placement {
    fn of(artifacts: &Artifacts, identifier: Option<&str>, storage: Storage, uuid: &str) -> Self {
        let name = artifacts.name.as_deref().filter(|_| storage.override_name);
        match name {
            Some(name) if is_expanded(name) => Self::Named(name.to_owned()),
            name => {
                let prefix = artifacts.s3_prefix.as_deref();
                match storage.place(identifier, name, prefix, uuid) {
                    Ok(place) => Self::Fixed(place),
                    Err(error) => Self::Refused(error.to_string()),
                }
            }
        }
    }
}

/// Whether a shell expands anything in a text between double quotes.
pub fn is_expanded(text: &str) -> bool {
    text.contains(['$', '`'])
}
