//! The forms in which the value of a secret may be shown.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::find::GRAM;

/// The shortest value that is masked, in bytes.
const SHORTEST: usize = 3;

/// The shortest line, and the shortest part in base64.
const SHORTEST_PART: usize = 4;

/// The shortest line of base64: the ends of many files are alike.
const SHORTEST_ENCODED_LINE: usize = 8;

const _: () = assert!(
    SHORTEST >= GRAM && SHORTEST_PART >= GRAM,
    "else nothing is found"
);

/// Returns every form of a value, some of them several times.
pub(super) fn of(value: &str) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for text in texts(value) {
        forms.push(text.as_bytes().to_vec());
        forms.extend(base64(text.as_bytes()));
        forms.extend(url(text));
        forms.extend(ESCAPES.iter().map(|escape| escaped(text, *escape).into()));
    }
    forms.extend(base64_lines(value));
    forms
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
/// that ends there.
fn base64(text: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let all = [&[0; 2][..before], text].concat();
        let first = (8 * before).div_ceil(6);
        let last = 8 * all.len() / 6;
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&all).into_bytes();
            let padding = encoded.len().next_multiple_of(4) - encoded.len();
            forms.push(encoded[first..last].to_vec());
            forms.push(encoded[first..].to_vec());
            forms.push([&encoded[first..], &b"=="[..padding]].concat());
        }
    }
    forms.retain(|form| form.len() >= SHORTEST_PART);
    forms
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
