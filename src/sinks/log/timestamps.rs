//! What the agent's lines begin with.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// How the agent's lines are dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timestamps {
    /// As CodeBuild writes them: `[Container] 2026/11/22 11:25:13.594267 `, in UTC.
    Full,
    /// The time since the build began: `   0:04.2 `, minutes, seconds and tenths of a second. No time of
    /// day: that would be UTC or not, and the time that a build takes is what people look for.
    Short,
    /// Not at all.
    None,
}

impl Timestamps {
    /// Returns what comes before a text at `time` of a build that began at `start`, and the gap behind it.
    pub(super) fn prefix(self, start: Timestamp, time: Timestamp) -> (String, &'static str) {
        match self {
            Self::Full => {
                let time = time.to_zoned(TimeZone::UTC);
                let time = time.strftime("%Y/%m/%d %H:%M:%S.%6f");
                (format!("[Container] {time}"), " ")
            }
            Self::Short => (elapsed(start, time), " "),
            Self::None => (String::new(), ""),
        }
    }

    /// How far to the right the further lines of a text stand on a terminal, so that none looks like a line
    /// of the agent. With full timestamps all lines stand where CodeBuild writes them.
    pub(super) fn indent(self) -> usize {
        match self {
            Self::Full => 0,
            Self::Short => WIDTH + 1,
            Self::None => 2,
        }
    }
}

/// The width of a short timestamp, in characters.
const WIDTH: usize = 8;

fn elapsed(start: Timestamp, time: Timestamp) -> String {
    let tenths = time.duration_since(start).as_millis().max(0) / 100;
    let (seconds, minutes, hours) = (tenths / 10 % 60, tenths / 600 % 60, tenths / 36_000);
    let text = if hours == 0 {
        format!("{minutes}:{seconds:02}.{}", tenths % 10)
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    };
    format!("{text:>WIDTH$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_timestamps_count_from_the_start_and_are_all_as_wide() {
        for (milliseconds, text) in [
            (0, "  0:00.0"),
            (4_250, "  0:04.2"),
            (59_999, "  0:59.9"),
            (725_700, " 12:05.7"),
            (3_725_700, " 1:02:05"),
            (129_600_000, "36:00:00"),
            (-5_000, "  0:00.0"),
        ] {
            let time = Timestamp::from_millisecond(milliseconds).unwrap();
            assert_eq!(elapsed(Timestamp::UNIX_EPOCH, time), text);
            assert_eq!(text.len(), WIDTH);
        }
    }
}
