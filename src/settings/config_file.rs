//! Finds and reads the files of settings: that of the user, and that of a project.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::Environment;
use crate::host::file::{self, FileError};
use crate::host::{directory, untrusted_trees};

/// The name of a file of settings, of a project's and of the user's.
pub const CONFIG_FILE: &str = "cobuild.toml";

/// How many bytes such a file has at the most.
const MOST_BYTES: u64 = 1024 * 1024;

/// Others may write it.
const OTHERS_WRITE: u32 = 0o002;

/// A file of settings that has been read.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    /// Its full path.
    pub path: PathBuf,
    pub content: Vec<u8>,
}

impl ConfigFile {
    /// The directory in which it lies.
    pub fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// Its path as people at work in the current directory know it.
    pub fn shown(&self) -> String {
        let here = std::env::current_dir().and_then(|here| here.canonicalize());
        let below = here.as_ref().map(|here| self.path.strip_prefix(here));
        match below {
            Ok(Ok(below)) => below.display().to_string(),
            _ => self.path.display().to_string(),
        }
    }
}

/// Why a file of settings is not read.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the settings in `{}`", path.display())]
pub struct ConfigFileError {
    pub path: PathBuf,
    #[source]
    pub source: FileError,
}

/// What was looked for above a source.
#[derive(Debug, Clone, Default)]
pub struct ProjectConfig {
    pub file: Option<ConfigFile>,
    /// Files on the way that another user has put there, with the number of that user.
    pub foreign: Vec<(PathBuf, u32)>,
}

/// Reads the user's own file, where there is one.
pub fn read_user_config(environment: &Environment) -> Result<Option<ConfigFile>, ConfigFileError> {
    let Some(directory) = environment.config_directory() else {
        return Ok(None);
    };
    let path = directory.join(CONFIG_FILE);
    let read = || {
        let file = file::open(&path)?;
        let found = file.metadata()?;
        if ![0, directory::user()].contains(&found.uid()) {
            return Err(FileError::Foreign(found.uid()));
        }
        if found.mode() & OTHERS_WRITE != 0 {
            return Err(FileError::Writable);
        }
        file::read_whole(file, MOST_BYTES)
    };
    match read() {
        Ok(content) => Ok(Some(ConfigFile { path, content })),
        Err(error) if error.is_not_found() => Ok(None),
        Err(source) => Err(ConfigFileError { path, source }),
    }
}

/// Finds the file of the project that a source belongs to: in the source, or above it up to the
/// repository's root. No link leads out of the repository, or out of a source that is in none.
pub fn find_project_config(source: &Path) -> Result<ProjectConfig, ConfigFileError> {
    let mut project = ProjectConfig::default();
    let Some(source) = source.canonicalize().ok().filter(|it| it.is_dir()) else {
        // Whoever builds it says why it cannot be used, or it is a zip file.
        return Ok(project);
    };
    let root = untrusted_trees::repository(&source).unwrap_or_else(|| source.clone());
    let owner = owner(&source);
    for directory in source.ancestors().take_while(|it| it.starts_with(&root)) {
        let path = directory.join(CONFIG_FILE);
        match read_project_config(&root, &path) {
            Ok((content, by)) => {
                // Above the source there may be directories in which everybody can write.
                let is_known = [Some(0), Some(directory::user()), owner].contains(&Some(by));
                if directory == source || is_known {
                    project.file = Some(ConfigFile { path, content });
                    break;
                }
                project.foreign.push((path, by));
            }
            Err(error) if error.is_not_found() => {}
            Err(source) => return Err(ConfigFileError { path, source }),
        }
    }
    Ok(project)
}

fn owner(path: &Path) -> Option<u32> {
    path.metadata().ok().map(|found| found.uid())
}

/// Returns the content of a project's file, and whose it is.
fn read_project_config(root: &Path, path: &Path) -> Result<(Vec<u8>, u32), FileError> {
    let below = path.strip_prefix(root).map_err(io::Error::other)?;
    let file = file::open_within(root, below)?;
    let owner = file.metadata()?.uid();
    Ok((file::read_whole(file, MOST_BYTES)?, owner))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn found(source: &Path) -> Option<PathBuf> {
        find_project_config(source).unwrap().file.map(|it| it.path)
    }

    #[test]
    fn it_is_looked_for_up_to_the_root_of_the_repository() {
        let place = tempfile::tempdir().unwrap();
        let place = place.path().canonicalize().unwrap();
        let app = place.join("re po/app");
        fs::create_dir_all(&app).unwrap();
        let above = place.join(CONFIG_FILE);
        let of_repository = place.join("re po").join(CONFIG_FILE);
        fs::write(&above, "").unwrap();
        fs::write(&of_repository, "").unwrap();
        assert_eq!(found(&app), None, "without a repository");
        fs::create_dir(place.join("re po/.git")).unwrap();
        assert_eq!(found(&app), Some(of_repository.clone()));
        let own = app.join(CONFIG_FILE);
        fs::write(&own, "").unwrap();
        assert_eq!(found(&app), Some(own.clone()));
        fs::remove_file(own).unwrap();
        fs::remove_file(of_repository).unwrap();
        assert_eq!(found(&app), None, "never above the root");
        assert_eq!(found(&above), None, "a file has none");
        assert_eq!(found(&place.join("gone")), None);
    }

    #[test]
    fn no_link_leads_out_and_nothing_without_an_end_is_read() {
        let place = tempfile::tempdir().unwrap();
        let source = place.path().join("source");
        fs::create_dir(&source).unwrap();
        fs::write(place.path().join("outside"), "").unwrap();
        let path = source.join(CONFIG_FILE);
        let refused = || {
            let error = find_project_config(&source).unwrap_err();
            fs::remove_file(&path).unwrap();
            error.source
        };
        symlink("../outside", &path).unwrap();
        assert!(matches!(refused(), FileError::LeadsOut(_)));
        fs::write(&path, vec![b'#'; 10 * 1024 * 1024]).unwrap();
        assert!(matches!(refused(), FileError::TooLong(_)));
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let pipe = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &path, pipe, mode, 0).unwrap();
        assert!(matches!(refused(), FileError::NotRegular("a pipe")));
        fs::write(source.join("real"), "").unwrap();
        symlink("real", &path).unwrap();
        assert!(found(&source).is_some());
    }
}
