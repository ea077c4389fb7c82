//! Reads the configuration of a repository as data.

use std::fmt::Write as _;
use std::path::Path;

use super::command::{self, GitError};
use crate::host::file;

/// The longest configuration that is read.
const LONGEST: u64 = 1024 * 1024;

/// Names and values in order; the last value of a name counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Settings(Vec<(String, String)>);

impl Settings {
    /// Reads the configuration files of a git directory. Includes are ignored; an unreadable file
    /// is empty.
    ///
    /// Fails when git is not there.
    pub(super) async fn read(common: &Path, own: &Path) -> Result<Self, GitError> {
        let mut settings = Self::of_file(common, "config").await?;
        if settings.is_true("extensions.worktreeconfig") {
            let more = Self::of_file(own, "config.worktree").await?;
            settings.0.extend(more.0);
        }
        Ok(settings)
    }

    async fn of_file(directory: &Path, name: &str) -> Result<Self, GitError> {
        let text = file::open_beneath(directory, Path::new(name))
            .and_then(|file| file::read_whole(file, LONGEST));
        let text = match text {
            Ok(text) if !text.is_empty() => text,
            Ok(_) => return Ok(Self::default()),
            Err(error) => {
                let directory = directory.display();
                tracing::debug!(%error, %directory, name, "the configuration is not read");
                return Ok(Self::default());
            }
        };
        // Runs in `/`, where git finds no repository.
        let mut list = command::local(Path::new("/"))?;
        list.env("GIT_DIR", "/dev/null").args([
            "config",
            "--file",
            "-",
            "--no-includes",
            "--null",
            "--list",
        ]);
        // A value may be as long as the file.
        match command::output(&mut list, &text, 2 * LONGEST).await {
            Ok(listed) => Ok(Self::of_list(&listed)),
            Err(error @ GitError::Missing(_)) => Err(error),
            Err(error) => {
                tracing::debug!(%error, "the configuration is not understood");
                Ok(Self::default())
            }
        }
    }

    fn of_list(listed: &[u8]) -> Self {
        let listed = String::from_utf8_lossy(listed);
        let settings = listed.split('\0').filter(|setting| !setting.is_empty());
        Self(
            settings
                .map(|setting| match setting.split_once('\n') {
                    Some((name, value)) => (name.to_owned(), value.to_owned()),
                    // A name without `=`.
                    None => (setting.to_owned(), "true".to_owned()),
                })
                .collect(),
        )
    }

    /// The value of a name, which is given in lower case but for its middle part.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn is_true(&self, name: &str) -> bool {
        let value = self.get(name).map(str::to_ascii_lowercase);
        matches!(value.as_deref(), Some("true" | "yes" | "on" | "1"))
    }

    /// Returns the formats of objects and refs: the only settings that a replica copies.
    pub(super) fn format(&self) -> Format {
        let one_of = |name: &str, words: &[&'static str]| {
            let value = self.get(name).map(str::to_ascii_lowercase)?;
            words.iter().copied().find(|word| value == *word)
        };
        Format {
            objects: one_of("extensions.objectformat", &["sha1", "sha256"]),
            refs: one_of("extensions.refstorage", &["files", "reftable"]),
        }
    }

    /// The address of the remote `origin`.
    pub(super) fn origin(&self) -> Option<&str> {
        self.get("remote.origin.url").filter(|url| !url.is_empty())
    }

    /// Where the working tree is, as a submodule has it.
    pub(super) fn work_tree(&self) -> Option<&str> {
        self.get("core.worktree")
    }
}

/// The formats of a repository, in git's words; `None` is the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Format {
    /// `extensions.objectFormat`.
    pub(super) objects: Option<&'static str>,
    /// `extensions.refStorage`.
    pub(super) refs: Option<&'static str>,
}

impl Format {
    /// The configuration of a repository of this format, and nothing more.
    pub(super) fn configuration(self, is_bare: bool) -> String {
        let extensions: Vec<(&str, &str)> =
            [("objectFormat", self.objects), ("refStorage", self.refs)]
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect();
        let mut text = format!(
            "[core]\n\trepositoryformatversion = {}\n\tfilemode = true\n\tbare = {is_bare}\n",
            u8::from(!extensions.is_empty())
        );
        if !is_bare {
            text.push_str("\tlogallrefupdates = true\n");
        }
        if !extensions.is_empty() {
            text.push_str("[extensions]\n");
            for (name, value) in extensions {
                let _ = writeln!(text, "\t{name} = {value}");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_configuration_is_read_and_not_obeyed() {
        let tree = tempfile::tempdir().unwrap();
        let included = tree.path().join("included");
        fs::write(&included, "[remote \"origin\"]\n\turl = included\n").unwrap();
        let text = format!(
            "[remote \"origin\"]\n\turl = one\n\turl = \"two\\n three\"\n[core]\n\tworktree = ../x\n\tbare\n\
             [extensions]\n\tworktreeConfig = On\n\tobjectFormat = SHA256\n\trefStorage = sh -c x\n\
             [include]\n\tpath = {}\n[alias]\n\tconfig = !touch marker\n",
            included.display()
        );
        fs::write(tree.path().join("config"), text).unwrap();
        fs::write(
            tree.path().join("config.worktree"),
            "[core]\n\tworktree = ../y\n",
        )
        .unwrap();
        let settings = Settings::read(tree.path(), tree.path()).await.unwrap();
        assert_eq!(settings.origin(), Some("two\n three"));
        assert_eq!(settings.work_tree(), Some("../y"));
        assert_eq!(settings.get("core.bare"), Some("true"));
        let format = Format {
            objects: Some("sha256"),
            refs: None,
        };
        assert_eq!(settings.format(), format);
        assert!(format.configuration(true).contains("objectFormat = sha256"));
        assert!(!tree.path().join("marker").exists());
    }

    #[tokio::test]
    async fn what_is_no_configuration_is_empty() {
        let tree = tempfile::tempdir().unwrap();
        let read = || async { Settings::read(tree.path(), tree.path()).await.unwrap() };
        assert_eq!(read().await, Settings::default());
        for text in ["", "[core\n", "\0\u{1}"] {
            fs::write(tree.path().join("config"), text).unwrap();
            assert_eq!(read().await.origin(), None, "{text:?}");
        }
    }
}
