//! A project as CodeBuild knows it: its name, its image and the kind of its source.

pub mod image;
mod remote;
mod source_kind;

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

pub use source_kind::{Fallback, KindName, SourceKind};

/// How many characters the name of a project has.
const SHORTEST: usize = 2;
const LONGEST: usize = 150;

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
        .take(LONGEST)
        .collect();
    if name.len() < SHORTEST {
        "local".to_owned()
    } else {
        name
    }
}

/// How much of a project's name is in that of its identity, and of what is called after it.
const READABLE: usize = 60;

/// Returns the beginning of a project's name, for names that hold more than it.
pub fn readable(project: &str) -> &str {
    project
        .char_indices()
        .nth(READABLE)
        .map_or(project, |(end, _)| &project[..end])
}

/// The name that a user gives a project: 2 to 150 of letters, digits, `-` and `_`, with a letter or digit first
/// (contract §8.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectName(String);

impl ProjectName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProjectName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !text.chars().all(is_known) {
            Err("it may have letters, digits, `-` and `_` only".to_owned())
        } else if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            Err("it must begin with a letter or a digit".to_owned())
        } else if !(SHORTEST..=LONGEST).contains(&text.len()) {
            Err(format!("it must have {SHORTEST} to {LONGEST} characters"))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// What tells a project from every other on this machine, also from one of the same name: where its
/// source is (assumed). A version of a repository is of the same project as the repository; another
/// checkout or worktree is another project, since all that it says of itself is a tree's own word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub name: String,
    /// The full path of its source, for people.
    pub path: String,
}

impl Identity {
    /// The identity of a source that goes by this name, at its full path.
    pub fn new(name: &str, path: &Path) -> Self {
        let name = project_name(name);
        let name = readable(&name);
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
    fn a_name_is_one_that_codebuild_takes() {
        let most = "x".repeat(150);
        for name in ["ab", "My_app-2", "0-", &most] {
            assert_eq!(name.parse::<ProjectName>().unwrap().as_str(), name);
            assert_eq!(project_name(name), name);
        }
        let longer = "x".repeat(151);
        for name in ["", "a", "-a", "_a", "a b", "a.b", "aé", "a/b", &longer] {
            assert!(name.parse::<ProjectName>().is_err(), "{name}");
        }
    }

    #[test]
    fn a_directory_name_becomes_a_project_name() {
        assert_eq!(project_name("my.app"), "my-app");
        assert_eq!(project_name(".hidden_one"), "hidden_one");
        assert_eq!(project_name("é"), "local");
        assert_eq!(project_name(&"x".repeat(200)).len(), 150);
    }
}
