//! What cobuild remembers from build to build.

use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;

use rustix::fs::{FlockOperation, flock};

use crate::host::{directory, file};

/// How many bytes a counter has at the most.
const LONGEST: u64 = 64;

/// The directory in which cobuild remembers.
#[derive(Debug, Clone)]
pub struct StateDirectory {
    path: PathBuf,
}

impl StateDirectory {
    /// Remembers below `path`, which is made when something is to be remembered.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Counts a build of a project: 1, 2, 3, each number once, also for builds side by side.
    pub fn take_build_number(&self, project: &str) -> io::Result<u64> {
        for made in [&self.path, &self.counters()] {
            directory::make_own(made)?;
        }
        let mut file = file::make_own(&self.counters().join(project))?;
        // Held until the file is closed.
        flock(&file, FlockOperation::LockExclusive)?;
        let mut text = String::new();
        (&file).take(LONGEST).read_to_string(&mut text)?;
        let number = after(&text);
        file.rewind()?;
        file.set_len(0)?;
        write!(file, "{number}")?;
        Ok(number)
    }

    /// Returns the number that the next build of a project will take.
    pub fn next_build_number(&self, project: &str) -> io::Result<u64> {
        match file::open_own(&self.counters().join(project)) {
            Ok(file) => {
                let text = file::read_whole(file, LONGEST)?;
                Ok(after(&String::from_utf8_lossy(&text)))
            }
            Err(error) if error.is_not_found() => Ok(1),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a project has been told that its cache is not kept.
    pub fn has_told_of_cache(&self, project: &str) -> bool {
        self.hints().join(project).exists()
    }

    /// Remembers that a project has been told so.
    pub fn note_told_of_cache(&self, project: &str) -> io::Result<()> {
        for made in [&self.path, &self.hints()] {
            directory::make_own(made)?;
        }
        file::make_own(&self.hints().join(project))?;
        Ok(())
    }

    fn hints(&self) -> PathBuf {
        self.path.join("cache-hints")
    }

    fn counters(&self) -> PathBuf {
        self.path.join("build-numbers")
    }
}

/// The number after the last one; a file that holds no number starts again.
fn after(last: &str) -> u64 {
    last.trim().parse::<u64>().unwrap_or(0).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_project_is_told_once() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDirectory::new(directory.path().join("made"));
        assert!(!state.has_told_of_cache("a"));
        state.note_told_of_cache("a").unwrap();
        assert!(state.has_told_of_cache("a"));
        assert!(!state.has_told_of_cache("b"));
    }

    #[test]
    fn each_project_counts_for_itself() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDirectory::new(directory.path().join("made"));
        assert_eq!(state.take_build_number("a").unwrap(), 1);
        assert_eq!(state.next_build_number("a").unwrap(), 2);
        assert_eq!(state.take_build_number("a").unwrap(), 2);
        assert_eq!(state.next_build_number("b").unwrap(), 1);
        assert_eq!(state.take_build_number("b").unwrap(), 1);
    }
}
