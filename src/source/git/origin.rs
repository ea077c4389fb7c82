//! The remote `origin` of a repository.

use std::path::{Path, PathBuf};

/// The location of an `origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// Elsewhere: git asks it, by the protocols that [`command`](super::command) allows.
    Elsewhere(String),
    /// A directory of this machine, which is read as every other repository.
    Here(PathBuf),
}

impl Origin {
    /// Reads an address as git does; a path is one below the repository's root.
    pub(super) fn read(address: &str, root: &Path) -> Self {
        let path = if let Some(path) = address.strip_prefix("file://") {
            path
        } else if is_path(address) {
            address
        } else {
            return Self::Elsewhere(address.to_owned());
        };
        Self::Here(root.join(path))
    }
}

/// Whether an address is a path: it has no protocol, no helper, and no host before a `:`.
fn is_path(address: &str) -> bool {
    match address.split_once(':') {
        None => true,
        Some((before, _)) => before.contains('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_unless_it_names_a_protocol_or_a_host() {
        for (address, path) in [
            ("../o.git", "/r/../o.git"),
            ("/o:1", "/o:1"),
            ("./a:b", "/r/./a:b"),
            ("o", "/r/o"),
            ("file:///o", "/o"),
            ("file://o", "/r/o"),
        ] {
            let here = Origin::Here(PathBuf::from(path));
            assert_eq!(Origin::read(address, Path::new("/r")), here, "{address}");
        }
        for address in [
            "https://example.com/o",
            "git@github.com:o/r.git",
            "ssh://h/o",
            "ext::sh -c touch% marker",
            "codecommit::eu-west-1://o",
            "::x",
        ] {
            let elsewhere = Origin::Elsewhere(address.to_owned());
            assert_eq!(Origin::read(address, Path::new("/r")), elsewhere);
        }
    }
}
