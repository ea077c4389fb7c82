//! The age of what is kept.

use jiff::Timestamp;

/// How long ago a moment was, in its largest unit.
pub(super) fn age(milliseconds: u64, now: Timestamp) -> String {
    let now = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let seconds = now.saturating_sub(milliseconds) / 1000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
