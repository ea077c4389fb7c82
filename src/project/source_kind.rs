//! The kind of a source, which decides its place in the container and some of its variables.

use super::remote::{Remote, without_credentials};

/// The names of GitHub's hosts; the second takes SSH where a firewall lets only HTTPS through.
const GITHUB: &[&str] = &["github.com", "ssh.github.com", "www.github.com"];

/// The kind of a source (contract §3.3, §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceKind {
    /// A GitHub repository; its tree lies in the manner of a GOPATH.
    GitHub {
        owner: String,
        /// The repository's name without `.git`.
        repository: String,
        url: String,
    },
    CodeCommit {
        region: String,
        repository: String,
        url: String,
    },
    /// A repository elsewhere; its tree is laid out as a plain one (assumed).
    OtherGit {
        host: String,
        /// The address of the remote, without credentials.
        url: String,
    },
    /// An archive in S3.
    S3 {
        /// Bucket and key.
        location: String,
    },
    CodePipeline,
    NoSource,
    /// Anything else: a plain tree, laid out as one from S3 (assumed).
    Plain,
}

/// The kinds that a user can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindName {
    GitHub,
    CodeCommit,
    /// An archive in S3.
    S3,
    CodePipeline,
}

/// The names for a source whose remote does not give them.
#[derive(Debug, Clone, Copy)]
pub struct Fallback<'a> {
    pub user: &'a str,
    pub name: &'a str,
    pub region: &'a str,
    pub account: &'a str,
}

impl SourceKind {
    /// Treats a source as one of this kind, whatever its remote is. Owner and repository come from
    /// the remote, else from the last parts of its path, else from the user and the directory
    /// (assumed).
    pub fn named(kind: KindName, remote: Option<&str>, fallback: &Fallback<'_>) -> Self {
        let known = remote.map_or(Self::Plain, |remote| {
            Self::of_remote(remote, fallback.region)
        });
        let path = remote.map_or_else(Vec::new, path_of);
        let repository = path.last().cloned().unwrap_or_else(|| tame(fallback.name));
        match (kind, known) {
            (KindName::GitHub, known @ Self::GitHub { .. })
            | (KindName::CodeCommit, known @ Self::CodeCommit { .. }) => known,
            (KindName::GitHub, _) => {
                let owner = path.iter().rev().nth(1).cloned();
                let owner = owner.unwrap_or_else(|| tame(fallback.user));
                Self::GitHub {
                    url: format!("https://github.com/{owner}/{repository}.git"),
                    owner,
                    repository,
                }
            }
            (KindName::CodeCommit, _) => Self::in_codecommit(fallback.region, &repository),
            (KindName::S3, _) => Self::in_s3(fallback),
            (KindName::CodePipeline, _) => Self::CodePipeline,
        }
    }

    fn in_codecommit(region: &str, repository: &str) -> Self {
        Self::CodeCommit {
            region: region.to_owned(),
            repository: repository.to_owned(),
            url: format!("https://git-codecommit.{region}.amazonaws.com/v1/repos/{repository}"),
        }
    }

    /// An archive in a plausible bucket, named as in the examples of AWS (assumed).
    pub fn in_s3(fallback: &Fallback<'_>) -> Self {
        let Fallback {
            name,
            region,
            account,
            ..
        } = fallback;
        Self::S3 {
            location: format!(
                "codebuild-{region}-{account}-input-bucket/{}.zip",
                tame(name)
            ),
        }
    }

    /// Whether the tree has no `.git` in the cloud (trap 25).
    pub fn leaves_out_git(&self) -> bool {
        match self {
            Self::S3 { .. } | Self::CodePipeline | Self::NoSource => true,
            Self::GitHub { .. } | Self::CodeCommit { .. } | Self::OtherGit { .. } | Self::Plain => {
                false
            }
        }
    }

    /// Whether the build gets the variables about its commit (contract §3.3).
    pub fn has_commit(&self) -> bool {
        !matches!(self, Self::S3 { .. } | Self::NoSource)
    }

    /// Recognizes the kind by the address of a git remote. One of CodeCommit that names no region is in
    /// `region` (assumed: its profile may name another).
    pub fn of_remote(remote: &str, region: &str) -> Self {
        let (host, path) = match Remote::read(remote) {
            Remote::Host { host, path } => (host, path),
            Remote::CodeCommit {
                region: named,
                repository,
            } if is_part(repository) => {
                return Self::in_codecommit(named.unwrap_or(region), repository);
            }
            Remote::CodeCommit { .. } | Remote::Elsewhere => return Self::Plain,
        };
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let other = || Self::OtherGit {
            host: host.clone(),
            url: without_credentials(remote),
        };
        match parts.as_slice() {
            // They become directories of the build.
            parts if parts.iter().any(|part| !is_name(without_suffix(part))) => other(),
            [owner, repository] if GITHUB.contains(&&*host) => Self::GitHub {
                owner: (*owner).to_owned(),
                repository: without_suffix(repository).to_owned(),
                // The cloud clones over HTTPS, whatever the local remote uses.
                url: format!("https://github.com/{owner}/{repository}"),
            },
            ["v1", "repos", repository] => {
                let region = host
                    .strip_prefix("git-codecommit.")
                    .or_else(|| host.strip_prefix("git-codecommit-fips."))
                    .and_then(|rest| rest.strip_suffix(".amazonaws.com"));
                region.map_or_else(other, |region| Self::in_codecommit(region, repository))
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
            Self::S3 { .. } | Self::Plain => "S3",
            Self::CodePipeline => "CODEPIPELINE",
            Self::NoSource => "NO_SOURCE",
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
            Self::OtherGit { .. }
            | Self::S3 { .. }
            | Self::CodePipeline
            | Self::NoSource
            | Self::Plain => String::new(),
        }
    }

    /// Returns the clone URL, when the source is a repository the cloud could clone.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::GitHub { url, .. }
            | Self::CodeCommit { url, .. }
            | Self::OtherGit { url, .. } => Some(url),
            Self::S3 { .. } | Self::CodePipeline | Self::NoSource | Self::Plain => None,
        }
    }

    /// Returns the words for the source in the log line `Setting HTTP client timeout …`, where they
    /// are known. A pipeline's source comes from S3; a build without a source has no such line
    /// (both assumed).
    pub fn log_words(&self) -> Option<&'static str> {
        match self {
            Self::GitHub { .. } => Some("Github and GitHub Enterprise sources"),
            Self::OtherGit { .. } if self.api_name() == "GITHUB_ENTERPRISE" => {
                Some("Github and GitHub Enterprise sources")
            }
            Self::CodeCommit { .. } | Self::OtherGit { .. } | Self::NoSource => None,
            Self::S3 { .. } | Self::CodePipeline | Self::Plain => Some("S3 source"),
        }
    }
}

/// The parts of a remote's path that can name something.
fn path_of(remote: &str) -> Vec<String> {
    let path = match Remote::read(remote) {
        Remote::Host { path, .. } => path,
        Remote::CodeCommit { repository, .. } => repository,
        Remote::Elsewhere => remote.strip_prefix("file://").unwrap_or(remote),
    };
    path.split('/')
        .filter(|part| !matches!(*part, "" | "." | ".." | ".git"))
        .map(|part| tame(without_suffix(part)))
        .collect()
}

/// Keeps the characters that are valid in the name of a repository.
fn tame(name: &str) -> String {
    let tame: String = name
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' | '.' => c,
            _ => '-',
        })
        .collect();
    if tame.trim_matches('.').is_empty() {
        "local".to_owned()
    } else {
        tame
    }
}

/// Whether a part of an address is a valid name of an owner or repository, of at most 100
/// characters as in GitHub and CodeCommit.
fn is_name(part: &str) -> bool {
    (1..=100).contains(&part.chars().count())
        && !part.chars().all(|c| c == '.')
        && !part.chars().any(char::is_control)
}

/// Whether it is the name of one repository, which has no owner.
fn is_part(repository: &str) -> bool {
    is_name(repository) && !repository.contains('/')
}

fn without_suffix(repository: &str) -> &str {
    repository.strip_suffix(".git").unwrap_or(repository)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_becomes_no_directory() {
        let long = format!("https://github.com/o/{}", "r".repeat(101));
        for remote in [
            "https://github.com/../..",
            "https://github.com/a/..",
            "https://github.com/a/.git",
            "https://github.com/a/b\nc",
            "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/..",
            long.as_str(),
        ] {
            let kind = SourceKind::of_remote(remote, "us-east-1");
            assert_eq!(kind.path_below_src(), "", "{remote}");
        }
    }

    #[test]
    fn a_github_remote_of_any_form_lies_like_a_gopath() {
        for remote in [
            "https://github.com/owner/repo.git",
            "https://user:token@github.com/owner/repo.git",
            "git@github.com:owner/repo.git",
            "ssh://git@github.com:22/owner/repo.git",
            "ssh://git@ssh.github.com:443/owner/repo.git",
            "https://GitHub.com/owner/repo.git/",
            "git+ssh://git@github.com/owner/repo.git",
        ] {
            let kind = SourceKind::of_remote(remote, "us-east-1");
            assert_eq!(kind.path_below_src(), "github.com/owner/repo", "{remote}");
            assert_eq!(kind.url(), Some("https://github.com/owner/repo.git"));
        }
    }

    #[test]
    fn a_codecommit_remote_keeps_its_region() {
        let kind = SourceKind::of_remote(
            "ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/my-repo",
            "us-east-1",
        );
        assert_eq!(kind.api_name(), "CODECOMMIT");
        assert_eq!(
            kind.path_below_src(),
            "git-codecommit.eu-west-1.amazonaws.com/v1/repos/my-repo"
        );
    }

    #[test]
    fn the_addresses_of_the_helper_of_codecommit_are_its_repositories() {
        for (remote, region) in [
            ("codecommit::eu-west-1://my-repo", "eu-west-1"),
            ("codecommit::eu-west-1://me@my-repo", "eu-west-1"),
            ("codecommit://me@my-repo", "us-east-1"),
            (
                "https://git-codecommit-fips.us-east-2.amazonaws.com/v1/repos/my-repo",
                "us-east-2",
            ),
        ] {
            let host = format!("git-codecommit.{region}.amazonaws.com/v1/repos/my-repo");
            let kind = SourceKind::of_remote(remote, "us-east-1");
            assert_eq!(kind.api_name(), "CODECOMMIT", "{remote}");
            assert_eq!(kind.path_below_src(), host, "{remote}");
            assert_eq!(kind.url(), Some(&*format!("https://{host}")), "{remote}");
        }
        for remote in ["codecommit://..", "codecommit://a/b", "codecommit://"] {
            let kind = SourceKind::of_remote(remote, "us-east-1");
            assert_eq!(kind, SourceKind::Plain, "{remote}");
        }
    }

    #[test]
    fn another_host_keeps_its_address_but_no_credentials() {
        let kind = SourceKind::of_remote("https://me:token@gitlab.com/a/b.git", "us-east-1");
        assert_eq!(kind.api_name(), "GITLAB");
        assert_eq!(kind.url(), Some("https://gitlab.com/a/b.git"));
        assert_eq!(kind.path_below_src(), "");
        let kind = SourceKind::of_remote("git@bitbucket.org:a/b.git", "us-east-1");
        assert_eq!(kind.api_name(), "BITBUCKET");
        assert_eq!(kind.url(), Some("git@bitbucket.org:a/b.git"));
    }

    #[test]
    fn a_remote_on_this_machine_is_plain() {
        for remote in ["/srv/git/repo", "file:///srv/git", "../x:y", ""] {
            assert_eq!(
                SourceKind::of_remote(remote, "us-east-1"),
                SourceKind::Plain,
                "{remote}"
            );
        }
    }

    const FALLBACK: Fallback<'static> = Fallback {
        user: "me",
        name: "my app",
        region: "eu-west-1",
        account: "000000000000",
    };

    #[test]
    fn a_kind_that_is_asked_for_takes_its_names_where_it_finds_them() {
        for (remote, path) in [
            (Some("git@github.com:o/r.git"), "github.com/o/r"),
            (Some("https://git.example.com/a/b/c.git"), "github.com/b/c"),
            (Some("/srv/git/shop.git"), "github.com/git/shop"),
            (Some("../shop"), "github.com/me/shop"),
            (None, "github.com/me/my-app"),
        ] {
            let kind = SourceKind::named(KindName::GitHub, remote, &FALLBACK);
            assert_eq!(kind.path_below_src(), path, "{remote:?}");
        }
        let kind = SourceKind::named(KindName::CodeCommit, None, &FALLBACK);
        assert_eq!(
            kind.url(),
            Some("https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/my-app")
        );
        let kind = SourceKind::named(KindName::S3, Some("git@github.com:o/r.git"), &FALLBACK);
        assert_eq!(kind.path_below_src(), "");
        assert!(kind.leaves_out_git() && !kind.has_commit());
    }

    #[test]
    fn no_name_leads_out_of_the_tree() {
        for name in ["..", "/", "", "."] {
            let kind = SourceKind::named(KindName::GitHub, None, &Fallback { name, ..FALLBACK });
            assert!(!kind.path_below_src().contains(".."), "{name}");
            assert!(!kind.path_below_src().ends_with('/'), "{name}");
        }
    }
}
