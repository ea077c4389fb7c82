//! `|` and `>` blocks: what the text says of them and the parser does not.

/// Finds the header of a block at the end of a line, in bytes.
pub(super) fn header(line: &str) -> Option<usize> {
    let line = line.split(" #").next().unwrap_or_default().trim_end();
    let start = line.rfind(' ').map_or(0, |blank| blank + 1);
    let indicators = line[start..].strip_prefix(['|', '>'])?;
    let fits =
        indicators.len() <= 2 && indicators.bytes().all(|one| b"+-0123456789".contains(&one));
    fits.then_some(start)
}

/// Finds the header of the block whose content begins at a place: how many lines before it, and
/// after how many characters.
pub(super) fn header_before(text: &str, content: usize) -> Option<(usize, usize)> {
    for (lines, line) in text.get(..content)?.rsplit('\n').enumerate() {
        if let Some(start) = header(line) {
            return Some((lines, line[..start].chars().count()));
        }
        if !line.trim().is_empty() {
            break;
        }
    }
    None
}

/// Takes away the line break that the parser adds to a block which ends the text without one.
pub(super) fn without_added_break<'block>(block: &'block str, text: &str) -> &'block str {
    let last_line = text.rsplit(['\n', '\r']).next().unwrap_or_default();
    let Some(cut) = block.strip_suffix('\n') else {
        return block;
    };
    // Blanks alone are content where they go on beyond the block's indentation.
    let blanks = cut.rsplit('\n').next().unwrap_or_default();
    let is_content = !blanks.is_empty() && last_line.ends_with(blanks);
    if is_content || !last_line.trim().is_empty() {
        cut
    } else {
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_headers() {
        for (line, start) in [
            ("a: |", Some(3)),
            ("- >-", Some(2)),
            ("|", Some(0)),
            ("a: &b |2+ # c", Some(6)),
            ("a: | b", None),
            ("a: b|", None),
            ("a || b", None),
            ("", None),
        ] {
            assert_eq!(header(line), start, "{line}");
        }
    }
}
