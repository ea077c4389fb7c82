//! The exported variables as an env file, for the next build or step to read.

use std::io;
use std::path::PathBuf;

use super::Sink;
use super::replace::replace;
use crate::event::{BuildEvent, Event, ExportedVariable, Timestamped};

/// Writes the exported variables into a file when the build ends, one `NAME=VALUE` a line; an empty
/// file when there are none, so that nobody takes those of an earlier build for these.
///
/// A value of several lines has no place in an env file and is left out; the summary says so.
#[derive(Debug)]
pub struct ExportFile {
    path: PathBuf,
    text: String,
}

impl ExportFile {
    /// Makes a sink that writes to `path`.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            text: String::new(),
        }
    }
}

/// Whether an env file can hold a value.
pub(super) fn has_line(value: &str) -> bool {
    !value.contains(['\n', '\r'])
}

impl Sink for ExportFile {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        match &event.event {
            Event::Build(BuildEvent::VariablesExported { variables }) => {
                for ExportedVariable { name, value } in variables {
                    if has_line(value) {
                        self.text.extend([name, "=", value, "\n"]);
                    }
                }
                Ok(())
            }
            Event::Build(BuildEvent::Finished { .. }) => replace(&self.path, self.text.as_bytes()),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
