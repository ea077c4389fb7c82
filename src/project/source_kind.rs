//! The kind of a source, which decides its place in the container and some of its variables.

/// The kind of a source (contract §3.3, §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceKind {
    /// A GitHub repository; its tree lies in the manner of a GOPATH.
    GitHub {
        /// The owner of the repository.
        owner: String,
        /// The repository's name without `.git`.
        repository: String,
        /// The clone URL, over HTTPS.
        url: String,
    },
    /// A CodeCommit repository.
    CodeCommit {
        /// The repository's region.
        region: String,
        /// The repository's name.
        repository: String,
        /// The clone URL, over HTTPS.
        url: String,
    },
    /// Anything else: a plain tree, laid out as one from S3 (assumed).
    Plain,
}

impl SourceKind {
    /// Tells the kind from the address of a git remote.
    pub fn of_remote(remote: &str) -> Self {
        let Some((host, path)) = host_and_path(remote) else {
            return Self::Plain;
        };
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [owner, repository] if host == "github.com" => Self::GitHub {
                owner: (*owner).to_owned(),
                repository: without_suffix(repository).to_owned(),
                // The cloud clones over HTTPS, whatever the local remote uses.
                url: format!("https://github.com/{owner}/{repository}"),
            },
            ["v1", "repos", repository] => {
                let region = host
                    .strip_prefix("git-codecommit.")
                    .and_then(|rest| rest.strip_suffix(".amazonaws.com"));
                region.map_or(Self::Plain, |region| Self::CodeCommit {
                    region: region.to_owned(),
                    repository: (*repository).to_owned(),
                    url: format!("https://{host}/v1/repos/{repository}"),
                })
            }
            _ => Self::Plain,
        }
    }

    /// Returns the source type as the API names it.
    pub fn api_name(&self) -> &'static str {
        match self {
            Self::GitHub { .. } => "GITHUB",
            Self::CodeCommit { .. } => "CODECOMMIT",
            Self::Plain => "S3",
        }
    }

    /// Returns the path of the tree below `src`, empty for a plain source.
    pub fn path_below_src(&self) -> String {
        match self {
            Self::GitHub {
                owner, repository, ..
            } => format!("github.com/{owner}/{repository}"),
            Self::CodeCommit {
                region, repository, ..
            } => format!("git-codecommit.{region}.amazonaws.com/v1/repos/{repository}"),
            Self::Plain => String::new(),
        }
    }

    /// Returns the clone URL, when the source is a repository the cloud could clone.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::GitHub { url, .. } | Self::CodeCommit { url, .. } => Some(url),
            Self::Plain => None,
        }
    }

    /// Returns the log's words for the source in `Setting HTTP client timeout …`; for CodeCommit
    /// none is known.
    pub fn log_words(&self) -> Option<&'static str> {
        match self {
            Self::GitHub { .. } => Some("Github and GitHub Enterprise sources"),
            Self::CodeCommit { .. } => None,
            Self::Plain => Some("S3 source"),
        }
    }
}

/// Splits `https://host/path`, `ssh://git@host/path` and `git@host:path`.
fn host_and_path(remote: &str) -> Option<(&str, &str)> {
    let (authority, path) = match remote.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => remote.split_once(':')?,
    };
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host);
    Some((host, path))
}

fn without_suffix(repository: &str) -> &str {
    repository.strip_suffix(".git").unwrap_or(repository)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_github_remote_of_any_form_lies_like_a_gopath() {
        for remote in [
            "https://github.com/owner/repo.git",
            "https://user:token@github.com/owner/repo.git",
            "git@github.com:owner/repo.git",
            "ssh://git@github.com:22/owner/repo.git",
        ] {
            let kind = SourceKind::of_remote(remote);
            assert_eq!(kind.path_below_src(), "github.com/owner/repo", "{remote}");
            assert_eq!(kind.url(), Some("https://github.com/owner/repo.git"));
        }
    }

    #[test]
    fn a_codecommit_remote_keeps_its_region() {
        let kind =
            SourceKind::of_remote("ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/my-repo");
        assert_eq!(kind.api_name(), "CODECOMMIT");
        assert_eq!(
            kind.path_below_src(),
            "git-codecommit.eu-west-1.amazonaws.com/v1/repos/my-repo"
        );
    }

    #[test]
    fn any_other_remote_is_plain() {
        for remote in ["/srv/git/repo", "https://gitlab.com/a/b.git", "", "x:y"] {
            assert_eq!(SourceKind::of_remote(remote), SourceKind::Plain, "{remote}");
        }
    }
}
