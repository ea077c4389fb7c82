//! Durations as people write them.

use std::time::Duration;

use jiff::SignedDuration;

/// Reads a duration that must not be zero.
pub(crate) fn parse_timeout(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("the timeout must be longer than 0 s".to_owned()),
        duration => Ok(duration),
    }
}

/// Reads a duration as people write it.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| "write it with units, such as 90s, 30m or 1h30m".to_owned())?;
    Duration::try_from(duration).map_err(|_| "the duration must not be negative".to_owned())
}
