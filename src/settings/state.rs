//! What cobuild remembers from build to build.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;

use rustix::fs::{FlockOperation, flock};

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
        std::fs::create_dir_all(self.counters())?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.counters().join(project))?;
        // Held until the file is closed.
        flock(&file, FlockOperation::LockExclusive)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let number = after(&text);
        file.rewind()?;
        file.set_len(0)?;
        write!(file, "{number}")?;
        Ok(number)
    }

    /// Returns the number that the next build of a project will take.
    pub fn next_build_number(&self, project: &str) -> io::Result<u64> {
        match std::fs::read_to_string(self.counters().join(project)) {
            Ok(text) => Ok(after(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(1),
            Err(error) => Err(error),
        }
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
