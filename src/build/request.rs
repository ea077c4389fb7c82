//! The request for a build.

use crate::plan::Settings;
use crate::settings::{BuildspecName, SourceError, SourceRequest, Sources};

/// The request for a build.
#[derive(Debug, Clone)]
pub struct Request {
    pub sources: Sources,
    pub buildspec: BuildspecName,
    pub settings: Settings,
}

impl Request {
    /// A build of a directory, with the buildspec that it has by default.
    pub fn of_directory(directory: &str, settings: Settings) -> Result<Self, SourceError> {
        Ok(Self {
            sources: Sources::find(&SourceRequest {
                sources: &[directory.to_owned()],
                ..SourceRequest::default()
            })?,
            buildspec: BuildspecName::Default,
            settings,
        })
    }
}
