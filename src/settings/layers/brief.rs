//! Texts of others as a part of one line.

use std::borrow::Cow;

/// Returns the first line of a text, and no more than `most` characters of it; `…` stands for the rest.
pub fn brief(text: &str, most: usize) -> Cow<'_, str> {
    let line = text.lines().next().unwrap_or_default();
    let end = line.char_indices().nth(most).map(|(end, _)| end);
    match end {
        None if line.len() == text.len() => Cow::Borrowed(text),
        end => Cow::Owned(format!("{}…", &line[..end.unwrap_or(line.len())])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut() {
        for (text, expected) in [
            ("", ""),
            ("äbc", "äbc"),
            ("äbcd", "äbc…"),
            ("ä\nb", "ä…"),
            ("äbcd\ne", "äbc…"),
        ] {
            assert_eq!(brief(text, 3), expected, "{text}");
        }
    }
}
