//! Which image a build runs in, and how it is had.

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use super::Failure;
use crate::project::image::{
    Origin, Platform, PullPolicy, Pulling, Resolution, System, default_image,
};

/// The image that is meant.
#[derive(Debug, Clone, Args)]
pub(super) struct ImageArgs {
    /// Build image: a name, a curated one of CodeBuild included, or the id of a local image [default: the
    /// current Amazon Linux curated image].
    #[arg(short, long, value_name = "IMAGE")]
    image: Option<String>,

    /// When to pull the image: also when it is local, when it is not, or not at all [default: missing].
    #[arg(long, value_name = "WHEN")]
    pull: Option<PullArg>,

    /// Platform of the image, such as linux/arm64 [default: the engine's].
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<Platform>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PullArg {
    Always,
    Missing,
    Never,
}

impl ImageArgs {
    /// The name of the image. One that no engine for Linux containers can run is refused.
    pub(super) fn image(&self) -> Result<String, Failure> {
        let image = self.image.as_deref().unwrap_or(default_image());
        match Resolution::of(image).origin {
            Origin::OtherSystem(system) => {
                let system = match system {
                    System::Windows => "Windows",
                    System::MacOs => "macOS",
                    System::Linux => "Linux",
                };
                let error = anyhow!(
                    "`{image}` is an image for {system}, but cobuild runs Linux images only"
                );
                Err(Failure::usage(error).hint("`cobuild images` lists the curated images"))
            }
            _ => Ok(image.to_owned()),
        }
    }

    /// How it is had.
    pub(super) fn pulling(&self) -> Pulling {
        Pulling {
            policy: match self.pull {
                None => Pulling::default().policy,
                Some(PullArg::Always) => PullPolicy::Always,
                Some(PullArg::Missing) => PullPolicy::Missing,
                Some(PullArg::Never) => PullPolicy::Never,
            },
            platform: self.platform.clone(),
        }
    }
}
