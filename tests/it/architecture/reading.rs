//! Reads the code of `src` as the compiler does: without comments, and without what is compiled for tests alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{root, rust_files};

/// A path in the code, from its first name to its last, such as `crate`, `engine`, `Engine`.
pub(super) type CodePath = Vec<String>;

/// A source file, without its tests and its comments.
pub(super) struct Source {
    /// Relative to `src`.
    pub(super) file: PathBuf,
    /// The code in a form of its own: no blanks but between words, no texts, a statement a line.
    pub(super) code: String,
    /// All paths of the code. A `use` of several has each of them.
    pub(super) paths: Vec<CodePath>,
    /// The paths that a `pub use` hands on.
    pub(super) handed_on: Vec<CodePath>,
}

impl Source {
    /// Reads a text as the code of this file.
    pub(super) fn of(file: &Path, text: &str) -> Self {
        let tokens: TokenStream = text
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let tokens = without_tests(tokens);
        let mut source = Self {
            file: file.to_owned(),
            code: String::new(),
            paths: Vec::new(),
            handed_on: Vec::new(),
        };
        render(&tokens, &mut source.code);
        paths(&tokens, &mut source.paths);
        handed_on(&tokens, &mut source.handed_on);
        source
    }

    pub(super) fn is(&self, file: &str) -> bool {
        self.file == Path::new(file)
    }

    /// The lines of code that hold `needle`.
    pub(super) fn lines_with(&self, needle: &str) -> Vec<String> {
        self.code
            .lines()
            .filter(|line| line.contains(needle))
            .map(|line| format!("src/{}: {line}", self.file.display()))
            .collect()
    }
}

/// All files of `src`, but modules that are there for tests alone.
pub(super) fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(read_sources);
    &SOURCES
}

fn read_sources() -> Vec<Source> {
    let directory = root("src");
    let sources: Vec<Source> = rust_files(&directory)
        .into_iter()
        .filter(|path| {
            let path = path.strip_prefix(&directory).unwrap();
            let of_tests = path.ends_with("tests.rs") || path.iter().any(|part| part == "tests");
            !of_tests && !path.ends_with("engine/fake.rs")
        })
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            Source::of(path.strip_prefix(&directory).unwrap(), &text)
        })
        .collect();
    assert!(sources.len() > 50, "{}", sources.len());
    sources
}

fn is_punctuation(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == sign)
}

fn group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<TokenStream> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group.stream()),
        _ => None,
    }
}

/// Drops attributes, and with `#[cfg(test)]` what it stands before.
fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let mut left = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if !is_punctuation(Some(&token), '#') {
            left.push(match token {
                TokenTree::Group(group) => {
                    let inside = without_tests(group.stream()).into_iter().collect();
                    proc_macro2::Group::new(group.delimiter(), inside).into()
                }
                token => token,
            });
            continue;
        }
        tokens.next_if(|token| is_punctuation(Some(token), '!'));
        let attribute = group(tokens.next().as_ref(), Delimiter::Bracket)
            .unwrap_or_default()
            .to_string();
        if attribute.replace(' ', "") == "cfg(test)" {
            // An item ends with its body or a semicolon.
            let _ = tokens.by_ref().find(|token| {
                is_punctuation(Some(token), ';') || group(Some(token), Delimiter::Brace).is_some()
            });
        }
    }
    left
}

fn render(tokens: &[TokenTree], code: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{\n", "}\n"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                code.push_str(open);
                render(&group.stream().into_iter().collect::<Vec<_>>(), code);
                code.push_str(close);
            }
            TokenTree::Ident(word) => {
                if code.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                    code.push(' ');
                }
                code.push_str(&word.to_string());
            }
            TokenTree::Punct(sign) => {
                code.push(sign.as_char());
                if sign.as_char() == ';' {
                    code.push('\n');
                }
            }
            TokenTree::Literal(_) => code.push_str("\"\""),
        }
    }
}

/// Finds the paths that begin anywhere in these tokens.
fn paths(tokens: &[TokenTree], found: &mut Vec<CodePath>) {
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        index += 1;
        match token {
            TokenTree::Group(group) => {
                paths(&group.stream().into_iter().collect::<Vec<_>>(), found);
            }
            // Who may see an item is another matter.
            TokenTree::Ident(word) if word == "pub" => {
                if group(tokens.get(index), Delimiter::Parenthesis).is_some() {
                    index += 1;
                }
            }
            TokenTree::Ident(word) => {
                index = follow(tokens, index, vec![word.to_string()], found);
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Follows a path from the token behind its beginning; returns the index of the token behind its end.
fn follow(
    tokens: &[TokenTree],
    mut index: usize,
    mut path: CodePath,
    found: &mut Vec<CodePath>,
) -> usize {
    while is_punctuation(tokens.get(index), ':') && is_punctuation(tokens.get(index + 1), ':') {
        match tokens.get(index + 2) {
            Some(TokenTree::Ident(word)) => path.push(word.to_string()),
            token => {
                if let Some(several) = group(token, Delimiter::Brace) {
                    let several: Vec<TokenTree> = several.into_iter().collect();
                    for one in several.split(|token| is_punctuation(Some(token), ',')) {
                        if let Some(TokenTree::Ident(word)) = one.first() {
                            let mut path = path.clone();
                            path.push(word.to_string());
                            follow(one, 1, path, found);
                        }
                    }
                    return index + 3;
                }
                break;
            }
        }
        index += 3;
    }
    found.push(path);
    index
}

fn handed_on(tokens: &[TokenTree], found: &mut Vec<CodePath>) {
    let is_word =
        |token: &TokenTree, word: &str| matches!(token, TokenTree::Ident(ident) if ident == word);
    for item in tokens.split(|token| is_punctuation(Some(token), ';')) {
        // A visibility in brackets, and whatever stands before without a semicolon.
        let Some(begin) = item.iter().rposition(|token| is_word(token, "use")) else {
            continue;
        };
        if item[..begin]
            .iter()
            .rev()
            .take(2)
            .any(|token| is_word(token, "pub"))
        {
            paths(&item[begin + 1..], found);
        }
    }
}

#[test]
fn what_is_for_tests_is_told_from_what_is_not() {
    let source = Source::of(
        Path::new("x.rs"),
        "use crate::a;\n// crate::b\n#[cfg(test)]\nmod tests;\nfn f() { crate::c::g(\"crate::h\") }\nimpl X {\n    #[cfg(test)]\n    fn t() {\n        crate::d()\n    }\n    fn u() { x.read() }\n}\n#[cfg(test)]\nmod tests {\n    use crate::e;\n}\n",
    );
    let ours: Vec<String> = source
        .paths
        .iter()
        .filter(|path| path[0] == "crate")
        .map(|path| path.join("::"))
        .collect();
    assert_eq!(ours, ["crate::a", "crate::c::g"]);
    assert!(
        source.code.contains("fn u(){\nx.read()}"),
        "{}",
        source.code
    );
}

#[test]
fn groups_of_paths_are_taken_apart() {
    let source = Source::of(
        Path::new("x.rs"),
        "use crate::{a, b::{c, d as e}, f::g::H};\npub(super) use i::{J, K};\n",
    );
    let texts =
        |paths: &[CodePath]| -> Vec<String> { paths.iter().map(|path| path.join("::")).collect() };
    let all = texts(&source.paths);
    for path in [
        "crate::a",
        "crate::b::c",
        "crate::b::d",
        "crate::f::g::H",
        "i::J",
    ] {
        assert!(all.iter().any(|found| found == path), "{all:?}");
    }
    assert_eq!(texts(&source.handed_on), ["i::J", "i::K"]);
}
