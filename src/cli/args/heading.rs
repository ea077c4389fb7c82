//! The groups under which the help lists flags, in its order.

/// The sources of a build.
pub(crate) const SOURCE: &str = "Source";
/// The image and the variables.
pub(crate) const ENVIRONMENT: &str = "Environment";
/// The buildspec, and which of its commands run.
pub(crate) const BUILDSPEC: &str = "Buildspec";
/// What the container gets of the machine.
pub(crate) const CONTAINER: &str = "Container";
/// What is kept between builds.
pub(crate) const CACHE: &str = "Cache";
/// What the build leaves.
pub(crate) const ARTIFACTS: &str = "Artifacts";
/// Looking into a build.
pub(crate) const DEBUGGING: &str = "Debugging";
/// What is shown and written of a build.
pub(crate) const OUTPUT: &str = "Output";
/// The engine that runs containers.
pub(crate) const ENGINE: &str = "Engine";
/// Files of settings.
pub(crate) const CONFIGURATION: &str = "Configuration";
/// What every command takes.
pub(crate) const GLOBAL: &str = "Global options";
