//! The images that CodeBuild itself offers (contract §8.6).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::platform::Platform;
use crate::wire::text_form;

/// An image that CodeBuild offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Curated {
    /// The name after `aws/codebuild/`, without its tag.
    pub repository: &'static str,
    pub tag: &'static str,
    /// The repository's name until November 2024, which stays valid.
    pub former: Option<&'static str>,
    pub architecture: Architecture,
    pub system: System,
    pub is_published: bool,
    /// The labels of `runtimes.yml`, by runtime.
    pub runtimes: &'static [(&'static str, &'static [&'static str])],
    /// The published images that come nearest, for `x86_64` and for `aarch64`.
    pub nearest: Option<(&'static str, &'static str)>,
    /// What people should know of it.
    pub note: Option<&'static str>,
}

text_form!(Curated);

impl std::fmt::Display for Curated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.repository, self.tag)
    }
}

/// A processor architecture of CodeBuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    X86_64,
    Aarch64,
}

/// An operating system of CodeBuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// The one that cobuild runs.
    Linux,
    /// Windows.
    Windows,
    /// macOS.
    MacOs,
}

impl Architecture {
    /// Its name in `uname -m` and in names of images.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// Recognizes the architecture that an engine reports.
    pub fn of_engine(name: &str) -> Option<Self> {
        match name {
            "x86_64" | "amd64" => Some(Self::X86_64),
            "aarch64" | "arm64" => Some(Self::Aarch64),
            _ => None,
        }
    }

    /// Returns the platform of Linux on this architecture.
    pub fn platform(self) -> Platform {
        Platform::linux(self.name())
    }
}
