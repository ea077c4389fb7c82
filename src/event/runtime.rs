//! What the agent decides about runtimes (contract §1.7).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A step in the choice of runtimes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub enum RuntimeEvent {
    /// The image has no table of runtimes to select from.
    #[serde(rename = "runtimes-unsupported")]
    Unsupported,
    /// The image has runtimes to select from and the buildspec selects none.
    #[serde(rename = "no-runtime-selected")]
    NoneSelected,
    /// A word such as `latest` stands for a version.
    #[serde(rename = "runtime-resolved")]
    Resolved {
        /// The runtime.
        runtime: String,
        /// The word.
        alias: String,
        /// The version.
        version: String,
    },
    /// A version is selected.
    #[serde(rename = "runtime-selected")]
    Selected {
        /// The runtime.
        runtime: String,
        /// The version.
        version: String,
        /// What selects it.
        by: SelectedBy,
    },
    /// A version needs another version of a second runtime than the buildspec selects.
    #[serde(rename = "runtime-clash")]
    Clash {
        /// The runtime.
        runtime: String,
        /// Its version.
        version: String,
        /// The second runtime.
        other: String,
        /// The version that the buildspec selects of it.
        selected: String,
    },
}

/// What selects a runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SelectedBy {
    /// The buildspec names it.
    Buildspec,
    /// Another runtime requires it.
    Dependency,
}

impl RuntimeEvent {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Unsupported | Self::NoneSelected => Vec::new(),
            Self::Resolved {
                runtime,
                alias,
                version,
            } => vec![runtime, alias, version],
            Self::Selected {
                runtime,
                version,
                by: _,
            } => vec![runtime, version],
            Self::Clash {
                runtime,
                version,
                other,
                selected,
            } => vec![runtime, version, other, selected],
        }
    }

    #[cfg(test)]
    pub(super) fn examples(text: fn() -> String) -> Vec<Self> {
        vec![
            Self::Unsupported,
            Self::NoneSelected,
            Self::Resolved {
                runtime: text(),
                alias: text(),
                version: text(),
            },
            Self::Selected {
                runtime: text(),
                version: text(),
                by: SelectedBy::Dependency,
            },
            Self::Clash {
                runtime: text(),
                version: text(),
                other: text(),
                selected: text(),
            },
        ]
    }
}
