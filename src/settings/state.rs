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

    /// Counts the builds of a project: 1, 2, 3, each number once, also for builds side by side.
    pub fn next_build_number(&self, project: &str) -> io::Result<u64> {
        let directory = self.path.join("build-numbers");
        std::fs::create_dir_all(&directory)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(directory.join(project))?;
        // Held until the file is closed.
        flock(&file, FlockOperation::LockExclusive)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        // A file that holds no number starts again.
        let number = text.trim().parse::<u64>().unwrap_or(0).saturating_add(1);
        file.rewind()?;
        file.set_len(0)?;
        write!(file, "{number}")?;
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_project_counts_for_itself() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDirectory::new(directory.path().join("made"));
        assert_eq!(state.next_build_number("a").unwrap(), 1);
        assert_eq!(state.next_build_number("a").unwrap(), 2);
        assert_eq!(state.next_build_number("b").unwrap(), 1);
    }
}
