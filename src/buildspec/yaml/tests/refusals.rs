//! What is no YAML is refused in the words, and on the line, of the library that CodeBuild's agent
//! uses.

use crate::buildspec::yaml;

#[track_caller]
fn assert_refusal(text: &str, message: &str) {
    let problem = yaml::read(text).unwrap_err();
    assert_eq!(problem.reason.to_string(), message, "{text}");
}

/// Lines count from 0 here, as the service counts them.
#[test]
fn the_line_is_one_less_than_an_editor_shows() {
    assert_refusal(
        "version: 0.2\n\nphases:\n\tbuild:\n\t\tcommands:\n",
        "found character that cannot start any token at line 3",
    );
    assert_refusal(
        "a: b: c\n",
        "mapping values are not allowed in this context at line 0",
    );
}

#[test]
fn lines_that_are_not_entries() {
    for (text, message) in [
        (
            "a:\n  - b\n  c: d\n",
            "did not find expected '-' indicator at line 2",
        ),
        (
            "a:\n    b: c\n  d: e\n",
            "did not find expected key at line 2",
        ),
        (
            "a: b\n c: d\n",
            "mapping values are not allowed in this context at line 1",
        ),
        (
            " a: b\nc: d\n",
            "did not find expected <document start> at line 1",
        ),
        ("a: b\nc\nd: e\n", "could not find expected ':' at line 2"),
        (
            "a: b\nc\n\n# d\ne: f\n",
            "could not find expected ':' at line 3",
        ),
        (
            "a: b\nc # d\n# e\n\nf: g\n",
            "could not find expected ':' at line 4",
        ),
        (
            "a: b\nc\n  d\n  e: f\n",
            "could not find expected ':' at line 3",
        ),
        ("a: b\nc", "could not find expected ':' at line 2"),
        ("a: b\nc\n   ", "could not find expected ':' at line 2"),
        (
            "a: b\nc\n  - d # e\n  - f\n",
            "could not find expected ':' at line 2",
        ),
        (
            "a: b\n**c\nd: e\n",
            "did not find expected alphabetic or numeric character at line 1",
        ),
        (
            "a: - b\n",
            "block sequence entries are not allowed in this context at line 0",
        ),
        (
            "a:\n  - \"b\"- \"c\"\n",
            "block sequence entries are not allowed in this context at line 1",
        ),
        (
            "a: ? b\n",
            "mapping keys are not allowed in this context at line 0",
        ),
        ("a:\n  : b\n", "did not find expected key at line 1"),
        ("a: b # c\n  d\n", "did not find expected key at line 1"),
        (
            "a:\n  - b # c\n    d\n",
            "did not find expected '-' indicator at line 2",
        ),
    ] {
        assert_refusal(text, message);
    }
}

#[test]
fn tabs() {
    for (text, message) in [
        (
            "a:\n\tb: c\n",
            "found character that cannot start any token at line 1",
        ),
        (
            "a:\n  - |\n    b\n\tc\n",
            "found a tab character where an indentation space is expected at line 3",
        ),
        (
            "a:\n  - |\n    b\n      c\n\td\n",
            "found a tab character where an indentation space is expected at line 4",
        ),
        (
            "a: |\n\tb\n",
            "found a tab character where an indentation space is expected at line 1",
        ),
        (
            "a: b\n\tc\n",
            "found a tab character that violates indentation at line 1",
        ),
        (
            "a:\n  \tb: c\n  d: e\n",
            "found character that cannot start any token at line 1",
        ),
        (
            "\ta: b\n\nc: d\n",
            "found character that cannot start any token at line 0",
        ),
        (
            "a:\n  - b\n  \t- c\n  - d\n",
            "found a tab character that violates indentation at line 2",
        ),
        (
            "a:\n  - 'b'\n  \t- c\n",
            "found character that cannot start any token at line 2",
        ),
        (
            "a:\n  - |\n    b\n    \tc\n d\n",
            "did not find expected key at line 4",
        ),
    ] {
        assert_refusal(text, message);
    }
}

#[test]
fn quotes() {
    for (text, message) in [
        ("a: \"b\nc: d\n", "found unexpected end of stream at line 2"),
        (
            "a:\n  b: 'c\n\nd: e\n",
            "found unexpected end of stream at line 4",
        ),
        ("a: \"b", "found unexpected end of stream at line 0"),
        (
            "a: 'b\n---\nc'\n",
            "found unexpected document indicator at line 1",
        ),
        (
            "a: \"C:\\Service\"\n",
            "found unknown escape character at line 0",
        ),
        (
            "a: \"\\xZZ\"\n",
            "did not find expected hexdecimal number at line 0",
        ),
        (
            "a: \"b\n  c\n  d\\q\"\n",
            "found unknown escape character at line 2",
        ),
        (
            "a:\n  - 'b'\"\n  - c\n\n",
            "found unexpected end of stream at line 4",
        ),
        (
            "a:\n  - 'b'\"\n  - \"\n",
            "did not find expected '-' indicator at line 1",
        ),
        (
            "a:\n  - \"\"\"\n  - b\\c\n",
            "found unknown escape character at line 2",
        ),
        ("a: \"b\" c\n", "did not find expected key at line 0"),
        (
            "a:\n  - 'b' c\n",
            "did not find expected '-' indicator at line 1",
        ),
        (
            "a:\n  - \"b\" c: d\n",
            "did not find expected key at line 1",
        ),
        (
            "a: [\"b\" c]\n",
            "did not find expected ',' or ']' at line 0",
        ),
        (
            "{\n  \"a\": \"b \"c\" d\"\n}\n",
            "did not find expected ',' or '}' at line 1",
        ),
        (
            "a: b\n\"c\" d\ne: f\n",
            "could not find expected ':' at line 2",
        ),
        (
            "a: b\n\"c\nd\" e\nf: g\n",
            "could not find expected ':' at line 2",
        ),
    ] {
        assert_refusal(text, message);
    }
}

#[test]
fn brackets() {
    for (text, message) in [
        (
            "a: [b, c\nd: e\n",
            "did not find expected ',' or ']' at line 1",
        ),
        ("a: [b", "did not find expected ',' or ']' at line 1"),
        (
            "{\"a\": {\"b\": \"c\"}\n",
            "did not find expected ',' or '}' at line 1",
        ),
        (
            "{\n  \"a\": [\n    \"b\"\n  }\n}\n",
            "did not find expected ',' or ']' at line 3",
        ),
        (
            "{\n  \"a\": 1\n  \"b\": 2\n}\n",
            "did not find expected ',' or '}' at line 2",
        ),
        (
            "a: b]\nc: ]\n",
            "did not find expected node content at line 1",
        ),
        (
            "a:\n  - [-f x ] && b\n",
            "did not find expected alphabetic or numeric character at line 1",
        ),
        (
            "a:\n  - [b]::c\n",
            "did not find expected '-' indicator at line 1",
        ),
        (
            "a:\n  - {b:\n  - c\n",
            "did not find expected node content at line 2",
        ),
        (
            "a:\n  - {b: 'c'\n  - d\n",
            "did not find expected ',' or '}' at line 2",
        ),
        (
            "a: b\n{c: d\n\ne: f\n",
            "could not find expected ':' at line 3",
        ),
    ] {
        assert_refusal(text, message);
    }
}

/// Lines of a template stand where keys do, and none of them ends in a colon.
#[test]
fn brackets_where_a_key_must_be() {
    for (text, message) in [
        (
            "a: b\n{{ c }}\n\nd: e\n",
            "could not find expected ':' at line 3",
        ),
        (
            "a:\n  - b\n  {{- end }}\n  # c\n  - d\n",
            "could not find expected ':' at line 4",
        ),
        (
            "a:\n{{- if b}}\n  c: d\n",
            "could not find expected ':' at line 2",
        ),
        ("a: b\n[c]\n  d\n", "could not find expected ':' at line 2"),
        ("a: b\n{{ c }}", "could not find expected ':' at line 2"),
        (
            "a: b\n{{- c }}:d\ne: f\n",
            "could not find expected ':' at line 2",
        ),
        (
            "a: b\n{{- c }}: d\n",
            "did not find expected node content at line 1",
        ),
        (
            "a: b\n{{ @c }}\nd: e\n",
            "found character that cannot start any token at line 1",
        ),
        (
            "a:\n  - b\n]\n  - c\n",
            "did not find expected key at line 2",
        ),
        ("]\n", "did not find expected node content at line 0"),
    ] {
        assert_refusal(text, message);
    }
}

#[test]
fn directives() {
    for (text, message) in [
        (
            "%{ if a }\nb: c\n%{ endif }\n",
            "could not find expected directive name at line 0",
        ),
        (
            "a: b\n%{ if c }\nd: e\n",
            "could not find expected directive name at line 1",
        ),
        ("%a b\nc: d\n", "found unknown directive name at line 0"),
        (
            "a: b\n%c% d\n",
            "found unexpected non-alphabetical character at line 1",
        ),
    ] {
        assert_refusal(text, message);
    }
}

#[test]
fn characters_with_a_meaning() {
    for (text, message) in [
        (
            "a: @b\n",
            "found character that cannot start any token at line 0",
        ),
        (
            "a: `b`\n",
            "found character that cannot start any token at line 0",
        ),
        (
            "a:\n  - %B%\\c\n",
            "found character that cannot start any token at line 1",
        ),
        (
            "a:\n  - **/*\n",
            "did not find expected alphabetic or numeric character at line 1",
        ),
        (
            "a:\n  - *.txt\n",
            "did not find expected alphabetic or numeric character at line 1",
        ),
        (
            "a: b\nc: && d\n",
            "did not find expected alphabetic or numeric character at line 1",
        ),
        (
            "a: b\nc: &d/e f\n",
            "did not find expected alphabetic or numeric character at line 1",
        ),
        ("a: *b\n", "unknown anchor 'b' referenced"),
        ("a:\n  *b: c\n", "unknown anchor 'b' referenced"),
        (
            "a: | b\n",
            "did not find expected comment or line break at line 0",
        ),
        (
            "a: |0\n  b\n",
            "found an indentation indicator equal to 0 at line 0",
        ),
        ("a: !b!c d\n", "found undefined tag handle at line 0"),
        (
            "a: 1\n<<: b\n",
            "map merge requires map or sequence of maps as the value",
        ),
        (
            "a: 1\n<<: [b]\n",
            "map merge requires map or sequence of maps as the value",
        ),
    ] {
        assert_refusal(text, message);
    }
}

#[test]
fn what_libyaml_lets_pass() {
    for text in [
        "a: b\n\n\n# c\n",
        "a:\tb\n",
        "a: \"b\" # c\n",
        "a: [b,\nc]\n",
        "a: ['b',]\n",
        "a: {b, c: }\n",
        "a: b#c\n",
        "a: b\\c 'd' \"e\" [f] {g}\n",
        "a: -b\n",
        "a: :b\n",
        "a: http://b?c=d&e=*f\n",
        "- a\n- b\n",
    ] {
        assert!(yaml::read(text).is_ok(), "{text}");
    }
}

#[test]
fn a_tab_in_front_of_nothing_is_refused() {
    for (text, message) in [
        (
            "\ta: b\n",
            "found character that cannot start any token at line 0",
        ),
        (
            "a:\n\t\n  b: c\n",
            "found character that cannot start any token at line 1",
        ),
        (
            "a:\n  - 'b'\n\t\n",
            "found character that cannot start any token at line 2",
        ),
        (
            "a: b # c\n\t\n",
            "found character that cannot start any token at line 1",
        ),
        (
            "a:\n  # b\n\t# c\n  d: e\n",
            "found character that cannot start any token at line 2",
        ),
        (
            "a:\n  -\tb\n",
            "found character that cannot start any token at line 1",
        ),
        (
            "a: b\n\t\n",
            "found a tab character that violates indentation at line 1",
        ),
        (
            "a:\n  - b\n\n \t\n",
            "found a tab character that violates indentation at line 3",
        ),
        (
            "a: |\n  \tb\n   \t\n",
            "found a tab character where an indentation space is expected at line 1",
        ),
        (
            "a:\n  - >-\n\n    \tb\n    c\n",
            "found a tab character where an indentation space is expected at line 3",
        ),
        (
            "a:\n  - |\n    b\n\t\n  - c\n",
            "found a tab character where an indentation space is expected at line 3",
        ),
    ] {
        assert_refusal(text, message);
    }
}

#[test]
fn a_tab_elsewhere_is_not() {
    for text in [
        "a:\tb\t# c\n",
        "a:\n  - b\tc\n",
        "a:\n  - b\n   \t\n",
        "a: |\n  b\n  \tc\n   \t\n",
        "a: |2 # b\n  \tb\n",
        "a: |-2\n  \tb\n",
        "a: 'b\n\tc'\n",
        "a: [\n  b,\n  \tc\n  \t]\n",
        "{\n\t\"a\": \"b\"\n}\n",
        "a: b\n---\n\t\n",
    ] {
        assert!(yaml::read(text).is_ok(), "{text:?}");
    }
}
