//! A project as CodeBuild knows it: its name, its image and the kind of its source.

pub mod image;
mod source_kind;

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

pub use source_kind::{Fallback, KindName, SourceKind};

/// Makes a project name out of any text: CodeBuild allows letters, digits, `-` and `_`, 2 to 150 of
/// them, with a letter or digit first (contract §8.1).
pub fn project_name(text: &str) -> String {
    let name: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .take(150)
        .collect();
    if name.len() < 2 {
        "local".to_owned()
    } else {
        name
    }
}

/// How many characters of the name an identity contains.
const READABLE: usize = 60;

/// Identifies a project on this machine by the path of its source (assumed), so that projects of
/// one name differ. A version of a repository belongs to the project of the repository; another
/// checkout or worktree is another project, since what a tree says about itself is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub name: String,
    /// The full path of its source, for people.
    pub path: String,
}

impl Identity {
    /// The identity of a source that goes by this name, at its full path.
    pub fn new(name: &str, path: &Path) -> Self {
        let name: String = project_name(name).chars().take(READABLE).collect();
        let digest = Sha256::digest(path.as_os_str().as_bytes());
        let digits = digest.iter().take(8);
        let digits = digits.fold(0_u64, |digits, byte| digits << 8 | u64::from(*byte));
        Self {
            name: format!("{name}-{digits:016x}"),
            path: path.display().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_of_one_name_are_told_apart_by_their_places() {
        let identity = |path: &str| Identity::new("my.app", Path::new(path));
        assert!(identity("/a/my.app").name.starts_with("my-app-"));
        assert_eq!(identity("/a/my.app").path, "/a/my.app");
        assert_eq!(identity("/a/my.app"), identity("/a/my.app"));
        assert_ne!(identity("/a/my.app").name, identity("/b/my.app").name);
        let long = Identity::new(&"x".repeat(200), Path::new("/x"));
        assert!(long.name.len() <= 80, "a namespace of the command line");
    }

    #[test]
    fn a_directory_name_becomes_a_project_name() {
        assert_eq!(project_name("my.app"), "my-app");
        assert_eq!(project_name(".hidden_one"), "hidden_one");
        assert_eq!(project_name("é"), "local");
        assert_eq!(project_name(&"x".repeat(200)).len(), 150);
    }
}
