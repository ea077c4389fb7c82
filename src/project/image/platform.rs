//! The platform of an image: operating system and architecture.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A platform, in the terms of image registries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Platform {
    /// The operating system, `linux`.
    pub system: String,
    /// The architecture, such as `amd64`.
    pub architecture: String,
    /// The variant, such as `v7`.
    pub variant: Option<String>,
}

/// Why a text is not a platform for builds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    #[error("write it as linux/ARCHITECTURE, such as linux/arm64 or linux/amd64")]
    Form,
    #[error("cobuild runs Linux images only")]
    System,
}

impl Platform {
    /// Returns the platform of Linux on an architecture, by any of its names.
    pub fn linux(architecture: &str) -> Self {
        let (architecture, variant) = match architecture {
            "x86_64" | "x86-64" => ("amd64", None),
            "aarch64" => ("arm64", None),
            "armv7l" | "armhf" => ("arm", Some("v7")),
            "armv6l" | "armel" => ("arm", Some("v6")),
            "i386" | "i686" => ("386", None),
            other => (other, None),
        };
        Self {
            system: "linux".to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.map(str::to_owned),
        }
    }

    /// Whether an image for `other` fits this platform. Variants are compared when both have one.
    pub fn is_met_by(&self, other: &Self) -> bool {
        let same_variant = match (&self.variant, &other.variant) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        self.system == other.system && self.architecture == other.architecture && same_variant
    }

    /// Whether a machine of this platform runs programs for `other` without emulation.
    pub fn runs(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.architecture.as_str(), other.architecture.as_str());
        ours == theirs || matches!((ours, theirs), ("amd64", "386") | ("arm64", "arm"))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.system, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let text = text.to_ascii_lowercase();
        let mut parts = text.split('/');
        let (Some(system), Some(architecture)) = (parts.next(), parts.next()) else {
            return Err(PlatformError::Form);
        };
        let variant = parts.next();
        let is_word = |text: &str| {
            let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            !text.is_empty() && text.bytes().all(word)
        };
        let words = [Some(system), Some(architecture), variant];
        if parts.next().is_some() || !words.into_iter().flatten().all(is_word) {
            return Err(PlatformError::Form);
        }
        if system != "linux" {
            return Err(PlatformError::System);
        }
        let platform = Self::linux(architecture);
        // An arm64 has one variant, which goes without saying.
        let variant = variant.filter(|variant| (architecture, *variant) != ("arm64", "v8"));
        Ok(match variant {
            Some(variant) => Self {
                variant: Some(variant.to_owned()),
                ..platform
            },
            None => platform,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_has_many_names_and_one_form() {
        for (text, platform) in [
            ("linux/amd64", "linux/amd64"),
            ("linux/x86_64", "linux/amd64"),
            ("Linux/aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm/v7", "linux/arm/v7"),
        ] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), platform);
        }
        for text in ["", "linux", "linux/", "linux/a/b/c", "linux/a b", "/amd64"] {
            assert_eq!(text.parse::<Platform>(), Err(PlatformError::Form), "{text}");
        }
        assert_eq!(
            "windows/amd64".parse::<Platform>(),
            Err(PlatformError::System)
        );
    }

    #[test]
    fn a_variant_counts_where_both_have_one() {
        let parse = |text: &str| text.parse::<Platform>().unwrap();
        assert!(parse("linux/arm").is_met_by(&parse("linux/arm/v7")));
        assert!(!parse("linux/arm/v6").is_met_by(&parse("linux/arm/v7")));
        assert!(!parse("linux/arm64").is_met_by(&parse("linux/amd64")));
        assert!(parse("linux/amd64").runs(&Platform::linux("i386")));
        assert!(!parse("linux/amd64").runs(&Platform::linux("aarch64")));
    }
}
