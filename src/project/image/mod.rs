//! Names of build images: their syntax, the curated images, and where to get an image (contract
//! §8.6).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod catalog;
mod curated;
mod name;
mod platform;
mod resolution;
mod table;

pub use catalog::curated;
pub use curated::{Architecture, Curated, System};
pub use name::{ImageName, NameError};
pub use platform::{Platform, PlatformError};
pub use resolution::{Origin, Resolution};

/// The current Amazon Linux curated image for this machine's architecture (contract §8.6).
pub fn default_image() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "aws/codebuild/amazonlinux-aarch64-standard:4.0"
    } else {
        "aws/codebuild/amazonlinux-x86_64-standard:6.0"
    }
}

/// When an image is pulled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PullPolicy {
    /// Always, even if it is local.
    Always,
    /// If it is not local.
    #[default]
    Missing,
    /// Never.
    Never,
}

/// How an image is pulled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pulling {
    /// The pull policy.
    pub policy: PullPolicy,
    /// The requested platform.
    pub platform: Option<Platform>,
}
