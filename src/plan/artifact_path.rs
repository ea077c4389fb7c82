//! The path of an artifact (contract §1.8, §8.3) below the artifact directory.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The packaging of an artifact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Packaging {
    /// As files.
    #[default]
    None,
    /// As one zip.
    Zip,
}

/// The prefix of an artifact's name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Namespace {
    /// Nothing.
    #[default]
    None,
    /// `s3-prefix`, and the build's uuid.
    BuildId,
}

/// How artifacts are stored, as in the project settings of the cloud.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// `packaging`.
    pub packaging: Packaging,
    /// `overrideArtifactName`: the buildspec names its artifacts.
    pub override_name: bool,
    /// `namespaceType`.
    pub namespace: Namespace,
}

/// A name or prefix points outside the directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid artifact {what} `{text}`: it must stay below the artifact directory")]
pub struct PlaceError {
    what: &'static str,
    text: String,
}

impl Storage {
    /// Returns the path of an artifact below the artifact directory; empty for the directory
    /// itself.
    ///
    /// A zip has exactly the name in the buildspec; `.zip` is not added. Without a name, the
    /// primary artifact is `artifacts.zip` or the directory itself, and a secondary one is named by
    /// its identifier (assumed: the cloud names them by the project). The name `/` means no name.
    /// `name` must be expanded.
    pub fn place(
        &self,
        identifier: Option<&str>,
        name: Option<&str>,
        prefix: Option<&str>,
        uuid: &str,
    ) -> Result<PathBuf, PlaceError> {
        let mut place = PathBuf::new();
        if self.namespace == Namespace::BuildId {
            place.push(below("prefix", prefix.unwrap_or_default())?);
            place.push(uuid);
        }
        let name = match name.filter(|name| self.override_name && !name.is_empty()) {
            Some("/") if self.namespace == Namespace::BuildId => return Ok(place),
            Some(name) if name != "/" => Some(below("name", name)?),
            _ => None,
        };
        match (name, self.packaging, identifier) {
            (Some(name), ..) => place.push(name),
            (None, Packaging::Zip, None) => place.push("artifacts.zip"),
            (None, Packaging::Zip, Some(identifier)) => place.push(format!("{identifier}.zip")),
            (None, Packaging::None, Some(identifier)) => place.push(identifier),
            (None, Packaging::None, None) => {}
        }
        Ok(place)
    }
}

fn below(what: &'static str, text: &str) -> Result<PathBuf, PlaceError> {
    let leads_out = text.starts_with('/') || text.split('/').any(|part| part == "..");
    let path: PathBuf = text
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if leads_out || path.as_os_str().is_empty() && !text.is_empty() {
        return Err(PlaceError {
            what,
            text: text.to_owned(),
        });
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZIP: Storage = Storage {
        packaging: Packaging::Zip,
        override_name: true,
        namespace: Namespace::None,
    };
    const FILES: Storage = Storage {
        packaging: Packaging::None,
        ..ZIP
    };

    fn place(storage: Storage, identifier: Option<&str>, name: Option<&str>) -> String {
        let place = storage.place(identifier, name, Some("pre/fix/"), "UUID");
        place.map_or_else(
            |error| error.to_string(),
            |place| place.display().to_string(),
        )
    }

    #[test]
    fn without_an_override_a_name_has_no_effect() {
        for (packaging, primary, secondary) in [
            (Packaging::None, "", "docs"),
            (Packaging::Zip, "artifacts.zip", "docs.zip"),
        ] {
            let storage = Storage {
                packaging,
                ..Storage::default()
            };
            assert_eq!(place(storage, None, Some("named")), primary);
            assert_eq!(place(storage, Some("docs"), Some("named")), secondary);
        }
    }

    #[test]
    fn an_overriding_name_is_the_place() {
        for storage in [ZIP, FILES] {
            assert_eq!(place(storage, None, Some("a/b-1.0")), "a/b-1.0");
            assert_eq!(place(storage, Some("docs"), Some("./a//b/")), "a/b");
        }
        assert_eq!(place(ZIP, None, None), "artifacts.zip");
        assert_eq!(place(ZIP, Some("docs"), Some("")), "docs.zip");
        assert_eq!(place(FILES, Some("docs"), Some("/")), "docs");
    }

    #[test]
    fn the_build_id_stands_between_prefix_and_name() {
        let namespace = Namespace::BuildId;
        let files = Storage { namespace, ..FILES };
        assert_eq!(place(files, None, Some("name")), "pre/fix/UUID/name");
        assert_eq!(place(files, None, Some("/")), "pre/fix/UUID");
        let unnamed = Storage {
            override_name: false,
            ..files
        };
        assert_eq!(place(unnamed, None, Some("name")), "pre/fix/UUID");
        assert_eq!(place(unnamed, Some("docs"), None), "pre/fix/UUID/docs");
        assert_eq!(
            unnamed.place(None, None, None, "UUID"),
            Ok(PathBuf::from("UUID"))
        );
        assert!(unnamed.place(None, None, Some("../x"), "UUID").is_err());
    }

    #[test]
    fn no_name_leads_out() {
        for name in ["..", "../x", "a/../../x", "/etc/x", "a/..", ".", "//"] {
            let refusal = place(FILES, None, Some(name));
            assert!(
                refusal.starts_with("invalid artifact name"),
                "{name}: {refusal}"
            );
        }
    }
}
