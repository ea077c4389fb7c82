//! The namespace that is meant.

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::namespace;
use crate::cli::failure::Failure;
use crate::settings::{SourceRequest, Sources};

/// A namespace, by its name or by the project whose it is.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Source directory or zip file of the project [default: .].
    #[arg(short, long, value_name = "DIR", conflicts_with = "cache_namespace")]
    source: Option<PathBuf>,

    /// A namespace, as `cobuild cache list` has it.
    #[arg(long, value_name = "NAME", value_parser = namespace)]
    cache_namespace: Option<String>,
}

impl Which {
    pub(super) fn name(&self) -> Result<String, Failure> {
        if let Some(name) = &self.cache_namespace {
            return Ok(name.clone());
        }
        let source = self.source.as_ref().map(|it| it.display().to_string());
        let sources = Sources::find(&SourceRequest {
            sources: source.as_slice(),
            ..SourceRequest::default()
        });
        Ok(sources.map_err(Failure::usage)?.primary.identity().name)
    }
}
