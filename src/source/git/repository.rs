//! Resolves a source version to a commit.

use std::path::{Path, PathBuf};

use super::command::{self, GitError, answer};
use super::directory::{AllowedDirectories, DirectoryError, GitDirectory, is_object_id};
use super::objects::Missing;
use super::origin::Origin;
use super::replica::{Replica, ReplicaError};

/// A git repository on this machine, bare or with a working tree, and its replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    directory: PathBuf,
    remote: Option<String>,
    bounds: AllowedDirectories,
    pub(super) replica: Replica,
    /// The replica of an `origin` on this machine.
    origin: Option<Box<Replica>>,
}

/// Why a directory cannot be used as a repository.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    #[error("`{}` is not the root of a git repository", directory.display())]
    NotARepository {
        directory: PathBuf,
        /// The root of the repository that it lies in.
        root: Option<PathBuf>,
    },
    #[error("`{}` points to `{}`, which does not point back to it", link.display(), target.display())]
    OutOfBounds { link: PathBuf, target: PathBuf },
    #[error("cannot use the git repository `{}`: {reason}", directory.display())]
    Unusable { directory: PathBuf, reason: String },
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    #[error(transparent)]
    Git(#[from] GitError),
}

/// A commit, and where to fetch it from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedCommit {
    /// The full id of the commit.
    pub commit: String,
    /// The name under which `origin` has it, when the repository itself does not.
    pub at_origin: Option<String>,
}

/// Why a version has no commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionNotFound {
    Unknown,
    /// `origin` does not have it either.
    NotAtOrigin,
    /// There is no `origin` to ask for a pull request.
    NoOrigin,
    /// `origin` is a directory of this machine that the user has not named.
    OriginOutOfBounds(PathBuf),
    /// `origin` has no answer; why not.
    NoAnswer(String),
}

impl Repository {
    /// Opens the repository with the root `directory`. Creates the directory `place`, which the
    /// caller removes.
    pub async fn open(
        directory: &Path,
        mut bounds: AllowedDirectories,
        place: &Path,
    ) -> Result<Self, RepositoryError> {
        let located = match GitDirectory::locate(directory, &mut bounds).await {
            Ok(None) => GitDirectory::bare(directory, &mut bounds).await,
            located => located,
        };
        let git = match located {
            Ok(Some(git)) => git,
            Ok(None) => {
                let is_root = |directory: &&Path| directory.join(".git").exists();
                let root = directory.ancestors().skip(1).find(is_root);
                return Err(RepositoryError::NotARepository {
                    directory: directory.to_path_buf(),
                    root: root.map(Path::to_path_buf),
                });
            }
            Err(DirectoryError::Git(error)) => return Err(error.into()),
            Err(DirectoryError::OutOfBounds { link, target }) => {
                return Err(RepositoryError::OutOfBounds { link, target });
            }
            Err(error) => {
                return Err(RepositoryError::Unusable {
                    directory: directory.to_path_buf(),
                    reason: error.to_string(),
                });
            }
        };
        std::fs::create_dir_all(place).map_err(ReplicaError::Write)?;
        Ok(Self {
            replica: Replica::of_refs(&git, &bounds, &place.join("own")).await?,
            remote: git.settings.origin().map(str::to_owned),
            directory: directory.to_path_buf(),
            bounds,
            origin: None,
        })
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The address of its `origin`.
    pub fn remote(&self) -> Option<&str> {
        self.remote.as_deref()
    }

    /// The stores that it borrows from and may not use, each with the borrowing store; `true` for
    /// one that exists but does not belong to the repository.
    pub fn missing(&self) -> impl Iterator<Item = (&Path, &Path, bool)> {
        let missing = self.replica.missing().iter();
        missing.map(|it: &Missing| (it.store.as_path(), it.target.as_path(), it.is_there))
    }

    /// Finds the commit that `version` means: a full commit id, a branch (its own, else one of
    /// `origin`), a tag, `pr/N`, a full reference, a reference with a commit as `refs/…^{ID}`, the
    /// beginning of a commit id, or `HEAD`, in this order (the order is assumed).
    pub async fn find(
        &mut self,
        version: &str,
    ) -> Result<Result<ResolvedCommit, VersionNotFound>, GitError> {
        for name in candidates(version) {
            if let Some(commit) = commit(&self.replica, &name).await? {
                let at_origin = None;
                return Ok(Ok(ResolvedCommit { commit, at_origin }));
            }
        }
        let Some(number) = pull_request(version) else {
            return Ok(Err(VersionNotFound::Unknown));
        };
        let Some(address) = &self.remote else {
            return Ok(Err(VersionNotFound::NoOrigin));
        };
        let names = pull_request_names(number);
        match Origin::read(address, &self.directory) {
            Origin::Here(path) => self.find_here(&path, &names).await,
            Origin::Elsewhere(address) => self.find_elsewhere(&address, &names).await,
        }
    }

    /// Looks for the version in an `origin` on this machine.
    async fn find_here(
        &mut self,
        path: &Path,
        names: &[String],
    ) -> Result<Result<ResolvedCommit, VersionNotFound>, GitError> {
        let Ok(path) = path.canonicalize() else {
            let reason = format!("`{}` does not exist", path.display());
            return Ok(Err(VersionNotFound::NoAnswer(reason)));
        };
        if !self.bounds.hold(&path) {
            return Ok(Err(VersionNotFound::OriginOutOfBounds(path)));
        }
        let place = self.replica.home().with_file_name("origin");
        let opened = Box::pin(Self::open(&path, self.bounds.clone(), &place)).await;
        let origin = match opened {
            Ok(origin) => origin.replica,
            Err(RepositoryError::Git(error)) => return Err(error),
            Err(error) => return Ok(Err(VersionNotFound::NoAnswer(error.to_string()))),
        };
        for name in names {
            if let Some(commit) = commit(&origin, name).await? {
                self.origin = Some(Box::new(origin));
                let at_origin = Some(name.clone());
                return Ok(Ok(ResolvedCommit { commit, at_origin }));
            }
        }
        Ok(Err(VersionNotFound::NotAtOrigin))
    }

    /// Looks for the version in an `origin` on another machine.
    async fn find_elsewhere(
        &self,
        address: &str,
        names: &[String],
    ) -> Result<Result<ResolvedCommit, VersionNotFound>, GitError> {
        let mut question = command::remote(self.replica.home())?;
        question.env("GIT_DIR", self.replica.directory());
        question.args(["ls-remote", "--quiet", "--", address]);
        let listed = match answer(question.args(names)).await {
            Ok(listed) => listed,
            Err(GitError::Failed { complaint, .. }) => {
                return Ok(Err(VersionNotFound::NoAnswer(complaint)));
            }
            Err(error) => return Err(error),
        };
        let found = listed
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .find(|(commit, name)| is_object_id(commit) && names.iter().any(|it| it == name));
        Ok(
            found.map_or(Err(VersionNotFound::NotAtOrigin), |(commit, name)| {
                Ok(ResolvedCommit {
                    commit: commit.to_owned(),
                    at_origin: Some(name.to_owned()),
                })
            }),
        )
    }

    /// Where `origin` is fetched from.
    pub(super) fn origin(&self) -> Option<OriginAt<'_>> {
        if let Some(replica) = &self.origin {
            return Some(OriginAt::Replica(replica));
        }
        match Origin::read(self.remote()?, &self.directory) {
            Origin::Elsewhere(address) => Some(OriginAt::Address(address)),
            Origin::Here(_) => None,
        }
    }
}

/// Where an `origin` is fetched from.
pub(super) enum OriginAt<'a> {
    Address(String),
    /// The replica of a repository on this one.
    Replica(&'a Replica),
}

/// Resolves a name in a replica.
async fn commit(replica: &Replica, name: &str) -> Result<Option<String>, GitError> {
    let name = format!("{name}^{{commit}}");
    let mut question = command::local(replica.home())?;
    question.env("GIT_DIR", replica.directory());
    question.args(["rev-parse", "--verify", "--quiet", &name]);
    match answer(&mut question).await {
        Ok(commit) => Ok(Some(commit).filter(|commit| is_object_id(commit))),
        Err(error @ GitError::Missing(_)) => Err(error),
        Err(error) => {
            tracing::debug!(name, %error, "git knows no such commit");
            Ok(None)
        }
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

/// Splits `refs/heads/main^{ID}` into the ref and the commit.
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
