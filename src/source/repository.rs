//! Finds the commit that a source version means.

use std::path::{Path, PathBuf};

use super::git::{GitError, answer, ask, command};

/// A git repository on this machine: a working tree with its `.git`, or a bare one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    directory: PathBuf,
    remote: Option<String>,
}

/// Why a directory is of no use as a repository.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// It is none, nor the root of one.
    #[error("`{}` is not the root of a git repository", directory.display())]
    NotARepository {
        /// The directory.
        directory: PathBuf,
        /// The root of the repository that it lies in.
        root: Option<PathBuf>,
    },
    /// Git itself cannot be run.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// A commit, and where it is to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The full id of the commit.
    pub commit: String,
    /// The name under which `origin` has it, when the repository itself does not.
    pub at_origin: Option<String>,
}

/// Why there is no commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotFound {
    /// Nothing goes by the name.
    Unknown,
    /// `origin` does not have it either.
    NotAtOrigin,
    /// There is no `origin` to ask for a pull request.
    NoOrigin,
    /// `origin` has no answer; why not.
    NoAnswer(String),
}

impl Repository {
    /// Opens the repository whose root is `directory`.
    pub async fn open(directory: &Path) -> Result<Self, RepositoryError> {
        let question = ["rev-parse", "--absolute-git-dir"];
        let data = match answer(command(directory).args(question)).await {
            Ok(data) => Some(PathBuf::from(data)),
            Err(GitError::Failed { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let is_bare = data.as_deref() == Some(directory);
        if data.is_none() || !(is_bare || directory.join(".git").exists()) {
            return Err(RepositoryError::NotARepository {
                directory: directory.to_path_buf(),
                root: ask(directory, &["rev-parse", "--show-toplevel"])
                    .await
                    .map(PathBuf::from),
            });
        }
        Ok(Self {
            remote: ask(directory, &["config", "--get", "remote.origin.url"]).await,
            directory: directory.to_path_buf(),
        })
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The address of its `origin`.
    pub fn remote(&self) -> Option<&str> {
        self.remote.as_deref()
    }

    /// Another repository on this machine with the same `origin`.
    pub(super) fn at(&self, directory: &Path) -> Self {
        Self {
            directory: directory.to_path_buf(),
            remote: self.remote.clone(),
        }
    }

    /// Finds the commit that `version` means: a full commit id, a branch (its own, else one of
    /// `origin`), a tag, `pr/N`, a full reference, a reference with a commit as `refs/…^{ID}`, the
    /// beginning of a commit id, or `HEAD`, in this order (the order is assumed).
    pub async fn find(&self, version: &str) -> Result<Result<Found, NotFound>, GitError> {
        for name in candidates(version) {
            if let Some(commit) = self.commit(&name).await {
                return Ok(Ok(Found {
                    commit,
                    at_origin: None,
                }));
            }
        }
        let Some(number) = pull_request(version) else {
            return Ok(Err(NotFound::Unknown));
        };
        if self.remote.is_none() {
            return Ok(Err(NotFound::NoOrigin));
        }
        let mut question = command(&self.directory);
        question.args(["ls-remote", "--quiet", "origin"]);
        let listed = match answer(question.args(pull_request_names(number))).await {
            Ok(listed) => listed,
            Err(GitError::Failed { complaint, .. }) => {
                return Ok(Err(NotFound::NoAnswer(complaint)));
            }
            Err(error) => return Err(error),
        };
        let found = listed.lines().find_map(|line| line.split_once('\t'));
        Ok(found.map_or(Err(NotFound::NotAtOrigin), |(commit, name)| {
            Ok(Found {
                commit: commit.to_owned(),
                at_origin: Some(name.to_owned()),
            })
        }))
    }

    async fn commit(&self, name: &str) -> Option<String> {
        let name = format!("{name}^{{commit}}");
        let question = ["rev-parse", "--verify", "--quiet", &name];
        ask(&self.directory, &question).await
    }
}

/// The names by which git may know a version, the likeliest first. None of them begins with `-`.
fn candidates(version: &str) -> Vec<String> {
    if let Some((reference, commit)) = reference_and_commit(version) {
        return if reference.starts_with("refs/") {
            vec![commit.to_owned()]
        } else {
            Vec::new()
        };
    }
    let is_hexadecimal = version.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_full_id = is_hexadecimal && matches!(version.len(), 40 | 64);
    if is_full_id {
        return vec![version.to_owned()];
    }
    if !is_reference_name(version) {
        return Vec::new();
    }
    let mut names = Vec::new();
    if version.starts_with("refs/") {
        names.push(version.to_owned());
    }
    names.extend([
        format!("refs/heads/{version}"),
        format!("refs/remotes/origin/{version}"),
        format!("refs/tags/{version}"),
    ]);
    if let Some(number) = pull_request(version) {
        names.extend(pull_request_names(number));
    }
    if (is_hexadecimal && version.len() >= 4) || version == "HEAD" {
        names.push(version.to_owned());
    }
    names
}

/// Splits `refs/heads/main^{ID}`, which says where a commit is to be found.
fn reference_and_commit(version: &str) -> Option<(&str, &str)> {
    let (reference, rest) = version.split_once("^{")?;
    let commit = rest.strip_suffix('}')?;
    let is_id = matches!(commit.len(), 40 | 64) && commit.bytes().all(|b| b.is_ascii_hexdigit());
    is_id.then_some((reference, commit))
}

/// Whether git could have a reference of this name: what else git reads, such as `main~2`, CodeBuild
/// does not.
fn is_reference_name(name: &str) -> bool {
    !name.is_empty()
        && !name.contains("..")
        && !name.contains("@{")
        && !name
            .chars()
            .any(|c| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\'))
}

/// The number of `pr/N`, or of `refs/pull/N/head`.
fn pull_request(version: &str) -> Option<&str> {
    let number = version.strip_prefix("pr/").or_else(|| {
        version
            .strip_prefix("refs/pull/")
            .or_else(|| version.strip_prefix("refs/merge-requests/"))
            .and_then(|rest| rest.strip_suffix("/head"))
    })?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(number)
}

/// What GitHub and GitLab call a pull request.
fn pull_request_names(number: &str) -> [String; 2] {
    [
        format!("refs/pull/{number}/head"),
        format!("refs/merge-requests/{number}/head"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_looked_for_under_the_names_it_may_have() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for (version, names) in [
            (id, vec![id]),
            (&format!("refs/heads/main^{{{id}}}"), vec![id]),
            (
                "main",
                vec![
                    "refs/heads/main",
                    "refs/remotes/origin/main",
                    "refs/tags/main",
                ],
            ),
            (
                "abcd",
                vec![
                    "refs/heads/abcd",
                    "refs/remotes/origin/abcd",
                    "refs/tags/abcd",
                    "abcd",
                ],
            ),
            (
                "pr/7",
                vec![
                    "refs/heads/pr/7",
                    "refs/remotes/origin/pr/7",
                    "refs/tags/pr/7",
                    "refs/pull/7/head",
                    "refs/merge-requests/7/head",
                ],
            ),
        ] {
            assert_eq!(candidates(version), names, "{version}");
        }
        for version in ["", "main~2", "main@{1}", ":/fix", "a..b", "HEAD^", "x y"] {
            assert!(candidates(version).is_empty(), "{version}");
        }
        for version in ["--all", "-x", "--output=/tmp/x"] {
            let names = candidates(version);
            assert!(names.iter().all(|name| name.starts_with("refs/")));
        }
    }

    #[test]
    fn a_pull_request_has_a_number() {
        assert_eq!(pull_request("pr/12"), Some("12"));
        assert_eq!(pull_request("refs/pull/3/head"), Some("3"));
        for version in ["pr/", "pr/x", "pr/1/2", "refs/pull/3/merge", "1"] {
            assert_eq!(pull_request(version), None, "{version}");
        }
    }
}
