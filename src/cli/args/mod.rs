//! The flags that describe a build, a file for each group of the help.

mod artifacts;
mod build;
mod buildspec;
mod cache;
mod container;
pub(crate) mod duration;
mod engine;
mod environment;
pub(crate) mod heading;
mod log;
mod output;
mod source;

pub(crate) use build::{BuildArgs, ResolvedBuild};
pub(crate) use cache::namespace;
pub(crate) use engine::{Connection, EngineArgs};
pub(crate) use log::LogArgs;
pub(crate) use output::{Format, OutputArgs, open_files};
