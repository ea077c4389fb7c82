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
    if last_line.trim().is_empty() {
        block
    } else {
        block.strip_suffix('\n').unwrap_or(block)
    }
}
