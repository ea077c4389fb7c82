use super::super::check;

/// The one mistake of a text: its message, and what the carets are under.
fn told(text: &str) -> (String, String) {
    let found = check(text.as_bytes());
    assert_eq!(found.len(), 1, "{text} {found:#?}");
    let one = &found[0];
    assert_eq!(one.code.id, "bs001", "{text}");
    assert!(one.note.is_some() && one.help.is_some(), "{one:?}");
    let line = text.lines().nth(one.span.start.line - 1).unwrap();
    let length = one.span.end.column - one.span.start.column;
    let marked = line.chars().skip(one.span.start.column - 1).take(length);
    (one.message.clone(), marked.collect())
}

#[test]
fn mistakes_are_found_where_they_are_made() {
    for (text, message, place) in [
        ("a: b: c\n", "the `: ` in this text", "b: c"),
        (
            "- a: 'b'\n- echo \"x: y: z\"\n",
            "the `: ` in this text",
            "y: z\"",
        ),
        (
            "version:0.2\nphases:\n  a: b\n",
            "no space after the colon",
            "version:0.2",
        ),
        ("version: 0.2\n  phases:\n", "indented more than", "phases:"),
        ("a: @b c\n", "cannot begin with `@`", "@b"),
        ("a: [x, `b`]\n", "cannot begin with a backtick", "`b`]"),
        ("a:\n  - **/*\n", "cannot begin with `*`", "**/*"),
        ("a: && b\n", "cannot begin with `&`", "&&"),
        ("a:\n\t b: c\n", "a tab; YAML", "\t"),
        ("a:\n  -\tb\n", "a tab; YAML", "\t"),
        ("a:\n  - b\n  c d\ne: f\n", "expected a key", "c d"),
        ("a:\n  b\n  # c\n  - d\n", "expected a key", "b"),
        ("version: 0.2\nphases\n", "expected a key", "phases"),
        (
            "a:\n<<<<<<< HEAD\n  b: c\n=======\n>>>>>>> x\n",
            "merge conflict",
            "<<<<<<< HEAD",
        ),
        (
            "a:\n    b: c\n  d: e\n",
            "the indentation of this line",
            "d: e",
        ),
        ("a:\n  b: c\n  - d\n", "an item of a list among", "- d"),
        (
            "a:\n  - b\n  c: d\n",
            "expected an item of the list above",
            "c: d",
        ),
        (
            "a:\n  - [ -f x ] && y\n",
            "reads the brackets",
            "[ -f x ] && y",
        ),
        ("a:\n  - {b} c\n", "reads the braces", "{b} c"),
        (
            "a:\n  - \"b\" c\n",
            "the quotes at the beginning",
            "\"b\" c",
        ),
        (
            "a:\n  - b '{\"c\": \"d\"}'\n",
            "reads this item as a map",
            "b '{\"c\": \"d\"}'",
        ),
        (
            " version: 0.2\nenv:\n",
            "does not continue the lines above",
            "env:",
        ),
        ("a: [b,\n  c\nd: e\n", "`[` has no closing `]`", "[b,"),
        ("a: {b: c\nd: e\n", "`{` has no closing `}`", "{b: c"),
        ("a: \"b\nc: 'd'\n", "never closed", "\"b"),
        ("a: 'b\nc: \"d\"\n", "never closed", "'b"),
        ("a: \"b\\.c\"\n", "`\\.` is not an escape", "\\."),
        ("a: - b\n", "cannot begin on the line of its key", "a: - b"),
        ("a: *b\n", "unknown anchor `b`", "*b"),
        ("a: é\u{1}\n", "a control character", "a: é\u{1}"),
    ] {
        let (said, marked) = told(text);
        assert!(said.contains(message), "{text}: {said}");
        assert_eq!(marked, place, "{text}");
    }
}

#[test]
fn what_is_not_recognized_is_told_in_the_words_of_the_parser() {
    let found = check(b"a: !<x y\n");
    assert!(
        found[0].message.starts_with("this is not YAML: "),
        "{found:#?}"
    );
}

#[test]
fn a_text_in_another_encoding_is_told() {
    let found = check(b"a: b\nc: caf\xE9\n");
    assert_eq!(found[0].message, "the text is not UTF-8");
    let (start, end) = (found[0].span.start, found[0].span.end);
    assert_eq!((start.line, start.column, end.column), (2, 7, 8));
}
