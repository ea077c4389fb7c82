//! Finds out where to get an image.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::curated::{Curated, System};
use super::name::{ImageName, NameError};

/// The prefix of the names of curated images.
const CURATED: &str = "aws/codebuild/";

/// The registry in which AWS publishes them.
const PUBLIC: &str = "public.ecr.aws/codebuild/";

/// Where to get an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
    /// The names under which it may be local, the best first. Images built or tagged on this
    /// machine come before published ones (assumed).
    pub local: Vec<String>,
    /// The origin of an image that is not local.
    pub origin: Origin,
    /// The properties of a curated image.
    pub curated: Option<Curated>,
}

/// The origin of an image that is not local.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// A registry, by this name.
    Registry(String),
    /// Nowhere: AWS publishes only a Dockerfile.
    Dockerfile,
    /// Nowhere: it is named like a curated image, but there is no such image.
    UnknownCurated,
    /// Nowhere: an id belongs to a local image.
    Id,
    /// Nowhere: it is for an operating system that cobuild does not support.
    OtherSystem(System),
    /// Nowhere: the name is invalid.
    Invalid(NameError),
}

impl Resolution {
    /// Resolves the name of a configured image (contract §8.6).
    pub fn of(configured: &str) -> Self {
        let name = match ImageName::parse(configured) {
            Ok(name) => name,
            Err(error) => return Self::plain(configured, Origin::Invalid(error)),
        };
        if matches!(name, ImageName::Id(_)) {
            return Self::plain(configured, Origin::Id);
        }
        let Some(rest) = configured.strip_prefix(CURATED) else {
            let origin = Origin::Registry(configured.to_owned());
            return Self {
                curated: configured.strip_prefix(PUBLIC).and_then(find),
                ..Self::plain(configured, origin)
            };
        };
        let curated = find(rest);
        let origin = match &curated {
            Some(curated) if curated.system != System::Linux => Origin::OtherSystem(curated.system),
            _ if rest.starts_with("windows-") => Origin::OtherSystem(System::Windows),
            _ if rest.starts_with("macos-") => Origin::OtherSystem(System::MacOs),
            // A newer image than those in the table.
            _ if rest.starts_with("amazonlinux") => Origin::Registry(format!("{PUBLIC}{rest}")),
            Some(_) => Origin::Dockerfile,
            None => Origin::UnknownCurated,
        };
        let mut local = vec![configured.to_owned()];
        if let Origin::Registry(public) = &origin {
            let alias = alias(rest);
            local.extend(alias.as_ref().map(|alias| format!("{CURATED}{alias}")));
            local.push(public.clone());
            local.extend(alias.map(|alias| format!("{PUBLIC}{alias}")));
        }
        Self {
            local,
            origin,
            curated,
        }
    }

    /// The name for an engine when the image is not local.
    pub fn asked(&self) -> &str {
        match &self.origin {
            Origin::Registry(name) => name,
            _ => self.local.first().map_or("", String::as_str),
        }
    }

    fn plain(configured: &str, origin: Origin) -> Self {
        Self {
            local: vec![configured.to_owned()],
            origin,
            curated: None,
        }
    }
}

/// Finds a curated image by its name without the prefix.
fn find(rest: &str) -> Option<Curated> {
    let (tagged, _digest) = rest.split_once('@').unwrap_or((rest, ""));
    let (repository, tag) = tagged.split_once(':')?;
    Curated::find(repository, tag)
}

/// The other name of an Amazon Linux image: it was `amazonlinux2` until November 2024.
fn alias(rest: &str) -> Option<String> {
    if let Some(rest) = rest.strip_prefix("amazonlinux2-") {
        return Some(format!("amazonlinux-{rest}"));
    }
    rest.strip_prefix("amazonlinux-")
        .map(|rest| format!("amazonlinux2-{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazon_linux_comes_from_the_public_registry_unless_it_is_local_under_any_name() {
        let resolution = Resolution::of("aws/codebuild/amazonlinux-x86_64-standard:5.0");
        assert_eq!(
            resolution.local,
            [
                "aws/codebuild/amazonlinux-x86_64-standard:5.0",
                "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
                "public.ecr.aws/codebuild/amazonlinux-x86_64-standard:5.0",
                "public.ecr.aws/codebuild/amazonlinux2-x86_64-standard:5.0",
            ]
        );
        assert_eq!(resolution.asked(), resolution.local[2]);
        let former = Resolution::of("aws/codebuild/amazonlinux2-x86_64-standard:5.0");
        assert_eq!(
            former.asked(),
            "public.ecr.aws/codebuild/amazonlinux2-x86_64-standard:5.0"
        );
        assert_eq!(former.curated, resolution.curated);
        let digest = format!("@sha256:{}", "0".repeat(64));
        let pinned = Resolution::of(&format!("{}{digest}", resolution.local[0]));
        assert_eq!(pinned.asked(), format!("{}{digest}", resolution.local[2]));
        assert_eq!(pinned.curated, resolution.curated);
    }

    #[test]
    fn names_lead_to_where_the_image_comes_from() {
        let id = "0123456789ab";
        for (name, origin) in [
            ("debian:12", Origin::Registry("debian:12".to_owned())),
            ("aws/codebuild/standard:7.0", Origin::Dockerfile),
            ("aws/codebuild/standard:7.0-25.03.01", Origin::Dockerfile),
            ("aws/codebuild/standard:99.0", Origin::UnknownCurated),
            ("aws/codebuild/python:3.6.5", Origin::UnknownCurated),
            (
                "aws/codebuild/amazonlinux-x86_64-standard:99.0",
                Origin::Registry(
                    "public.ecr.aws/codebuild/amazonlinux-x86_64-standard:99.0".to_owned(),
                ),
            ),
            (
                "aws/codebuild/windows-base:2022-1.0",
                Origin::OtherSystem(System::Windows),
            ),
            (
                "aws/codebuild/windows-base:2039-1.0",
                Origin::OtherSystem(System::Windows),
            ),
            (
                "aws/codebuild/macos-arm-base:14",
                Origin::OtherSystem(System::MacOs),
            ),
            (id, Origin::Id),
            ("Debian", Origin::Invalid(NameError::Uppercase)),
        ] {
            assert_eq!(Resolution::of(name).origin, origin, "{name}");
        }
    }
}
