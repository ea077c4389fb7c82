//! The events of a build in a file that grows while the build runs.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Sink;
use super::replace::{create, named};
use crate::event::{Timestamped, line};

/// Writes every event as one line of JSON into a file, which can be followed.
#[derive(Debug)]
pub struct EventsFile {
    path: PathBuf,
    file: BufWriter<File>,
}

impl EventsFile {
    /// Makes a sink that writes into a new file at `path`; what was there before is replaced.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::new(create(path)?);
        let path = path.to_owned();
        Ok(Self { path, file })
    }
}

impl Sink for EventsFile {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        let line = line(event)?;
        self.file
            .write_all(line.as_bytes())
            .map_err(|error| named(&self.path, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| named(&self.path, &error))
    }
}
