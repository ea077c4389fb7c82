//! Serializes bytes and paths: UTF-8 as text, anything else as Base64.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The stored form of bytes.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Bytes {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Base64 {
        /// The bytes in Base64.
        base64: String,
    },
}

impl Bytes {
    fn new(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64 {
                base64: BASE64_STANDARD.encode(bytes),
            },
        }
    }

    fn read(self) -> Result<Vec<u8>, base64::DecodeError> {
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Base64 { base64 } => BASE64_STANDARD.decode(base64),
        }
    }

    fn read_path(self) -> Result<PathBuf, base64::DecodeError> {
        Ok(OsString::from_vec(self.read()?).into())
    }
}

fn of_path(path: &Path) -> Bytes {
    Bytes::new(OsStr::as_bytes(path.as_os_str()))
}

/// A path.
pub(crate) mod path {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        of_path(path).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<PathBuf, D::Error> {
        let bytes = Bytes::deserialize(deserializer)?;
        bytes.read_path().map_err(D::Error::custom)
    }
}

/// A path, or none.
pub(crate) mod path_option {
    use super::*;

    #[expect(clippy::ref_option, reason = "serde hands over the field itself")]
    pub(crate) fn serialize<S: Serializer>(
        path: &Option<PathBuf>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        path.as_deref().map(of_path).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PathBuf>, D::Error> {
        let bytes = Option::<Bytes>::deserialize(deserializer)?;
        let path = bytes.map(Bytes::read_path).transpose();
        path.map_err(D::Error::custom)
    }
}

/// Paths.
pub(crate) mod paths {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        paths: &[PathBuf],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(paths.iter().map(|path| of_path(path)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<PathBuf>, D::Error> {
        let paths = Vec::<Bytes>::deserialize(deserializer)?;
        let paths: Result<_, _> = paths.into_iter().map(Bytes::read_path).collect();
        paths.map_err(D::Error::custom)
    }
}

/// Bytes, or none.
pub(crate) mod bytes_option {
    use super::*;

    #[expect(clippy::ref_option, reason = "serde hands over the field itself")]
    pub(crate) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        bytes.as_deref().map(Bytes::new).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let bytes = Option::<Bytes>::deserialize(deserializer)?;
        bytes.map(Bytes::read).transpose().map_err(D::Error::custom)
    }
}
