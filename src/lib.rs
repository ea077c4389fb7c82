//! Runs AWS CodeBuild buildspecs on one's own machine, through the Docker API.

pub mod exit;
pub mod phase;
