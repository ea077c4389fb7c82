//! Runs AWS CodeBuild buildspecs on one's own machine, through the Docker API.

pub mod buildspec;
pub mod cli;
pub mod collect;
pub mod engine;
pub mod event;
pub mod exit;
pub mod phase;
pub mod plan;
pub mod project;
pub mod runner;
pub mod settings;
pub mod sinks;
pub mod source;
