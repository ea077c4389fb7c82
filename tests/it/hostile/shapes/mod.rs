//! Texts that nobody writes who means well, made at the size that is asked for.

mod aliases;
mod batches;
mod characters;
mod comments;
mod depth;
mod items;
mod keys;
mod quotes;
mod scripts;
mod texts;

/// Returns every kind of hostile text that we know of.
pub(crate) fn shapes() -> Vec<Shape> {
    [
        keys::shapes(),
        items::shapes(),
        batches::shapes(),
        aliases::shapes(),
        depth::shapes(),
        texts::shapes(),
        characters::shapes(),
        quotes::shapes(),
        scripts::shapes(),
        comments::shapes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A kind of hostile text.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) text: Text,
}

/// What becomes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is read, as long as it stays within the limits.
    Read,
    /// It is refused at any size.
    Refused,
}

/// How large a text is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// How many there are of what there are many of.
    pub(crate) count: usize,
    /// How many bytes there are of what is long.
    pub(crate) bytes: usize,
}

/// Makes a text of a size.
pub(crate) type Text = Box<dyn Fn(Size) -> Vec<u8>>;

fn read(name: &'static str, text: Text) -> Shape {
    Shape {
        name,
        verdict: Verdict::Read,
        text,
    }
}

fn refused(name: &'static str, text: Text) -> Shape {
    Shape {
        verdict: Verdict::Refused,
        ..read(name, text)
    }
}

const HEAD: &str = "version: 0.2\n";
const COMMANDS: &str = "version: 0.2\nphases:\n  build:\n    commands:\n";
const COMMAND_LIST: &str = "version: 0.2\nphases: {build: {commands: [";
const VARIABLES: &str = "version: 0.2\nenv:\n  variables:\n";
const VARIABLE_MAP: &str = "version: 0.2\nenv: {variables: {";

/// As many lines as are asked for, each with its number, behind a beginning.
fn lines(head: &'static str, line: impl Fn(usize) -> String + 'static) -> Text {
    Box::new(move |size| numbered(head, size.count, &line, "\n").into_bytes())
}

/// As many items as are asked for, each with its number, on one line.
fn listed(
    before: &'static str,
    item: impl Fn(usize) -> String + 'static,
    after: &'static str,
) -> Text {
    Box::new(move |size| (numbered(before, size.count, &item, ", ") + after).into_bytes())
}

/// A text as often as is asked for.
fn many(before: &'static str, part: &'static str, after: &'static str) -> Text {
    Box::new(move |size| repeated(before, part, size.count, after))
}

/// A text to the length that is asked for.
fn long(before: &'static str, part: &'static str, after: &'static str) -> Text {
    Box::new(move |size| repeated(before, part, size.bytes / part.len(), after))
}

/// A text whose size is always the same.
fn fixed(text: impl Into<Vec<u8>>) -> Text {
    let text = text.into();
    Box::new(move |_| text.clone())
}

/// A text in a form of its own.
fn text<T: Into<Vec<u8>>>(make: impl Fn(Size) -> T + 'static) -> Text {
    Box::new(move |size| make(size).into())
}

fn numbered(head: &str, count: usize, part: impl Fn(usize) -> String, end: &str) -> String {
    let mut text = head.to_owned();
    for number in 0..count {
        text.push_str(&part(number));
        text.push_str(end);
    }
    text
}

fn repeated(before: &str, part: &str, count: usize, after: &str) -> Vec<u8> {
    [before, &part.repeat(count), after].concat().into_bytes()
}
