//! Retries of a failed phase: `on-failure: RETRY` (contract §1.5).

use regex::bytes::Regex;

use crate::buildspec::OnFailure;

/// How much of a failing command's output counts, in bytes from its end (assumed).
const OUTPUT_LIMIT: usize = 64 * 1024;

/// The retries of one phase.
///
/// The whole phase is run again, `commands` and `finally`, and what it changed stays (assumed).
#[derive(Debug, Default)]
pub struct Retries {
    made: u8,
    count: u8,
    /// Without one nothing matches.
    pattern: Option<Regex>,
}

/// One retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Which, from 1.
    pub number: u8,
    pub count: u8,
}

impl Retries {
    /// Returns the retries that a phase has before its first run.
    pub fn of(on_failure: &OnFailure) -> Self {
        match on_failure {
            OnFailure::Retry { count, pattern } => Self {
                made: 0,
                count: *count,
                pattern: Regex::new(pattern).ok(),
            },
            OnFailure::Default | OnFailure::Abort | OnFailure::Continue => Self::default(),
        }
    }

    /// Returns how many bytes of the end of a failing command's output count.
    pub fn output_limit(&self) -> usize {
        self.pattern.as_ref().map_or(0, |_| OUTPUT_LIMIT)
    }

    /// Decides after a failure: the retry to make now, or `None` when the failure stands.
    ///
    /// `failure` is the text that the pattern is looked for in, anywhere (assumed): the message of the
    /// phase's context, then the end of what the failing command printed.
    pub fn after(&mut self, failure: &[u8]) -> Option<Retry> {
        let matches = self.pattern.as_ref()?.is_match(failure);
        (matches && self.made < self.count).then(|| {
            self.made += 1;
            Retry {
                number: self.made,
                count: self.count,
            }
        })
    }
}

/// Returns what is wrong with the pattern of a RETRY; no failure matches an invalid pattern.
pub fn problem(on_failure: &OnFailure) -> Option<String> {
    let OnFailure::Retry { pattern, .. } = on_failure else {
        return None;
    };
    let error = Regex::new(pattern).err()?.to_string();
    // The error shows the position in the pattern before the reason.
    let reason = error.lines().last().unwrap_or_default();
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    Some(format!(
        "`{pattern}` is not a valid regular expression ({reason}): the phase is never retried"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries(count: u8, pattern: &str) -> Retries {
        Retries::of(&OnFailure::Retry {
            count,
            pattern: pattern.to_owned(),
        })
    }

    #[test]
    fn there_are_as_many_retries_as_the_count_says() {
        for count in [0, 1, 3, 100] {
            let mut retries = retries(count, ".*");
            for number in 1..=count {
                assert_eq!(retries.after(b"x"), Some(Retry { number, count }));
            }
            assert_eq!(retries.after(b"x"), None, "{count}");
        }
    }

    #[test]
    fn without_retry_there_are_none() {
        for on_failure in [OnFailure::Default, OnFailure::Abort, OnFailure::Continue] {
            let mut retries = Retries::of(&on_failure);
            assert_eq!(retries.output_limit(), 0);
            assert_eq!(retries.after(b"x"), None);
            assert_eq!(problem(&on_failure), None);
        }
    }

    #[test]
    fn the_pattern_is_looked_for_anywhere_in_the_failure() {
        let failure = b"Error while executing command: fetch. Reason: exit status 7\n\
            first line\nconnection \xff timed out, caf\xc3\xa9\n";
        for (pattern, matches) in [
            (".*", true),
            ("", true),
            ("timed out", true),
            ("exit status 7", true),
            ("exit status 8", false),
            (".*timed out.*", true),
            ("^Error while .* fetch", true),
            ("^connection", false),
            ("(?m)^connection", true),
            ("first line.connection", false),
            ("(?s)first line.connection", true),
            ("(?i)TIMED OUT", true),
            ("TIMED OUT", false),
            (r"status \d+", true),
            ("café", true),
            (r"caf\w$", false),
            (r"caf\w\n$", true),
            ("refused|reset", false),
        ] {
            assert_eq!(
                retries(1, pattern).after(failure).is_some(),
                matches,
                "{pattern}"
            );
        }
    }

    #[test]
    fn a_failure_that_does_not_match_uses_no_retry_up() {
        let mut retries = retries(2, "again");
        assert_eq!(retries.after(b"other"), None);
        assert!(retries.after(b"again").is_some());
        assert!(retries.after(b"again").is_some());
        assert_eq!(retries.after(b"again"), None);
    }

    #[test]
    fn what_is_no_regular_expression_matches_nothing_and_is_told() {
        let on_failure = OnFailure::Retry {
            count: 3,
            pattern: "a(b".to_owned(),
        };
        assert_eq!(Retries::of(&on_failure).after(b"a(b"), None);
        assert_eq!(
            problem(&on_failure).unwrap(),
            "`a(b` is not a valid regular expression (unclosed group): the phase is never retried"
        );
        let good = OnFailure::Retry {
            count: 3,
            pattern: "a(b)".to_owned(),
        };
        assert_eq!(problem(&good), None);
    }
}
