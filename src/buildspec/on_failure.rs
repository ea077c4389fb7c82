//! The little language of `on-failure` (contract §1.5).

use super::model::OnFailure;

/// How often `RETRY` tries again when it does not say.
const DEFAULT_COUNT: u8 = 3;

/// The most that `RETRY` can ask for.
const MAX_COUNT: u8 = 100;

/// What `RETRY` matches when it does not say.
const ANY_FAILURE: &str = ".*";

impl OnFailure {
    /// Reads the value of an `on-failure`; the words without regard to case. What cannot be read
    /// leaves the default (assumed).
    pub(super) fn from_text(text: &str) -> Self {
        let (word, rest) = match text.trim().split_once('-') {
            Some((word, rest)) => (word, Some(rest)),
            None => (text.trim(), None),
        };
        match (word.to_ascii_uppercase().as_str(), rest) {
            ("ABORT", None) => Self::Abort,
            ("CONTINUE", None) => Self::Continue,
            ("RETRY", rest) => Self::retry(rest.unwrap_or_default()),
            _ => Self::Default,
        }
    }

    /// Reads what follows `RETRY-`: a count, a regular expression, or both.
    fn retry(rest: &str) -> Self {
        let (count, pattern) = match rest.split_once('-') {
            Some((count, pattern)) if is_count(count) => (count, pattern),
            _ if is_count(rest) => (rest, ""),
            _ => ("", rest),
        };
        let count = if count.is_empty() {
            DEFAULT_COUNT
        } else {
            match count.parse() {
                Ok(count) if count <= MAX_COUNT => count,
                // Beyond what the reference allows: assumed to count as the most it does.
                Ok(_) | Err(_) => MAX_COUNT,
            }
        };
        Self::Retry {
            count,
            pattern: if pattern.is_empty() {
                ANY_FAILURE.to_owned()
            } else {
                pattern.to_owned()
            },
        }
    }
}

/// Returns whether a value of `on-failure` is one of the forms there are.
pub(super) fn is_known(text: &str) -> bool {
    let text = text.trim().to_ascii_uppercase();
    let too_many = text
        .strip_prefix("RETRY-")
        .and_then(|rest| rest.split('-').next())
        .is_some_and(|count| {
            is_count(count) && count.parse::<u8>().map_or(true, |count| count > MAX_COUNT)
        });
    OnFailure::from_text(&text) != OnFailure::Default && !too_many
}

fn is_count(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(count: u8, pattern: &str) -> OnFailure {
        OnFailure::Retry {
            count,
            pattern: pattern.to_owned(),
        }
    }

    #[test]
    fn forms_that_mean_nothing_are_told_from_those_that_do() {
        for text in [
            "ABORT",
            "continue",
            "RETRY",
            "RETRY-100",
            "Retry-3-.*",
            "RETRY-5xx",
        ] {
            assert!(is_known(text), "{text}");
        }
        for text in ["", "STOP", "ABORT-2", "RETRY3", "RETRY-101", "RETRY-999-x"] {
            assert!(!is_known(text), "{text}");
        }
    }

    #[test]
    fn reads_every_form() {
        for (text, meaning) in [
            ("ABORT", OnFailure::Abort),
            ("abort", OnFailure::Abort),
            (" Abort ", OnFailure::Abort),
            ("CONTINUE", OnFailure::Continue),
            ("Continue", OnFailure::Continue),
            ("RETRY", retry(3, ".*")),
            ("retry", retry(3, ".*")),
            ("RETRY-", retry(3, ".*")),
            ("RETRY-0", retry(0, ".*")),
            ("RETRY-5", retry(5, ".*")),
            ("RETRY-100", retry(100, ".*")),
            ("RETRY-101", retry(100, ".*")),
            ("RETRY-99999999999999999999", retry(100, ".*")),
            ("RETRY-timed out", retry(3, "timed out")),
            ("RETRY-a-b", retry(3, "a-b")),
            ("RETRY-5xx", retry(3, "5xx")),
            ("RETRY-5xx-again", retry(3, "5xx-again")),
            ("RETRY-8-invalid+", retry(8, "invalid+")),
            ("Retry-3-.*Error.*", retry(3, ".*Error.*")),
            ("RETRY-2-", retry(2, ".*")),
            ("RETRY-2-3", retry(2, "3")),
            ("RETRY-2-a-b", retry(2, "a-b")),
            ("", OnFailure::Default),
            ("ABORT-2", OnFailure::Default),
            ("RETRY3", OnFailure::Default),
            ("ignore", OnFailure::Default),
        ] {
            assert_eq!(OnFailure::from_text(text), meaning, "{text:?}");
        }
    }
}
