//! The finished build as JSON, in the shape of one element of `builds[]` of BatchGetBuilds.

use std::io;
use std::path::PathBuf;

use super::Sink;
use super::replace::replace;
use crate::event::{BuildEvent, Event, Timestamped};
use crate::record::BuildRecord;

/// Writes a build's record into a file when the build ends, all or nothing.
#[derive(Debug)]
pub struct BuildJson {
    path: PathBuf,
    record: Option<BuildRecord>,
}

impl BuildJson {
    /// Makes a sink that writes to `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path, record: None }
    }
}

impl Sink for BuildJson {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        BuildRecord::observe(&mut self.record, event);
        match (&event.event, &self.record) {
            (Event::Build(BuildEvent::Finished { .. }), Some(record)) => {
                let mut text = serde_json::to_vec_pretty(record)?;
                text.push(b'\n');
                replace(&self.path, &text)
            }
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
