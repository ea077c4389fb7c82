//! Resource limits (ulimits) of processes.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ResourceError;

/// A limit of each process of the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ulimit {
    /// The name, such as `nofile`.
    pub name: String,
    /// The soft limit; -1 for none.
    pub soft: i64,
    /// The hard limit; -1 for none.
    pub hard: i64,
}

/// The names that engines support.
const NAMES: [&str; 15] = [
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

impl FromStr for Ulimit {
    type Err = ResourceError;

    fn from_str(text: &str) -> Result<Self, ResourceError> {
        let (name, limits) = text.split_once('=').ok_or(ResourceError::Ulimit)?;
        let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
        let number = |text: &str| match text {
            "-1" | "unlimited" => Some(-1),
            text => text.parse().ok().filter(|number| *number >= 0),
        };
        let (soft, hard) = number(soft)
            .zip(number(hard))
            .ok_or(ResourceError::Ulimit)?;
        let is_higher = hard != -1 && (soft == -1 || soft > hard);
        if !NAMES.contains(&name) || is_higher {
            return Err(ResourceError::Ulimit);
        }
        Ok(Self {
            name: name.to_owned(),
            soft,
            hard,
        })
    }
}

impl fmt::Display for Ulimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}:{}", self.name, self.soft, self.hard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_processes_are_read() {
        for (text, told) in [
            ("nofile=1024:2048", "nofile=1024:2048"),
            ("nofile=1024", "nofile=1024:1024"),
            ("core=-1", "core=-1:-1"),
            ("nproc=64:unlimited", "nproc=64:-1"),
        ] {
            assert_eq!(text.parse::<Ulimit>().unwrap().to_string(), told);
        }
        for text in [
            "",
            "nofile",
            "nofile=",
            "nofile=2:1",
            "files=1",
            "nofile=-1:5",
            "core=-2",
        ] {
            assert!(text.parse::<Ulimit>().is_err(), "{text}");
        }
    }
}
