//! As much of a shell's grammar as the lints need: which words stand where a command is named.
//!
//! What is quoted or substituted stays one word and is not looked into, so the lints see less than
//! a shell would, never more.

use memchr::memmem;

use super::nesting::{Nested, char_boundary, skip_nested};

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
    /// How the commands follow one another.
    pub(super) tokens: Vec<Token<'text>>,
    /// The quote or bracket that is never closed, and its line.
    pub(super) unclosed: Option<(&'text str, usize)>,
    /// Whether something in it may have been misread: a here-document without an end, or a pattern of
    /// `case` within `$(…)`.
    pub(super) is_doubtful: bool,
}

/// A part of a script, as far as it says which command runs after which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'text> {
    /// A reserved word such as `if`, and its line.
    Keyword(&'text str, usize),
    /// A command, by its place in the list.
    Command(usize),
    /// The head of a function, whose body follows.
    Function,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `&&` or `||`
    Condition,
    /// `|`
    Pipe,
    /// `&`
    Background,
    /// `;;` or the like, the end of a branch of `case`.
    Branch,
    /// `;` or the end of a line.
    End,
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
            lacks_test_end: false,
            script: Self::default(),
        };
        reader.read();
        let mut script = reader.script;
        script.tokens = without_patterns(&script.tokens);
        script
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

fn is_reserved(word: &&str) -> bool {
    RESERVED.contains(word)
}

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
    /// Whether a `[[` without a `]]` has been met, so that no other looks through the whole rest.
    lacks_test_end: bool,
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
                    self.end(Token::End);
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
                b'|' | b'&' | b';' | b')' => self.operator(),
                b'(' => self.parenthesis(),
                b'<' | b'>' => self.redirection(),
                _ => self.word(),
            }
        }
        self.end(Token::End);
    }

    fn operator(&mut self) {
        let (token, length) = match self.rest() {
            [b'&', b'&', ..] | [b'|', b'|', ..] => (Token::Condition, 2),
            [b'|', b'&', ..] => (Token::Pipe, 2),
            [b'|', ..] => (Token::Pipe, 1),
            [b'&', ..] => (Token::Background, 1),
            [b';', b';', b'&', ..] => (Token::Branch, 3),
            [b';', b';' | b'&', ..] => (Token::Branch, 2),
            [b')', ..] => (Token::Close, 1),
            _ => (Token::End, 1),
        };
        self.end(token);
        self.at += length;
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
                self.script.tokens.push(Token::Function);
                self.at += 2 + next.unwrap_or_default();
            }
            Some(word) if adjacent && is_assignment(word) => {
                self.script.bash.push((word, self.line));
                let end = self.skip(self.at);
                self.advance(end);
            }
            _ => {
                self.end(Token::Open);
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
            self.at = self.word_end(start);
            let end = self.text[start..self.at].trim_matches(['\'', '"', '\\']);
            self.heredocs.push(end);
        } else if rest.starts_with(b"<(") || rest.starts_with(b">(") {
            self.bash(2);
            let start = self.at;
            let end = self.skip(start + 1);
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
        let end = self.word_end(start).max(start + 1);
        self.push(start, end);
        self.advance(end);
        if &self.text[start..end] == "[[" && self.words.iter().rev().skip(1).all(is_reserved) {
            self.test();
        }
    }

    /// Reads the words up to `]]`, among which operators and brackets are nothing but words.
    fn test(&mut self) {
        let mut words = Vec::new();
        let mut at = self.at;
        while !self.lacks_test_end {
            let rest = &self.text[at..];
            at = self.text.len() - rest.trim_ascii_start().len();
            let start = at;
            at = self.test_word_end(start);
            let word = &self.text[start..at];
            if word.is_empty() || word.starts_with('#') {
                self.lacks_test_end = true;
                return;
            }
            words.push(word);
            if word == "]]" {
                self.words.append(&mut words);
                self.advance(at);
                return;
            }
        }
    }

    /// Returns where the word of a `[[ … ]]` that begins here ends.
    fn test_word_end(&mut self, start: usize) -> usize {
        let mut at = start;
        loop {
            at = self.word_end(at);
            match self.text.as_bytes().get(at) {
                _ if &self.text[start..at] == "]]" => return at,
                None => return at,
                Some(byte) if byte.is_ascii_whitespace() => return at,
                Some(_) => at += 1,
            }
        }
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
                self.script.is_doubtful |= self.at == self.text.len();
            }
        }
    }

    /// Returns the place behind the quotes or brackets that open here.
    fn skip(&mut self, start: usize) -> usize {
        let Nested {
            end,
            is_closed,
            is_doubtful,
        } = skip_nested(self.text.as_bytes(), start);
        self.script.is_doubtful |= is_doubtful;
        if !is_closed && self.script.unclosed.is_none() {
            let before = &self.text[self.at.min(start)..start];
            let line = self.line + before.matches('\n').count();
            let opening = &self.text[start..=start];
            self.script.unclosed = Some((opening, line));
        }
        end
    }

    /// Returns where the word that begins here ends.
    fn word_end(&mut self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = start;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'|' | b'&' | b'(' | b')' | b'<' | b'>' => {
                    break;
                }
                b'\\' => at += 2,
                b'\'' | b'"' | b'`' => at = self.skip(at),
                b'$' if matches!(bytes.get(at + 1), Some(b'(' | b'{' | b'\'')) => {
                    at = self.skip(at + 1);
                }
                _ => at += 1,
            }
        }
        // An escape at the very end has nothing behind it.
        char_boundary(bytes, at.min(bytes.len()))
    }

    /// Ends a command, and says what comes between it and the next.
    fn end(&mut self, next: Token<'text>) {
        let words = std::mem::take(&mut self.words);
        let line = self.began;
        let keyword = |word: &&'text str| Token::Keyword(word, line);
        let mut rest = words.as_slice();
        // A hostile line has a hundred thousand loops in one another: no stack is deep enough for them.
        while !rest.is_empty() {
            let reserved = rest.iter().take_while(|word| is_reserved(word)).count();
            let (keywords, command) = rest.split_at(reserved);
            self.script.tokens.extend(keywords.iter().map(keyword));
            rest = match command {
                [] => &[],
                ["function", name, body @ ..] => {
                    self.script.functions.push(name);
                    self.script.bash.push(("function", line));
                    self.script.tokens.push(Token::Function);
                    let body = body.iter().filter(|word| is_reserved(word)).map(keyword);
                    self.script.tokens.extend(body);
                    &[]
                }
                // `for i do` goes through the arguments, and its body may follow at once.
                ["for" | "select", _, "do", ..] => {
                    self.command(&command[..2], next);
                    &command[2..]
                }
                _ => {
                    self.command(command, next);
                    &[]
                }
            };
        }
        self.script.tokens.push(next);
    }

    fn command(&mut self, words: &[&'text str], next: Token<'text>) {
        let line = self.began;
        if let Some(first @ &("for" | "select" | "case")) = words.first() {
            self.script.tokens.push(Token::Keyword(first, line));
        }
        let command = Token::Command(self.script.commands.len());
        self.script.tokens.push(command);
        self.script.commands.push(Command {
            words: words.to_vec(),
            line,
            piped: next == Token::Pipe,
        });
    }
}

/// Drops the reserved words that are patterns of `case`, such as `done` in `case $1 in done) …`.
fn without_patterns<'text>(tokens: &[Token<'text>]) -> Vec<Token<'text>> {
    let mut open = Vec::new();
    let mut kept = Vec::with_capacity(tokens.len());
    for (index, token) in tokens.iter().enumerate() {
        if let Token::Keyword(word, _) = *token {
            let is_pattern = open.last() == Some(&"case")
                && word != "esac"
                && matches!(tokens.get(index + 1), Some(Token::Close | Token::Pipe));
            if is_pattern {
                continue;
            }
            match word {
                "if" | "do" | "case" | "{" => open.push(word),
                "fi" | "done" | "esac" | "}" => {
                    open.pop();
                }
                _ => {}
            }
        }
        kept.push(*token);
    }
    kept
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
            (
                "if [[ $a =~ ^(b|c d)$ && -f e ]]; then f; fi",
                vec!["0: [[_$a_=~_^(b|c_d)$_&&_-f_e_]]", "0: f"],
            ),
            (
                "[[ a ||\n  'b ]]' < c ]]\nd",
                vec!["0: [[_a_||_'b ]]'_<_c_]]", "2: d"],
            ),
            ("[[ a | b ]\nc", vec!["0: [[_a |", "0: b_]", "1: c"]),
            ("echo [[ a && b ]]", vec!["0: echo_[[_a", "0: b_]]"]),
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
            "[[ a\n".repeat(100_000),
            "for i do ".repeat(100_000),
            format!("\"{}{}", "${".repeat(200_000), "'".repeat(400_000)),
        ] {
            Script::of(&text);
        }
    }
}
