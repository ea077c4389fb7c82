//! Addresses of git remotes, in every form that git takes.

/// Where a remote is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Remote<'a> {
    Host {
        /// In small letters, without user and port.
        host: String,
        path: &'a str,
    },
    /// A repository of CodeCommit, as git-remote-codecommit names it.
    CodeCommit {
        /// `None` is the region of the profile, or of this machine.
        region: Option<&'a str>,
        repository: &'a str,
    },
    /// On this machine, or where only a program knows.
    Elsewhere,
}

impl<'a> Remote<'a> {
    /// Reads `https://host/path`, `ssh://git@host:port/path`, `git@host:path`,
    /// `codecommit::region://profile@repository` and paths of this machine.
    pub(super) fn read(address: &'a str) -> Self {
        if let Some((helper, address)) = of_helper(address) {
            return match (helper, address.split_once("://")) {
                ("codecommit", Some((region, repository))) => codecommit(Some(region), repository),
                _ => Self::Elsewhere,
            };
        }
        match address.split_once("://") {
            Some(("codecommit", repository)) => codecommit(None, repository),
            Some(("file", _)) => Self::Elsewhere,
            Some((_, rest)) => rest
                .split_once('/')
                .map_or(Self::Elsewhere, |(authority, path)| {
                    of_host(authority, path)
                }),
            None => match scp_like(address) {
                Some((authority, path)) => of_host(authority, path),
                None => Self::Elsewhere,
            },
        }
    }
}

/// Splits `helper::address`, which git gives to the program `git-remote-helper`.
fn of_helper(remote: &str) -> Option<(&str, &str)> {
    let (helper, address) = remote.split_once("::")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    helper.chars().all(is_name).then_some((helper, address))
}

/// Splits `user@host:path`. Before the colon of a path of this machine stands a slash.
fn scp_like(remote: &str) -> Option<(&str, &str)> {
    let end = match remote.find('[') {
        // The address of a host, with colons of its own.
        Some(start) if !remote[..start].contains(['/', ':']) => {
            start + remote[start..].find(']')?
        }
        _ => 0,
    };
    let colon = end + remote[end..].find(':')?;
    let host = &remote[..colon];
    (!host.contains('/')).then(|| (host, &remote[colon + 1..]))
}

fn of_host<'a>(authority: &str, path: &'a str) -> Remote<'a> {
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or(host),
    };
    Remote::Host {
        host: host.to_ascii_lowercase(),
        path,
    }
}

fn codecommit<'a>(region: Option<&'a str>, repository: &'a str) -> Remote<'a> {
    let repository = repository.rsplit('@').next().unwrap_or(repository);
    Remote::CodeCommit {
        region: region.filter(|region| !region.is_empty()),
        repository: repository.trim_end_matches('/'),
    }
}

/// Removes user and password from an address.
pub(super) fn without_credentials(remote: &str) -> String {
    match remote.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or(authority);
            format!("{scheme}://{host}/{path}")
        }
        _ => remote.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_address_has_its_host_and_path() {
        for (address, host, path) in [
            ("https://example.com/a/b.git", "example.com", "a/b.git"),
            ("https://me:secret@Example.com:8443/a", "example.com", "a"),
            ("http://example.com/a/", "example.com", "a/"),
            ("git://example.com/a", "example.com", "a"),
            ("ssh://git@example.com:22/a", "example.com", "a"),
            ("git+ssh://git@example.com/a", "example.com", "a"),
            ("ssh://git@[::1]:22/a", "::1", "a"),
            ("git@example.com:a/b.git", "example.com", "a/b.git"),
            ("example.com:/srv/a", "example.com", "/srv/a"),
            ("git@[::1]:a", "::1", "a"),
        ] {
            let host = host.to_owned();
            assert_eq!(
                Remote::read(address),
                Remote::Host { host, path },
                "{address}"
            );
        }
    }

    #[test]
    fn addresses_of_codecommit_have_a_region_or_none() {
        for (address, region) in [
            ("codecommit::eu-west-1://my-repo", Some("eu-west-1")),
            ("codecommit::eu-west-1://me@my-repo", Some("eu-west-1")),
            ("codecommit://my-repo", None),
            ("codecommit://me@my-repo/", None),
            ("codecommit::://my-repo", None),
        ] {
            let repository = "my-repo";
            let remote = Remote::CodeCommit { region, repository };
            assert_eq!(Remote::read(address), remote, "{address}");
        }
    }

    #[test]
    fn paths_and_addresses_of_programs_have_no_host() {
        for address in [
            "",
            "/srv/git/repo",
            "../x:y",
            "./a:b",
            "repo.bundle",
            "file:///srv/git",
            "ext::sh -c 'ssh host %S'",
            "gcrypt::https://example.com/a",
            "codecommit::my-repo",
            "https://example.com",
        ] {
            assert_eq!(Remote::read(address), Remote::Elsewhere, "{address}");
        }
    }
}
