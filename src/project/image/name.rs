//! Parses names of images by the rules of image registries.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The registry of names without one.
const DOCKER_HUB: &str = "docker.io";

/// How long a name may be, without tag and digest.
const LONGEST_NAME: usize = 255;

/// How many digits an image's id has.
const ID_DIGITS: usize = 64;

/// How many digits make an id: as many as `docker images` shows.
const SHORT_ID_DIGITS: usize = 12;

/// A parsed name of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageName {
    /// The id of a local image, complete or abbreviated.
    Id(String),
    Reference {
        /// The registry's host, with its port; `docker.io` when there is none.
        registry: String,
        repository: String,
        tag: Option<String>,
        /// The digest, such as `sha256:…`.
        digest: Option<String>,
    },
}

/// Why a text is not a valid name of an image.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum NameError {
    /// It is empty.
    #[error("invalid reference format: it is empty")]
    Empty,
    /// It has invalid upper-case letters.
    #[error("invalid reference format: repository name must be lowercase")]
    Uppercase,
    /// It has an invalid or a missing character.
    #[error("invalid reference format")]
    Form,
    /// Its tag is invalid.
    #[error("invalid reference format: the tag is invalid")]
    Tag,
    /// Its digest is invalid.
    #[error("invalid reference format: the digest is not sha256: and 64 digits of 0-9 and a-f")]
    Digest,
    /// It is too long.
    #[error("invalid reference format: repository name must not be more than 255 characters")]
    TooLong,
}

impl ImageName {
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if is_id(text) {
            return Ok(Self::Id(text.to_owned()));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        // A colon before the last slash is that of a port.
        let last_slash = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest[last_slash..].find(':') {
            Some(colon) => (
                &rest[..last_slash + colon],
                Some(&rest[last_slash + colon + 1..]),
            ),
            None => (rest, None),
        };
        let (registry, path) = match name.split_once('/') {
            Some((first, path)) if is_registry(first) => (first, path),
            _ => (DOCKER_HUB, name),
        };
        check_path(path)?;
        if !is_host(registry) {
            return Err(NameError::Form);
        }
        if name.len() > LONGEST_NAME {
            return Err(NameError::TooLong);
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(NameError::Tag);
        }
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(NameError::Digest);
        }
        let in_library = registry == DOCKER_HUB && !path.contains('/');
        let library = if in_library { "library/" } else { "" };
        Ok(Self::Reference {
            registry: registry.to_owned(),
            repository: format!("{library}{path}"),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }

    /// The host of the registry, for a name with one.
    pub fn registry(&self) -> Option<&str> {
        match self {
            Self::Id(_) => None,
            Self::Reference { registry, .. } => Some(registry),
        }
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => f.write_str(id),
            Self::Reference {
                registry,
                repository,
                tag,
                digest,
            } => {
                write!(f, "{registry}/{repository}")?;
                if let Some(tag) = tag {
                    write!(f, ":{tag}")?;
                }
                match digest {
                    Some(digest) => write!(f, "@{digest}"),
                    None => Ok(()),
                }
            }
        }
    }
}

fn is_id(text: &str) -> bool {
    match text.strip_prefix("sha256:") {
        // This could be a tag of an image called `sha256`; the docker command reads it as an id.
        Some(digits) => {
            is_hexadecimal(digits) && (SHORT_ID_DIGITS..=ID_DIGITS).contains(&digits.len())
        }
        None => is_hexadecimal(text) && (SHORT_ID_DIGITS..=ID_DIGITS).contains(&text.len()),
    }
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether the first part of a name is a registry and no part of a path.
fn is_registry(first: &str) -> bool {
    first == "localhost"
        || first.contains(['.', ':'])
        || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|host| {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || byte == b':')
        });
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (is_address || host.split('.').all(is_label)) && port.is_none_or(is_port)
}

/// Checks a path: words of lowercase letters and digits, separated by `.`, `_`, `__` or dashes, in
/// parts separated by slashes.
fn check_path(path: &str) -> Result<(), NameError> {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_between =
        |text: &str| matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    for part in path.split('/') {
        let begins = part.bytes().next().is_some_and(is_word);
        let ends = part.bytes().last().is_some_and(is_word);
        let separated = part
            .split(|c: char| c.is_ascii() && is_word(c as u8))
            .all(|between| between.is_empty() || is_between(between));
        if begins && ends && separated {
            continue;
        }
        let lowercase = part.to_ascii_lowercase();
        return Err(if lowercase != part && check_path(&lowercase).is_ok() {
            NameError::Uppercase
        } else {
            NameError::Form
        });
    }
    Ok(())
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag
            .bytes()
            .all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    match digest.split_once(':') {
        Some(("sha256", digits)) => digits.len() == ID_DIGITS && is_hexadecimal(digits),
        // There are others, which engines know better.
        Some((algorithm, digits)) => {
            !algorithm.is_empty() && digits.len() >= 32 && is_hexadecimal(digits)
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, whole) in [
            ("debian", "docker.io/library/debian"),
            ("debian:12", "docker.io/library/debian:12"),
            ("me/tool:A_b.c-1", "docker.io/me/tool:A_b.c-1"),
            ("localhost/a", "localhost/a"),
            ("localhost:5000/a__b/c---d", "localhost:5000/a__b/c---d"),
            ("registry:5000/debian", "registry:5000/debian"),
            ("[::1]:5000/a:1", "[::1]:5000/a:1"),
            ("Registry.example/a", "Registry.example/a"),
        ] {
            assert_eq!(ImageName::parse(text).unwrap().to_string(), whole);
            let pinned = ImageName::parse(&format!("{text}@{digest}")).unwrap();
            assert_eq!(pinned.to_string(), format!("{whole}@{digest}"));
        }
    }

    #[test]
    fn ids_are_no_names() {
        let id = "0123456789abcdef".repeat(4);
        for text in [&id, &id[..12], &format!("sha256:{id}")] {
            assert_eq!(ImageName::parse(text), Ok(ImageName::Id(text.to_owned())));
        }
        assert_eq!(
            ImageName::parse("decade").unwrap().registry(),
            Some("docker.io")
        );
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a/".repeat(128);
        for (text, error) in [
            ("", NameError::Empty),
            ("Debian", NameError::Uppercase),
            ("me/Tool:1", NameError::Uppercase),
            ("No Image", NameError::Form),
            ("a//b", NameError::Form),
            ("/a", NameError::Form),
            ("a/", NameError::Form),
            ("-a", NameError::Form),
            ("a._b", NameError::Form),
            ("a___b", NameError::Form),
            ("é", NameError::Form),
            ("http://host/a", NameError::Form),
            ("-x.y/a", NameError::Form),
            ("host:port/a", NameError::Form),
            ("a:", NameError::Tag),
            ("a:b:c", NameError::Tag),
            ("a:-b", NameError::Tag),
            ("a@sha256:00", NameError::Digest),
            ("a@", NameError::Digest),
            (&format!("{long}a"), NameError::TooLong),
        ] {
            assert_eq!(ImageName::parse(text), Err(error), "{text}");
        }
    }
}
