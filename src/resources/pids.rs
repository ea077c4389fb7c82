//! The limit of processes of a container.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ResourceError;

/// The default: half of the smallest default of kernels, so that a fork bomb leaves the other half
/// to the host. Real builds have at most some thousands.
const USUAL: u32 = 16_384;

/// The limit of processes and threads of a container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PidsLimit {
    /// The default.
    #[default]
    Usual,
    /// This number.
    At(u32),
    /// No limit.
    Unlimited,
}

/// The capacity of a machine for processes and threads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pids {
    /// Unknown.
    #[default]
    Unknown,
    /// At most this number.
    Most(u32),
    /// The engine cannot limit processes of a container.
    CannotBeLimited,
}

impl PidsLimit {
    /// Returns the requested number, whatever the machine has.
    pub(super) fn asked(self) -> Option<u32> {
        match self {
            Self::Usual => Some(USUAL),
            Self::At(count) => Some(count),
            Self::Unlimited => None,
        }
    }

    /// Returns the number for a machine; adds a warning to `notes` when it cannot satisfy the
    /// request.
    pub(super) fn within(self, machine: Pids, notes: &mut Vec<String>) -> Option<u32> {
        let asked = self.asked()?;
        let there = match machine {
            Pids::Most(there) => there,
            Pids::Unknown => return Some(asked),
            Pids::CannotBeLimited => {
                if self != Self::Usual {
                    notes.push(
                        "the engine cannot limit processes: --pids-limit has no effect".to_owned(),
                    );
                }
                return None;
            }
        };
        if self == Self::Usual {
            return Some(asked.min(there / 2).max(1));
        }
        if asked > there {
            notes.push(format!(
                "{asked} processes are more than the engine's machine has: the build gets {there}"
            ));
        }
        Some(asked.min(there))
    }
}

impl FromStr for PidsLimit {
    type Err = ResourceError;

    fn from_str(text: &str) -> Result<Self, ResourceError> {
        match text {
            "-1" | "unlimited" => Ok(Self::Unlimited),
            text => match text.parse() {
                Ok(count @ 1..) => Ok(Self::At(count)),
                _ => Err(ResourceError::PidsLimit),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        for (text, limit) in [
            ("1", PidsLimit::At(1)),
            ("32768", PidsLimit::At(32_768)),
            ("-1", PidsLimit::Unlimited),
            ("unlimited", PidsLimit::Unlimited),
        ] {
            assert_eq!(text.parse(), Ok(limit));
        }
        for text in ["", "0", "-2", "many", "1.5", "4294967296"] {
            assert_eq!(text.parse::<PidsLimit>(), Err(ResourceError::PidsLimit));
        }
    }

    #[test]
    fn no_machine_gives_more_than_it_has() {
        for (limit, there, given, noted) in [
            (PidsLimit::Usual, Pids::Unknown, Some(USUAL), 0),
            (PidsLimit::Usual, Pids::Most(4_194_304), Some(USUAL), 0),
            (PidsLimit::Usual, Pids::Most(10_000), Some(5_000), 0),
            (PidsLimit::At(9_000), Pids::Most(10_000), Some(9_000), 0),
            (PidsLimit::At(90_000), Pids::Most(10_000), Some(10_000), 1),
            (PidsLimit::Unlimited, Pids::Most(10_000), None, 0),
            (PidsLimit::Usual, Pids::CannotBeLimited, None, 0),
            (PidsLimit::At(64), Pids::CannotBeLimited, None, 1),
        ] {
            let mut notes = Vec::new();
            assert_eq!(limit.within(there, &mut notes), given, "{limit:?}");
            assert_eq!(notes.len(), noted, "{limit:?}");
        }
    }
}
