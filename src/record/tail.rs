//! The last lines of a command's output, whatever it puts out.

use std::collections::VecDeque;

/// How many lines are kept.
const LINES: usize = 10;

/// How many bytes of a line are kept.
const WIDTH: usize = 400;

/// Keeps the last lines of a stream of bytes, in little memory.
#[derive(Debug, Default)]
pub(super) struct Tail {
    lines: VecDeque<Vec<u8>>,
    partial: Vec<u8>,
}

impl Tail {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        // Lines that would be pushed out again by this very chunk are not looked at.
        let from = memchr::memrchr_iter(b'\n', bytes)
            .nth(LINES)
            .map_or(0, |newline| newline + 1);
        if from > 0 {
            self.lines.clear();
            self.partial.clear();
        }
        for part in bytes[from..].split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            let room = WIDTH.saturating_sub(self.partial.len());
            self.partial
                .extend_from_slice(&text[..text.len().min(room)]);
            if ends {
                if self.lines.len() == LINES {
                    self.lines.pop_front();
                }
                self.lines.push_back(std::mem::take(&mut self.partial));
            }
        }
    }

    /// Returns the lines without blank ones at the end, and forgets them.
    pub(super) fn take(&mut self) -> Vec<Vec<u8>> {
        let mut lines: Vec<Vec<u8>> = std::mem::take(&mut self.lines).into();
        lines.push(std::mem::take(&mut self.partial));
        while lines.last().is_some_and(|line| is_blank(last_state(line))) {
            lines.pop();
        }
        let surplus = lines.len().saturating_sub(LINES);
        let lines = lines[surplus..].iter();
        lines.map(|line| last_state(line).to_vec()).collect()
    }
}

/// Returns the last state of a line that was written over and over, such as a progress bar.
fn last_state(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.rsplit(|byte| *byte == b'\r').next().unwrap_or(line)
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(chunks: &[&str]) -> Vec<String> {
        let mut tail = Tail::default();
        for chunk in chunks {
            tail.feed(chunk.as_bytes());
        }
        let lines = tail.take().into_iter();
        lines.map(|line| String::from_utf8(line).unwrap()).collect()
    }

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        assert_eq!(tail(&["a", "b\nc", "\n", "d"]), ["ab", "c", "d"]);
        assert_eq!(tail(&["a\n\n \n"]), ["a"]);
        assert_eq!(tail(&[]), [""; 0]);
    }

    #[test]
    fn only_the_last_are_kept() {
        let all: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let all = all.join("\n") + "\n";
        let last: Vec<String> = (90..100).map(|number| number.to_string()).collect();
        assert_eq!(tail(&[&all]), last);
        assert_eq!(tail(&["x\n", &all[..50], &all[50..]]), last);
        assert_eq!(
            tail(&["x\n".repeat(20).as_str(), "end"]).last().unwrap(),
            "end"
        );
        assert_eq!(tail(&["x\n".repeat(20).as_str(), "end"]).len(), LINES);
    }

    #[test]
    fn a_long_line_is_cut_and_a_progress_bar_is_its_last_state() {
        assert_eq!(tail(&["x".repeat(5000).as_str()])[0].len(), WIDTH);
        assert_eq!(tail(&["10%\r50%\r100%\r\n"]), ["100%"]);
    }
}
