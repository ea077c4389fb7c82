//! The output of a build, which need not be text.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A piece of output.
///
/// Stored it always has a `text`. Bytes that are not UTF-8 are signs there; then `base64` has the bytes
/// as they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(into = "StoredOutput", try_from = "StoredOutput")]
pub struct Output {
    /// The bytes.
    pub bytes: Bytes,
}

/// A piece of output as JSON can hold it.
#[derive(Serialize, Deserialize, JsonSchema)]
struct StoredOutput {
    /// The output; U+FFFD stands for bytes that are not UTF-8.
    text: String,
    /// The bytes in base64, when they are not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl From<Output> for StoredOutput {
    fn from(Output { bytes }: Output) -> Self {
        let text = String::from_utf8_lossy(&bytes);
        let is_exact = matches!(text, Cow::Borrowed(_));
        Self {
            base64: (!is_exact).then(|| STANDARD.encode(&bytes)),
            text: text.into_owned(),
        }
    }
}

impl TryFrom<StoredOutput> for Output {
    type Error = base64::DecodeError;

    fn try_from(stored: StoredOutput) -> Result<Self, Self::Error> {
        let bytes = match stored.base64 {
            Some(base64) => STANDARD.decode(base64)?.into(),
            None => stored.text.into(),
        };
        Ok(Self { bytes })
    }
}
