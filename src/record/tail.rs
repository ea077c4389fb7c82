//! The last lines of a command's output, and the first that tell of errors, whatever it puts out.

use std::collections::VecDeque;

use memchr::memmem;

/// How many lines are kept.
const LINES: usize = 20;

/// How many bytes of a line are kept.
const WIDTH: usize = 400;

/// How many lines before the last are kept that tell of errors.
const ERRORS: usize = 5;

/// What a line says that tells of an error, in the words of compilers, test runners and interpreters
/// (assumed). Words that good news have as well, such as `errors`, are not among them.
const WORDS: [&[u8]; 9] = [
    b"FAIL",
    b"ERROR",
    b"ERR!",
    b"FATAL",
    b"rror:",
    b"rror[",
    b"fatal:",
    b"failed:",
    b"panicked at",
];

/// What is kept of the output of a command. The lines need not be text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The first lines before `last` that tell of an error.
    pub errors: Vec<ErrorLine>,
    /// How many lines there are before `last`.
    pub before: u64,
    /// The last lines.
    pub last: Vec<Vec<u8>>,
}

/// A line that tells of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorLine {
    /// Which line of the output it is, counted from 1.
    pub number: u64,
    /// The line.
    pub text: Vec<u8>,
}

/// Keeps an excerpt of a stream of bytes, in little memory.
#[derive(Debug, Default)]
pub(super) struct Tail {
    errors: Vec<ErrorLine>,
    lines: VecDeque<Vec<u8>>,
    /// How many lines have ended.
    ended: u64,
    partial: Vec<u8>,
}

impl Tail {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        // Lines that would be pushed out again by this very chunk are only looked at when they may tell of
        // an error.
        if let Some(last) = memchr::memrchr_iter(b'\n', bytes).nth(LINES) {
            let (pushed_out, kept) = bytes.split_at(last + 1);
            let (first, others) = split_line(pushed_out);
            if self.errors.len() == ERRORS || !tells_of_error(others) {
                self.lines(first);
                self.ended += memchr::memchr_iter(b'\n', others).count() as u64;
                self.lines.clear();
                rest = kept;
            }
        }
        self.lines(rest);
    }

    fn lines(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (line, others) = split_line(rest);
            self.part(line);
            rest = others;
        }
    }

    /// Takes a line, or a part of one that ends with a newline or goes on.
    fn part(&mut self, part: &[u8]) {
        let (text, ends) = match part.strip_suffix(b"\n") {
            Some(text) => (text, true),
            None => (part, false),
        };
        let room = WIDTH.saturating_sub(self.partial.len());
        self.partial
            .extend_from_slice(&text[..text.len().min(room)]);
        if ends {
            let line = std::mem::take(&mut self.partial);
            self.ended += 1;
            if self.errors.len() < ERRORS && tells_of_error(&line) {
                self.errors.push(ErrorLine {
                    number: self.ended,
                    text: last_state(&line).to_vec(),
                });
            }
            if self.lines.len() == LINES {
                self.lines.pop_front();
            }
            self.lines.push_back(line);
        }
    }

    /// Returns the excerpt without blank lines at the end, and forgets everything.
    pub(super) fn take(&mut self) -> Excerpt {
        let Self {
            mut errors,
            lines,
            ended,
            partial,
        } = std::mem::take(self);
        let mut before = ended - lines.len() as u64;
        let mut lines: Vec<Vec<u8>> = lines.into();
        lines.push(partial);
        while lines.last().is_some_and(|line| is_blank(last_state(line))) {
            lines.pop();
        }
        let surplus = lines.len().saturating_sub(LINES);
        before += surplus as u64;
        errors.retain(|line| line.number <= before);
        let last = lines[surplus..].iter();
        Excerpt {
            errors,
            before,
            last: last.map(|line| last_state(line).to_vec()).collect(),
        }
    }
}

/// Splits the first line off, with its newline.
fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |newline| newline + 1);
    bytes.split_at(end)
}

fn tells_of_error(text: &[u8]) -> bool {
    WORDS.iter().any(|word| memmem::find(text, word).is_some())
}

/// Returns the last state of a line that was written over and over, such as a progress bar.
fn last_state(line: &[u8]) -> &[u8] {
    let returns = line.iter().rev().take_while(|byte| **byte == b'\r');
    let line = &line[..line.len() - returns.count()];
    line.rsplit(|byte| *byte == b'\r').next().unwrap_or(line)
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(chunks: &[&str]) -> Excerpt {
        let mut tail = Tail::default();
        for chunk in chunks {
            tail.feed(chunk.as_bytes());
        }
        tail.take()
    }

    fn last(chunks: &[&str]) -> Vec<String> {
        let lines = excerpt(chunks).last.into_iter();
        lines.map(|line| String::from_utf8(line).unwrap()).collect()
    }

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        assert_eq!(last(&["a", "b\nc", "\n", "d"]), ["ab", "c", "d"]);
        assert_eq!(last(&["a\n\n \n"]), ["a"]);
        assert_eq!(last(&[]), [""; 0]);
    }

    #[test]
    fn only_the_last_are_kept_and_the_others_counted() {
        let all: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let all = all.join("\n") + "\n";
        let wanted: Vec<String> = (80..100).map(|number| number.to_string()).collect();
        for (chunks, before) in [
            (vec![all.as_str()], 80),
            (vec!["x\n", &all[..50], &all[50..]], 81),
            (all.split_inclusive('\n').collect(), 80),
        ] {
            assert_eq!(last(&chunks), wanted);
            assert_eq!(excerpt(&chunks).before, before);
        }
        let many = "x\n".repeat(2 * LINES);
        let cut = excerpt(&[&many, "end"]);
        assert_eq!(cut.last.last().unwrap(), b"end");
        assert_eq!((cut.last.len(), cut.before), (LINES, LINES as u64 + 1));
    }

    #[test]
    fn the_first_lines_that_tell_of_an_error_are_kept() {
        let noise = "nothing\n".repeat(50);
        let chunks = [
            noise.as_str(),
            "x: err",
            "or: one\r\n",
            &noise,
            "FAIL two\n",
        ];
        let whole = chunks.concat() + &noise;
        let cut = [chunks.as_slice(), &[&noise]].concat();
        for chunks in [&cut[..], &[&whole]] {
            let errors = excerpt(chunks).errors;
            let errors: Vec<(u64, &[u8])> = errors
                .iter()
                .map(|line| (line.number, line.text.as_slice()))
                .collect();
            assert_eq!(errors, [(51, &b"x: error: one"[..]), (102, b"FAIL two")]);
        }
        assert_eq!(
            excerpt(&["FAIL\n".repeat(100).as_str()]).errors.len(),
            ERRORS
        );
        // It is among the last.
        assert_eq!(excerpt(&[&noise, "FAIL\n"]).errors, []);
    }

    #[test]
    fn a_long_line_is_cut_and_a_progress_bar_is_its_last_state() {
        assert_eq!(last(&["x".repeat(5000).as_str()])[0].len(), WIDTH);
        assert_eq!(last(&["10%\r50%\r100%\r\n"]), ["100%"]);
        assert_eq!(last(&["a\r\r\n\r\nb"]), ["a", "", "b"]);
    }
}
