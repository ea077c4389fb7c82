//! The forms in which the value of a secret may appear.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::find::{GRAM, Pattern};

/// The shortest value that is masked, in bytes.
const SHORTEST: usize = 3;

/// The shortest line, and the shortest part in base64.
const SHORTEST_PART: usize = 4;

/// The shortest text that is taken for something encoded.
const SHORTEST_ENCODED: usize = 16;

/// The shortest line of base64: the ends of many files are alike.
const SHORTEST_ENCODED_LINE: usize = 8;

const _: () = assert!(
    SHORTEST >= GRAM && SHORTEST_PART >= GRAM,
    "else nothing is found"
);

/// Returns every form of a value, some of them several times.
pub(super) fn of(value: &str) -> Vec<Pattern> {
    let mut whole = Vec::new();
    let mut wrapped = Vec::new();
    for text in texts(value) {
        if looks_encoded(text) {
            wrapped.push(text.as_bytes().to_vec());
        }
        whole.push(text.as_bytes().to_vec());
        let (bare, padded) = base64(text.as_bytes());
        wrapped.extend(bare);
        // Else each end of a line would wait for padding.
        whole.extend(padded);
        wrapped.extend(hexadecimal(text.as_bytes()));
        whole.extend(url(text));
        whole.extend(ESCAPES.iter().map(|escape| escaped(text, *escape).into()));
        whole.push(backslashed(text).into());
    }
    wrapped.extend(joined(value));
    whole.extend(base64_lines(value));
    let pattern = |wraps| move |bytes| Pattern { bytes, wraps };
    let wrapped = wrapped.into_iter().map(pattern(true));
    whole
        .into_iter()
        .map(pattern(false))
        .chain(wrapped)
        .collect()
}

/// Returns the lines of a value together that look encoded and follow each other: a key, which may be
/// put into other lines.
fn joined(value: &str) -> Vec<Vec<u8>> {
    let lines: Vec<&str> = value.lines().map(str::trim).collect();
    lines
        .split(|line| line.is_empty() || !is_encoded(line))
        .filter(|run| run.len() > 1)
        .map(|run| run.concat().into_bytes())
        .filter(|key| key.len() >= SHORTEST_ENCODED)
        .collect()
}

/// Whether a text is as keys and tokens are, of the characters of base64: it is put into lines as these
/// are. A short one may be a word.
fn looks_encoded(text: &str) -> bool {
    text.len() >= SHORTEST_ENCODED && is_encoded(text)
}

fn is_encoded(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte))
}

/// Returns what of a value is masked in all forms: the whole and its lines, without what is around
/// them.
fn texts(value: &str) -> Vec<&str> {
    let whole = value.trim();
    if whole.len() < SHORTEST {
        return Vec::new();
    }
    let quoted = whole
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let parts = whole.split(['\n', '\r']).chain(quoted).map(str::trim);
    let mut texts = vec![whole];
    texts.extend(parts.filter(|part| part.len() >= SHORTEST_PART));
    texts
}

/// Encodes a text as it stands in longer texts: from 0, 1 or 2 bytes on behind a border of three.
///
/// Characters that also encode what is next to the text are left out, but for the last one of a text
/// that ends there. The forms with padding come apart.
fn base64(text: &[u8]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let mut forms = Vec::new();
    let mut padded = Vec::new();
    for before in 0..3 {
        let all = [&[0; 2][..before], text].concat();
        let first = (8 * before).div_ceil(6);
        let last = 8 * all.len() / 6;
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&all).into_bytes();
            let padding = encoded.len().next_multiple_of(4) - encoded.len();
            forms.push(encoded[first..last].to_vec());
            forms.push(encoded[first..].to_vec());
            if padding > 0 {
                padded.push([&encoded[first..], &b"=="[..padding]].concat());
            }
        }
    }
    forms.retain(|form: &Vec<u8>| form.len() >= SHORTEST_PART);
    (forms, padded)
}

/// Encodes a text in hexadecimal digits, as `xxd -p` and `sha256sum` write them.
fn hexadecimal(text: &[u8]) -> [Vec<u8>; 2] {
    let lower = text.iter().fold(String::new(), |mut digits, byte| {
        // Writing to a `String` does not fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    [lower.to_ascii_uppercase().into(), lower.into()]
}

/// Encodes a value as a file of its own, in lines as `openssl` and `base64` write them.
fn base64_lines(value: &str) -> Vec<Vec<u8>> {
    let whole = STANDARD.encode(value).into_bytes();
    // What else is in the file, such as a last line break, changes the characters behind these.
    let own = &whole[..8 * value.len() / 6];
    let mut forms = Vec::new();
    for width in [64, 76] {
        if whole.len() > width {
            let lines = whole.chunks(width).chain(own.chunks(width));
            forms.extend(lines.map(<[u8]>::to_vec));
        }
    }
    forms.retain(|form| form.len() >= SHORTEST_ENCODED_LINE);
    forms
}

/// All but what RFC 3986 calls unreserved, as curl and jq encode.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// As JavaScript's `encodeURIComponent`.
const COMPONENT: &AsciiSet = &STRICT
    .remove(b'!')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*');

/// As Python's `quote`.
const PATH: &AsciiSet = &STRICT.remove(b'/');

/// As a form is sent, but for blanks, which then are `+`.
const FORM: &AsciiSet = &STRICT.remove(b'*').add(b'~');

fn url(text: &str) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for set in [STRICT, COMPONENT, PATH, FORM] {
        let upper: Vec<&str> = percent_encode(text.as_bytes(), set).collect();
        let lower = upper.iter().map(|part| match part.strip_prefix('%') {
            Some(_) => part.to_ascii_lowercase(),
            None => (*part).to_owned(),
        });
        for encoded in [upper.concat(), lower.collect()] {
            forms.push(encoded.replace("%20", "+").into());
            forms.push(encoded.into());
        }
    }
    forms
}

/// Says what is written for a character; nothing for one that stays.
type Escape = fn(char) -> Option<&'static str>;

const ESCAPES: &[Escape] = &[
    json,
    xml,
    xml_text,
    single_quoted,
    single_quoted_by_dash,
    double_quoted,
    ansi_c,
    json_of_go,
    json_of_php,
    html,
    html_of_go,
];

fn escaped(text: &str, escape: Escape) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match escape(character) {
            Some(written) => escaped.push_str(written),
            None => escaped.push(character),
        }
    }
    escaped
}

fn json(character: char) -> Option<&'static str> {
    match character {
        '"' => Some(r#"\""#),
        '\'' => None,
        other => ansi_c(other),
    }
}

fn xml(character: char) -> Option<&'static str> {
    match character {
        '"' => Some("&quot;"),
        '\'' => Some("&apos;"),
        other => xml_text(other),
    }
}

fn xml_text(character: char) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}

/// As Go's `json.Marshal`, which thinks of HTML.
fn json_of_go(character: char) -> Option<&'static str> {
    match character {
        '&' => Some(r"\u0026"),
        '<' => Some(r"\u003c"),
        '>' => Some(r"\u003e"),
        other => json(other),
    }
}

/// As PHP's `json_encode`.
fn json_of_php(character: char) -> Option<&'static str> {
    match character {
        '/' => Some(r"\/"),
        other => json(other),
    }
}

/// As Python's `html.escape`.
fn html(character: char) -> Option<&'static str> {
    match character {
        '\'' => Some("&#x27;"),
        other => xml(other),
    }
}

/// As Go's `html.EscapeString`.
fn html_of_go(character: char) -> Option<&'static str> {
    match character {
        '\'' => Some("&#39;"),
        '"' => Some("&#34;"),
        other => xml_text(other),
    }
}

/// As bash's `printf %q` shows words without control characters.
fn backslashed(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let is_plain = !character.is_ascii()
            || character.is_ascii_alphanumeric()
            || PLAIN_TO_BASH.contains(character)
            || (at > 0 && PLAIN_LATER.contains(character));
        if !is_plain {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

/// What needs no backslash.
const PLAIN_TO_BASH: &str = "%+-./:=@_";

/// What needs none but at the beginning.
const PLAIN_LATER: &str = "#~";

/// As `set -x` shows words in bash.
fn single_quoted(character: char) -> Option<&'static str> {
    (character == '\'').then_some(r"'\''")
}

/// As `export -p` shows values in dash.
fn single_quoted_by_dash(character: char) -> Option<&'static str> {
    (character == '\'').then_some(r#"'"'"'"#)
}

/// As `export -p` shows values in bash.
fn double_quoted(character: char) -> Option<&'static str> {
    match character {
        '"' => Some(r#"\""#),
        '\\' => Some(r"\\"),
        '$' => Some(r"\$"),
        '`' => Some(r"\`"),
        _ => None,
    }
}

/// As bash shows words with control characters: `$'…'`.
fn ansi_c(character: char) -> Option<&'static str> {
    match character {
        '\\' => Some(r"\\"),
        '\'' => Some(r"\'"),
        '\n' => Some(r"\n"),
        '\r' => Some(r"\r"),
        '\t' => Some(r"\t"),
        '\u{8}' => Some(r"\b"),
        '\u{c}' => Some(r"\f"),
        _ => None,
    }
}
