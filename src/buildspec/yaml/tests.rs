mod refusals;

use std::fmt::Write as _;

use super::super::limits::{MAX_BYTES, MAX_VALUES};
use super::*;

fn tree(text: &str) -> Node {
    read(text).unwrap().unwrap()
}

fn refusal(text: &str) -> String {
    read(text).unwrap_err().reason.to_string()
}

fn get<'node>(node: &'node Node, key: &str) -> &'node Node {
    let Value::Mapping(entries) = &node.value else {
        panic!("{node:?} is no map");
    };
    let entry = entries
        .iter()
        .rfind(|entry| entry.key.text.as_deref() == Some(key));
    &entry
        .unwrap_or_else(|| panic!("no {key} in {node:?}"))
        .value
}

fn scalar(node: &Node) -> &Scalar {
    let Value::Scalar(scalar) = &node.value else {
        panic!("{node:?} is no scalar");
    };
    scalar
}

fn text_of<'node>(node: &'node Node, key: &str) -> &'node str {
    &scalar(get(node, key)).text
}

/// Renders a tree on one line: scalars in quotes, lists in brackets, maps in braces.
fn render(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => format!("{:?}", scalar.text),
        Value::Sequence(items) => {
            let items: Vec<_> = items.iter().map(render).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Mapping(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|entry| {
                    let key = entry.key.text.as_deref().unwrap_or("?");
                    format!("{key}: {}", render(&entry.value))
                })
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// Lists every key and value of a tree with its place: `line:column-line:column text`.
fn places(node: &Node, list: &mut Vec<String>) {
    let place = |span: Span| {
        let (start, end) = (span.start, span.end);
        format!(
            "{}:{}-{}:{}",
            start.line, start.column, end.line, end.column
        )
    };
    match &node.value {
        Value::Scalar(scalar) => list.push(format!("{} {}", place(node.span), scalar.text)),
        Value::Sequence(items) => {
            list.push(format!("{} []", place(node.span)));
            for item in items {
                places(item, list);
            }
        }
        Value::Mapping(entries) => {
            list.push(format!("{} {{}}", place(node.span)));
            for entry in entries {
                let key = entry.key.text.as_deref().unwrap_or("?");
                list.push(format!("{} {key}:", place(entry.key.span)));
                places(&entry.value, list);
            }
        }
    }
}

#[track_caller]
fn assert_places(text: &str, expected: &[&str]) {
    let mut list = Vec::new();
    places(&tree(text), &mut list);
    assert_eq!(list, expected, "{text}");
}

#[test]
fn a_plain_scalar_keeps_its_text() {
    for text in [
        "1.10",
        "3.10",
        "010",
        "0o10",
        "0x1F",
        "1e3",
        "1_000",
        "+1",
        ".5",
        "1.",
        "yes",
        "No",
        "TRUE",
        "on",
        "y",
        "2020-01-01",
        "12:30:45",
        ".inf",
        ".NaN",
        "=",
        "~x",
        "Null0",
    ] {
        let tree = tree(&format!("key: {text}\n"));
        let scalar = scalar(get(&tree, "key"));
        assert_eq!(scalar.text, text);
        assert_eq!(scalar.style, Style::Plain);
        assert!(!scalar.is_null());
    }
}

#[test]
fn null_is_only_plain() {
    for text in [
        "",
        "~",
        "null",
        "Null",
        "NULL",
        "# nothing",
        "!!null ''",
        "!!null ~",
    ] {
        let tree = tree(&format!("key: {text}\nother: x\n"));
        assert_eq!(get(&tree, "key").is_null(), text != "!!null ''", "{text}");
    }
    for text in [
        "''",
        "\"\"",
        "'null'",
        "\"~\"",
        "|\n  null",
        "nULL",
        "!!str",
        "!!str ~",
    ] {
        let tree = tree(&format!("key: {text}\nother: x\n"));
        assert!(!get(&tree, "key").is_null(), "{text}");
    }
}

#[test]
fn every_key_and_value_knows_its_place() {
    assert_places(
        "version: 0.2\n\nphases:\n  build:\n    commands:\n      - echo é 'x'\n      - \"a\n        b\"\n",
        &[
            "1:1-8:11 {}",
            "1:1-1:8 version:",
            "1:10-1:13 0.2",
            "3:1-3:7 phases:",
            "4:3-8:11 {}",
            "4:3-4:8 build:",
            "5:5-8:11 {}",
            "5:5-5:13 commands:",
            "6:7-8:11 []",
            "6:9-6:19 echo é 'x'",
            "7:9-8:11 a b",
        ],
    );
}

#[test]
fn lists_in_line_with_their_key_know_their_place() {
    assert_places(
        "a:\n- x\n-   y: z\nb:\n  - - c\n",
        &[
            "1:1-5:8 {}",
            "1:1-1:2 a:",
            "2:1-3:9 []",
            "2:3-2:4 x",
            "3:5-3:9 {}",
            "3:5-3:6 y:",
            "3:8-3:9 z",
            "4:1-4:2 b:",
            "5:3-5:8 []",
            "5:5-5:8 []",
            "5:7-5:8 c",
        ],
    );
}

#[test]
fn brackets_know_their_place() {
    assert_places(
        "a: {b: [c, d],\n  'e': }\n",
        &[
            "1:1-2:9 {}",
            "1:1-1:2 a:",
            "1:4-2:9 {}",
            "1:5-1:6 b:",
            "1:8-1:14 []",
            "1:9-1:10 c",
            "1:12-1:13 d",
            "2:3-2:6 e:",
            "2:7-2:7 ",
        ],
    );
}

#[test]
fn blocks_begin_at_their_header() {
    assert_places(
        "a: |\n  x\nb: >-  # why\n\n  y\n",
        &[
            "1:1-6:1 {}",
            "1:1-1:2 a:",
            "1:4-3:1 x\n",
            "3:1-3:2 b:",
            "3:4-6:1 \ny",
        ],
    );
}

#[test]
fn what_is_not_there_has_a_place() {
    assert_places(
        "a:\nb: # why\nc:\n  -\n  - # why\n  - x\n",
        &[
            "1:1-6:6 {}",
            "1:1-1:2 a:",
            "1:3-1:3 ",
            "2:1-2:2 b:",
            "2:3-2:3 ",
            "3:1-3:2 c:",
            "4:3-6:6 []",
            "4:4-4:4 ",
            "5:4-5:4 ",
            "6:5-6:6 x",
        ],
    );
}

#[test]
fn an_alias_has_its_own_place() {
    assert_places(
        "a: &x {k: v}\nb: *x\n",
        &[
            "1:1-2:6 {}",
            "1:1-1:2 a:",
            "1:7-1:13 {}",
            "1:8-1:9 k:",
            "1:11-1:12 v",
            "2:1-2:2 b:",
            "2:4-2:6 {}",
            "1:8-1:9 k:",
            "1:11-1:12 v",
        ],
    );
}

#[test]
fn text_is_folded_as_yaml_says() {
    for (text, value) in [
        ("a\n  b\n\n  c", "a b\nc"),
        ("'a\n  b\n\n  it''s'", "a b\nit's"),
        ("\"a\\\n  b\\tc\\u00e9\"", "ab\tcé"),
        ("|\n  a\n   b\n\n  c\n", "a\n b\n\nc\n"),
        ("|-\n  a\n  b\n\n", "a\nb"),
        ("|+\n  a\n\n", "a\n\n"),
        ("|2\n    a\n", "  a\n"),
        (">\n  a\n  b\n\n  c\n", "a b\nc\n"),
        (">\n  a\n    b\n  c\n", "a\n  b\nc\n"),
        (">-\n  a \\\n  b\n", "a \\ b"),
        ("a # b", "a"),
        ("a#b", "a#b"),
        ("a:b", "a:b"),
        ("!!str a", "a"),
        ("!Ref a", "a"),
    ] {
        let tree = tree(&format!("key: {text}"));
        assert_eq!(text_of(&tree, "key"), value, "{text:?}");
    }
}

#[test]
fn a_block_that_ends_everything_has_no_line_break_of_its_own() {
    for (text, value) in [
        ("|\n  a", "a"),
        ("|\n  a\n", "a\n"),
        ("|\n  a\n  ", "a\n"),
        ("|\n  a\n   ", "a\n "),
        ("|+\n  a", "a"),
        (">\n  a\n  b", "a b"),
        ("|-\n  a", "a"),
    ] {
        let tree = tree(&format!("key: {text}"));
        assert_eq!(text_of(&tree, "key"), value, "{text:?}");
    }
    assert_eq!(text_of(&tree("a: |\n  x\n# end"), "a"), "x\n");
}

#[test]
fn line_breaks_may_be_of_windows() {
    let tree = tree("a: 1\r\nb: |\r\n  x\r\n  y\r\nc:\r\n  - z\r\n");
    assert_eq!(render(&tree), r#"{a: "1", b: "x\ny\n", c: ["z"]}"#);
}

#[test]
fn json_is_yaml() {
    let tree = tree("{\"a\":[1,\"b\\n\",null,true],\n\t\"c\":{\"d\":\"\"}}");
    assert_eq!(
        render(&tree),
        r#"{a: ["1", "b\n", "null", "true"], c: {d: ""}}"#
    );
}

#[test]
fn the_first_document_counts() {
    for text in [
        "---\na: b\n",
        "# c\n--- # d\na: b\n...\n",
        "a: b\n---\nc: d\n",
        "%YAML 1.1\n---\na: b\n",
    ] {
        assert_eq!(render(&tree(text)), r#"{a: "b"}"#, "{text:?}");
    }
    for text in ["", "\n\n", "# nothing\n"] {
        assert_eq!(read(text).unwrap(), None, "{text:?}");
    }
    assert!(tree("---\n").is_null());
}

#[test]
fn repeated_keys_are_all_kept() {
    assert_eq!(
        render(&tree("a: 1\nb: 2\na: 3\n")),
        r#"{a: "1", b: "2", a: "3"}"#
    );
}

#[test]
fn aliases_and_merge_keys_are_resolved() {
    for (text, tree_text) in [
        ("a: &x 3.10\nb: *x\n", r#"{a: "3.10", b: "3.10"}"#),
        ("a: &x [p, q]\nb: *x\n", r#"{a: ["p", "q"], b: ["p", "q"]}"#),
        ("a: &x 1\nb: &x 2\nc: *x\n", r#"{a: "1", b: "2", c: "2"}"#),
        (
            "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3\n",
            r#"{a: {k: "1", l: "2"}, b: {k: "3", l: "2"}}"#,
        ),
        (
            "a: &x {k: 1}\nb: &y {k: 2, l: 3}\nc: {<<: [*x, *y]}\n",
            r#"{a: {k: "1"}, b: {k: "2", l: "3"}, c: {k: "1", l: "3"}}"#,
        ),
        ("'<<': 1\n", r#"{<<: "1"}"#),
    ] {
        assert_eq!(render(&tree(text)), tree_text, "{text}");
    }
}

#[test]
fn a_key_may_be_no_text() {
    assert_eq!(render(&tree("{{ name }}: x\n")), r#"{?: "x"}"#);
    assert_eq!(render(&tree("? [a]\n: x\n")), r#"{?: "x"}"#);
    assert_eq!(render(&tree("1: x\ntrue: y\n")), r#"{1: "x", true: "y"}"#);
}

#[test]
fn quoted_lines_may_stand_anywhere() {
    let text = "a:\n  b: \"one\n two\n\nthree\" # c\n  d: 'x\ny'\n  e: z\n";
    assert_eq!(
        render(&tree(text)),
        r#"{a: {b: "one two\nthree", d: "x y", e: "z"}}"#
    );
    assert_places(
        "a:\n  - \"b\nc\"\n  - d\n",
        &[
            "1:1-4:6 {}",
            "1:1-1:2 a:",
            "2:3-4:6 []",
            "2:5-3:3 b c",
            "4:5-4:6 d",
        ],
    );
    let many = format!("a:\n{}", "  - \"x\ny\"\n".repeat(5000));
    let far = format!("a:\n{}  b: 'c\nd'\n", " ".repeat(MAX_BYTES / 2));
    for text in [many, far] {
        assert!(read(&text).is_ok());
    }
}

#[test]
fn aliases_cannot_use_up_the_memory() {
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..10 {
        let item = format!("*a{}, ", n - 1);
        writeln!(laughs, "a{n}: &a{n} [{}]", item.repeat(10)).unwrap();
    }
    assert_eq!(refusal(&laughs), "document contains excessive aliasing");
    // Within every other limit, but nearly all of it comes from aliases.
    let few = laughs.lines().take(4).collect::<Vec<_>>().join("\n");
    assert_eq!(refusal(&few), "document contains excessive aliasing");
    assert!(read(&format!("{few}\nb: [{}]\n", "y, ".repeat(200))).is_err());
    assert!(read(&format!("b: [{}]\n{few}\n", "y, ".repeat(200))).is_ok());
    let long = format!(
        "a: &x {}\nb: [{}]\n",
        "x".repeat(1 << 20),
        "*x, ".repeat(20)
    );
    assert_eq!(refusal(&long), "document contains excessive aliasing");
    assert_eq!(refusal("a: &x [*x]\n"), "anchor 'x' value contains itself");
}

#[test]
fn anchors_without_aliases_are_free() {
    let mut anchors = String::new();
    for n in 0..MAX_VALUES / 2 - 1 {
        writeln!(anchors, "k{n}: &a{n} x").unwrap();
    }
    assert!(read(&anchors).is_ok());
    let nested = format!(
        "{}{}{}\n",
        "&a [".repeat(75),
        "x, ".repeat(MAX_VALUES - 100),
        "]".repeat(75)
    );
    assert!(read(&nested).is_ok());
}

#[test]
fn the_number_of_values_is_bounded() {
    let list = |items: usize| format!("- a\n{}", "- b\n".repeat(items - 1));
    assert!(read(&list(MAX_VALUES - 1)).is_ok());
    assert_eq!(
        refusal(&list(MAX_VALUES)),
        "found more than 100000 keys and values, the most that cobuild reads, at line 99999"
    );
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("a: {}{}\n", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(MAX_DEPTH - 2)).is_ok());
    let mut stairs = String::new();
    for depth in 0..1000 {
        writeln!(stairs, "{}a:", " ".repeat(depth)).unwrap();
    }
    for text in [
        nested(MAX_DEPTH + 1),
        "[".repeat(100_000),
        "- ".repeat(100_000),
        stairs,
        format!(
            "a: &x {}{}\nb: {}*x{}\n",
            "[".repeat(75),
            "]".repeat(75),
            "[".repeat(75),
            "]".repeat(75)
        ),
    ] {
        let message = refusal(&text);
        assert!(
            message.starts_with("exceeded max depth of 100"),
            "{message}"
        );
    }
}

#[test]
fn nothing_makes_it_panic() {
    let pieces = [
        "- ",
        "a: ",
        "\"",
        "'",
        "[",
        "]",
        "{",
        "}",
        ",",
        ": ",
        "? ",
        "|",
        ">-\n",
        "\n",
        "\n  ",
        "\n\t",
        "&a ",
        "*a ",
        "<<: ",
        "!!str ",
        "%YAML 1.1\n",
        "---\n",
        "...",
        "# c",
        "\\",
        "\t",
        "~",
        "\r",
        "é",
        "\u{2028}",
        "\u{feff}",
        "@",
        "`",
        "x",
    ];
    // A plain linear congruential generator: the same texts on every run.
    let mut state = 1_u32;
    for _ in 0..5000 {
        let mut text = String::new();
        for _ in 0..state % 24 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push_str(pieces[(state >> 16) as usize % pieces.len()]);
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let _ = read(&text);
    }
}
