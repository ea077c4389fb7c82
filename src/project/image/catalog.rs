//! Finds the images that CodeBuild itself offers.

use std::str::FromStr;

use super::curated::{Architecture, Curated, System};
use super::table::{IMAGES, LAMBDA_TAGS};

/// All curated images.
pub fn curated() -> impl Iterator<Item = Curated> {
    let lambda = [Architecture::X86_64, Architecture::Aarch64]
        .into_iter()
        .flat_map(|architecture| {
            LAMBDA_TAGS
                .iter()
                .map(move |tag| Curated::lambda(architecture, tag))
        });
    IMAGES.iter().copied().chain(lambda)
}

impl Curated {
    /// Finds an image by repository, the former name included, and tag. A tag may have a release at its
    /// end, as in `5.0-24.11.22`.
    pub fn find(repository: &str, tag: &str) -> Option<Self> {
        curated().find(|image| {
            let released = tag.strip_prefix(image.tag);
            (image.repository == repository || image.former == Some(repository))
                && released.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    }

    /// The image that is meant by a name without `aws/codebuild/`, such as `standard:7.0`.
    pub fn without_prefix(name: &str) -> Option<Self> {
        let (repository, tag) = name.split_once(':')?;
        Self::find(repository, tag)
    }

    /// The whole name.
    pub fn name(&self) -> String {
        format!("aws/codebuild/{}:{}", self.repository, self.tag)
    }

    /// Returns the published image for this architecture that is the most similar; it may be this
    /// one.
    pub fn nearest_on(&self, architecture: Architecture) -> Option<String> {
        if self.architecture == architecture && self.is_published {
            return Some(self.name());
        }
        match self.nearest {
            Some((x86_64, aarch64)) => Some(match architecture {
                Architecture::X86_64 => x86_64.to_owned(),
                Architecture::Aarch64 => aarch64.to_owned(),
            }),
            None => curated()
                .find(|other| {
                    self.repository.contains("-lambda-")
                        && other.repository.contains("-lambda-")
                        && (other.tag, other.architecture) == (self.tag, architecture)
                })
                .map(|other| other.name()),
        }
    }

    /// Whether it has a runtime, in this version if one is given.
    pub fn offers(&self, runtime: &str, version: Option<&str>) -> bool {
        self.runtimes.iter().any(|(name, labels)| {
            *name == runtime && version.is_none_or(|version| labels.contains(&version))
        })
    }

    fn lambda(architecture: Architecture, tag: &'static str) -> Self {
        let (repository, former) = match architecture {
            Architecture::X86_64 => (
                "amazonlinux-x86_64-lambda-standard",
                "amazonlinux2-x86_64-lambda-standard",
            ),
            Architecture::Aarch64 => (
                "amazonlinux-aarch64-lambda-standard",
                "amazonlinux2-aarch64-lambda-standard",
            ),
        };
        Self {
            repository,
            tag,
            former: Some(former),
            architecture,
            system: System::Linux,
            is_published: true,
            runtimes: &[],
            nearest: None,
            note: Some("for Lambda compute: in the cloud no root, no docker, no cache, 15 minutes"),
        }
    }
}

impl FromStr for Curated {
    type Err = NotCurated;

    fn from_str(text: &str) -> Result<Self, NotCurated> {
        text.split_once(':')
            .and_then(|(repository, tag)| Self::find(repository, tag))
            .ok_or_else(|| NotCurated(text.to_owned()))
    }
}

/// The name is not that of a curated image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a curated image")]
pub struct NotCurated(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_found_by_both_names_and_by_release() {
        for (repository, tag, name) in [
            (
                "amazonlinux2-x86_64-standard",
                "5.0",
                "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            ),
            (
                "amazonlinux-x86_64-standard",
                "5.0-24.11.22",
                "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            ),
            ("standard", "7.0", "aws/codebuild/standard:7.0"),
            (
                "amazonlinux-aarch64-lambda-standard",
                "nodejs22",
                "aws/codebuild/amazonlinux-aarch64-lambda-standard:nodejs22",
            ),
        ] {
            assert_eq!(Curated::find(repository, tag).unwrap().name(), name);
        }
        assert_eq!(Curated::find("standard", "99.0"), None);
        assert_eq!(Curated::find("amazonlinux-x86_64-standard", "5.01"), None);
    }

    #[test]
    fn what_comes_nearest_is_published_and_for_that_processor() {
        for image in curated() {
            for architecture in [Architecture::X86_64, Architecture::Aarch64] {
                let Some(name) = image.nearest_on(architecture) else {
                    continue;
                };
                let nearest = curated().find(|other| other.name() == name).unwrap();
                assert!(nearest.is_published, "{name}");
                assert_eq!(nearest.architecture, architecture, "{name}");
            }
            // Whoever names an image that is not published is told of one that is.
            let lacks = !image.is_published && image.system == System::Linux;
            assert!(!lacks || image.nearest.is_some(), "{}", image.name());
        }
    }

    #[test]
    fn names_are_unique_and_runtimes_have_labels() {
        let names: Vec<String> = curated().map(|image| image.name()).collect();
        let unique: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
        for image in curated() {
            assert!(image.runtimes.iter().all(|(_, labels)| !labels.is_empty()));
        }
    }

    #[test]
    fn a_runtime_is_offered_by_its_label() {
        let image = Curated::find("standard", "8.0").unwrap();
        assert!(image.offers("nodejs", None));
        assert!(image.offers("nodejs", Some("22")));
        assert!(!image.offers("nodejs", Some("18")));
        assert!(!image.offers("cobol", None));
    }
}
