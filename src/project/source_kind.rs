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
    /// A repository elsewhere; its tree is laid out as a plain one (assumed).
    OtherGit {
        /// The host of the repository.
        host: String,
        /// The address of the remote, without credentials.
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
        let other = || Self::OtherGit {
            host: host.to_owned(),
            url: without_credentials(remote),
        };
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
                region.map_or_else(other, |region| Self::CodeCommit {
                    region: region.to_owned(),
                    repository: (*repository).to_owned(),
                    url: format!("https://{host}/v1/repos/{repository}"),
                })
            }
            _ => other(),
        }
    }

    /// Returns the source type as the API names it.
    pub fn api_name(&self) -> &'static str {
        match self {
            Self::GitHub { .. } => "GITHUB",
            Self::CodeCommit { .. } => "CODECOMMIT",
            Self::OtherGit { host, .. } => match host.as_str() {
                "bitbucket.org" => "BITBUCKET",
                "gitlab.com" => "GITLAB",
                // Any other host could be either; assumed.
                _ => "GITHUB_ENTERPRISE",
            },
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
            Self::OtherGit { .. } | Self::Plain => String::new(),
        }
    }

    /// Returns the clone URL, when the source is a repository the cloud could clone.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::GitHub { url, .. }
            | Self::CodeCommit { url, .. }
            | Self::OtherGit { url, .. } => Some(url),
            Self::Plain => None,
        }
    }

    /// Returns the log's words for the source in `Setting HTTP client timeout …`; for the
    /// others none is known.
    pub fn log_words(&self) -> Option<&'static str> {
        match self {
            Self::GitHub { .. } => Some("Github and GitHub Enterprise sources"),
            Self::OtherGit { .. } if self.api_name() == "GITHUB_ENTERPRISE" => {
                Some("Github and GitHub Enterprise sources")
            }
            Self::CodeCommit { .. } | Self::OtherGit { .. } => None,
            Self::Plain => Some("S3 source"),
        }
    }
}

/// Splits `https://host/path`, `ssh://git@host/path` and `git@host:path`; a path of this machine has
/// no host.
fn host_and_path(remote: &str) -> Option<(&str, &str)> {
    let (authority, path) = match remote.split_once("://") {
        Some(("file", _)) => return None,
        Some((_, rest)) => rest.split_once('/')?,
        None => remote
            .split_once(':')
            .filter(|(host, _)| !host.contains('/'))?,
    };
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host);
    Some((host, path))
}

/// A name and a password in an address are nobody else's business.
fn without_credentials(remote: &str) -> String {
    match remote.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or(authority);
            format!("{scheme}://{host}/{path}")
        }
        _ => remote.to_owned(),
    }
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
    fn another_host_keeps_its_address_but_no_credentials() {
        let kind = SourceKind::of_remote("https://me:token@gitlab.com/a/b.git");
        assert_eq!(kind.api_name(), "GITLAB");
        assert_eq!(kind.url(), Some("https://gitlab.com/a/b.git"));
        assert_eq!(kind.path_below_src(), "");
        let kind = SourceKind::of_remote("git@bitbucket.org:a/b.git");
        assert_eq!(kind.api_name(), "BITBUCKET");
        assert_eq!(kind.url(), Some("git@bitbucket.org:a/b.git"));
    }

    #[test]
    fn a_remote_on_this_machine_is_plain() {
        for remote in ["/srv/git/repo", "file:///srv/git", "../x:y", ""] {
            assert_eq!(SourceKind::of_remote(remote), SourceKind::Plain, "{remote}");
        }
    }
}
