//! As much of a shell's grammar as the lints need: which words stand where a command is named.
//!
//! What is quoted or substituted stays one word and is not looked into, so the lints see less than
//! a shell would, never more.

use memchr::memmem;

/// One simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command<'text> {
    /// Its words as written, quotes included, without reserved words such as `if` before them.
    pub(super) words: Vec<&'text str>,
    /// The line of the script on which it begins, counted from 0.
    pub(super) line: usize,
    /// Whether its output goes into the next command.
    pub(super) piped: bool,
}

impl<'text> Command<'text> {
    /// Returns the word that names the command: not an assignment before it.
    pub(super) fn name(&self) -> Option<&'text str> {
        self.words.iter().copied().find(|word| !is_assignment(word))
    }

    /// Returns the words behind the name.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &'text str> {
        let mut words = self.words.iter().copied();
        words.by_ref().find(|word| !is_assignment(word));
        words
    }
}

/// One item of `commands`, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Script<'text> {
    pub(super) commands: Vec<Command<'text>>,
    /// The functions it defines.
    pub(super) functions: Vec<&'text str>,
    /// What only bash has: the words of it, and its line.
    pub(super) bash: Vec<(&'text str, usize)>,
}

impl<'text> Script<'text> {
    pub(super) fn of(text: &'text str) -> Self {
        let mut reader = Reader {
            text,
            at: 0,
            line: 0,
            words: Vec::new(),
            began: 0,
            heredocs: Vec::new(),
            script: Self::default(),
        };
        reader.read();
        reader.script
    }

    /// Returns the arrays that it sets.
    pub(super) fn arrays(&self) -> impl Iterator<Item = &'text str> {
        let names = self.bash.iter().map(|(what, _)| *what);
        names.filter_map(|what| {
            let name = what.strip_suffix('=')?;
            Some(name.strip_suffix('+').unwrap_or(name))
        })
    }
}

/// Words that may stand before a command.
const RESERVED: &[&str] = &[
    "if", "then", "else", "elif", "while", "until", "do", "!", "{", "time", "fi", "done", "}",
    "esac",
];

/// Returns whether a word assigns a variable.
pub(super) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let name = name.strip_suffix('+').unwrap_or(name);
        is_name(name)
    })
}

/// Returns whether a word can name a variable.
pub(super) fn is_name(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

struct Reader<'text> {
    text: &'text str,
    at: usize,
    line: usize,
    words: Vec<&'text str>,
    /// The line of the first of the words.
    began: usize,
    /// The ends of the here-documents that begin on this line.
    heredocs: Vec<&'text str>,
    script: Script<'text>,
}

impl<'text> Reader<'text> {
    fn rest(&self) -> &'text [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn read(&mut self) {
        while let Some(&byte) = self.rest().first() {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.rest().starts_with(b"\\\n") => {
                    self.at += 2;
                    self.line += 1;
                }
                b'\n' => {
                    self.end(false);
                    self.at += 1;
                    self.line += 1;
                    self.skip_heredocs();
                }
                b'#' => {
                    let end = memchr::memchr(b'\n', self.rest());
                    self.at = end.map_or(self.text.len(), |end| self.at + end);
                }
                b'&' if self.rest().starts_with(b"&>") => {
                    self.bash(2);
                    self.word_after(2);
                }
                b'|' => {
                    let or = self.rest().starts_with(b"||");
                    self.end(!or);
                    self.at += if or || self.rest().starts_with(b"|&") {
                        2
                    } else {
                        1
                    };
                }
                b';' | b'&' | b')' => {
                    self.end(false);
                    self.at += 1;
                }
                b'(' => self.parenthesis(),
                b'<' | b'>' => self.redirection(),
                _ => self.word(),
            }
        }
        self.end(false);
    }

    fn bash(&mut self, length: usize) {
        let what = &self.text[self.at..self.at + length];
        self.script.bash.push((what, self.line));
    }

    fn word_after(&mut self, length: usize) {
        self.push(self.at, self.at + length);
        self.at += length;
    }

    fn push(&mut self, start: usize, end: usize) {
        if self.words.is_empty() {
            self.began = self.line;
        }
        self.words.push(&self.text[start..end]);
    }

    /// `f()` defines a function, `a=(…)` an array; anything else is a subshell.
    fn parenthesis(&mut self) {
        let next = self.rest()[1..]
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t'));
        let empty = next.is_some_and(|next| self.rest()[1 + next] == b')');
        let adjacent = self.at > 0 && self.text.as_bytes()[self.at - 1] == b'=';
        match self.words.last() {
            Some(word) if empty => {
                let function = *word;
                self.script.functions.push(function);
                self.words.clear();
                self.at += 2 + next.unwrap_or_default();
            }
            Some(word) if adjacent && is_assignment(word) => {
                self.script.bash.push((word, self.line));
                let end = skip_nested(self.text.as_bytes(), self.at);
                self.advance(end);
            }
            _ => {
                self.end(false);
                self.at += 1;
            }
        }
    }

    fn redirection(&mut self) {
        let rest = self.rest();
        if rest.starts_with(b"<<<") {
            self.bash(3);
            self.word_after(3);
        } else if rest.starts_with(b"<<") {
            let length = if rest.starts_with(b"<<-") { 3 } else { 2 };
            self.at += length;
            while matches!(self.rest().first(), Some(b' ' | b'\t')) {
                self.at += 1;
            }
            let start = self.at;
            self.at = word_end(self.text.as_bytes(), start);
            let end = self.text[start..self.at].trim_matches(['\'', '"', '\\']);
            self.heredocs.push(end);
        } else if rest.starts_with(b"<(") || rest.starts_with(b">(") {
            self.bash(2);
            let start = self.at;
            let end = skip_nested(self.text.as_bytes(), start + 1);
            self.push(start, end);
            self.advance(end);
        } else {
            let also = rest
                .get(1)
                .is_some_and(|byte| matches!(byte, b'&' | b'>' | b'|'));
            self.word_after(if also { 2 } else { 1 });
        }
    }

    fn word(&mut self) {
        let start = self.at;
        let end = word_end(self.text.as_bytes(), start).max(start + 1);
        self.push(start, end);
        self.advance(end);
    }

    fn advance(&mut self, end: usize) {
        self.line += memmem::find_iter(&self.text.as_bytes()[self.at..end], b"\n").count();
        self.at = end;
    }

    fn skip_heredocs(&mut self) {
        for end in std::mem::take(&mut self.heredocs) {
            while self.at < self.text.len() {
                let rest = &self.text[self.at..];
                let line = rest.lines().next().unwrap_or_default();
                let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
                self.at += length;
                self.line += 1;
                if line.trim() == end {
                    break;
                }
            }
        }
    }

    fn end(&mut self, piped: bool) {
        let mut words = std::mem::take(&mut self.words);
        let reserved = words
            .iter()
            .take_while(|word| RESERVED.contains(word))
            .count();
        words.drain(..reserved);
        if words.first() == Some(&"function")
            && let Some(name) = words.get(1)
        {
            self.script.functions.push(name);
            self.script.bash.push((words[0], self.began));
            return;
        }
        if !words.is_empty() {
            self.script.commands.push(Command {
                words,
                line: self.began,
                piped,
            });
        }
    }
}

/// Returns where the word that begins here ends.
fn word_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b';' | b'|' | b'&' | b'(' | b')' | b'<' | b'>' => break,
            b'\\' => at += 2,
            b'\'' | b'"' | b'`' => at = skip_nested(bytes, at),
            b'$' if matches!(bytes.get(at + 1), Some(b'(' | b'{')) => {
                at = skip_nested(bytes, at + 1);
            }
            _ => at += 1,
        }
    }
    // An escape at the very end has nothing behind it.
    char_boundary(bytes, at.min(bytes.len()))
}

/// An escape may skip the first byte of a longer character.
fn char_boundary(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && (0x80..0xC0).contains(&bytes[at]) {
        at += 1;
    }
    at
}

/// Returns the place behind the quotes or brackets that open here, whatever nests in them.
fn skip_nested(bytes: &[u8], start: usize) -> usize {
    // A stack of our own: a hostile text nests deeper than the machine's.
    let mut open: Vec<u8> = Vec::new();
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let inner = open.last().copied();
        match (inner, byte) {
            (Some(b'\''), b'\'') => {
                open.pop();
            }
            (Some(b'\''), _) => {}
            (_, b'\\') => at += 1,
            (Some(b'"'), b'"') | (Some(b'`'), b'`') | (Some(b'('), b')') | (Some(b'{'), b'}') => {
                open.pop();
            }
            (Some(b'"'), b'\'') => {}
            (_, b'\'' | b'"' | b'`') => open.push(byte),
            (Some(b'"' | b'`' | b'{'), b'(' | b'{') if bytes[at - 1] != b'$' => {}
            (_, b'(' | b'{') => open.push(byte),
            _ => {}
        }
        at += 1;
        if open.is_empty() {
            break;
        }
    }
    char_boundary(bytes, at.min(bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(text: &str) -> Vec<String> {
        Script::of(text)
            .commands
            .iter()
            .map(|command| {
                let pipe = if command.piped { " |" } else { "" };
                format!("{}: {}{pipe}", command.line, command.words.join("_"))
            })
            .collect()
    }

    #[test]
    fn commands_are_told_apart() {
        for (text, expected) in [
            ("", vec![]),
            ("make", vec!["0: make"]),
            (
                "a b; c && d || e & f",
                vec!["0: a_b", "0: c", "0: d", "0: e", "0: f"],
            ),
            ("a | b |& c\nd", vec!["0: a |", "0: b |", "0: c", "1: d"]),
            ("if a; then b; fi", vec!["0: a", "0: b"]),
            ("a # b; c\n# d\ne", vec!["0: a", "2: e"]),
            (
                "a 'b; c' \"d; $(e \"f\")\" g",
                vec!["0: a_'b; c'_\"d; $(e \"f\")\"_g"],
            ),
            (
                "a $(b; c) `d; e` ${f:-;}",
                vec!["0: a_$(b; c)_`d; e`_${f:-;}"],
            ),
            ("a \\\n b\nc", vec!["0: a_b", "2: c"]),
            ("a > b 2>&1", vec!["0: a_>_b_2_>&_1"]),
            ("cat <<EOF > x\na; b\nEOF\nc", vec!["0: cat_>_x", "3: c"]),
            ("cat <<-'E'\n a\n E\nc", vec!["0: cat", "3: c"]),
            ("(a; b) && { c; }", vec!["0: a", "0: b", "0: c"]),
            ("a 'unclosed; b", vec!["0: a_'unclosed; b"]),
            ("a \\", vec!["0: a_\\"]),
            ("a \\é é", vec!["0: a_\\é_é"]),
        ] {
            assert_eq!(commands(text), expected, "{text:?}");
        }
    }

    #[test]
    fn functions_are_found() {
        let functions = |text| Script::of(text).functions;
        assert_eq!(functions("f() { a; }\ng () { b; }"), ["f", "g"]);
        assert_eq!(
            functions("function f { a; }\nfunction g() { b; }"),
            ["f", "g"]
        );
        assert!(functions("a $(f) (b)").is_empty());
    }

    #[test]
    fn what_only_bash_has_is_found() {
        for (text, expected) in [
            ("a <<< b", vec!["<<<"]),
            ("a &> b", vec!["&>"]),
            ("a=(b c)", vec!["a="]),
            ("diff <(a) <(b)", vec!["<(", "<("]),
            ("function f { a; }", vec!["function"]),
            ("a > b 2>&1 & c", vec![]),
            ("echo '<<<' \"&>\"", vec![]),
        ] {
            let found: Vec<&str> = Script::of(text)
                .bash
                .iter()
                .map(|(what, _)| *what)
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_no_matter() {
        for text in [
            "\"$(".repeat(100_000),
            "((".repeat(100_000),
            "$((".repeat(100_000),
        ] {
            Script::of(&text);
        }
    }
}
