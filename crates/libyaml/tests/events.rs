//! What a text is read as.

use libyaml::{Error, EventData, Mark, Parser, ScalarStyle};

/// Renders events on one line, and the words of an error in place of the rest.
fn events(text: &str) -> String {
    let render = |event| match event {
        EventData::StreamStart => "+STR".to_owned(),
        EventData::StreamEnd => "-STR".to_owned(),
        EventData::DocumentStart => "+DOC".to_owned(),
        EventData::DocumentEnd => "-DOC".to_owned(),
        EventData::Alias(anchor) => format!("*{anchor}"),
        EventData::Scalar(scalar) => {
            let style = match scalar.style {
                ScalarStyle::Plain => ':',
                ScalarStyle::SingleQuoted => '\'',
                ScalarStyle::DoubleQuoted => '"',
                ScalarStyle::Literal => '|',
                ScalarStyle::Folded => '>',
            };
            let value = scalar.value.escape_debug();
            properties(scalar.anchor, scalar.tag) + &format!("{style}{value}")
        }
        EventData::SequenceStart(start) => {
            properties(start.anchor, start.tag) + if start.flow { "[" } else { "+SEQ" }
        }
        EventData::SequenceEnd => "-SEQ".to_owned(),
        EventData::MappingStart(start) => {
            properties(start.anchor, start.tag) + if start.flow { "{" } else { "+MAP" }
        }
        EventData::MappingEnd => "-MAP".to_owned(),
    };
    let events: Vec<String> = Parser::new(text, 100)
        .map(|event| event.map_or_else(|error| error.to_string(), |event| render(event.data)))
        .collect();
    events.join(" ")
}

fn properties(anchor: Option<String>, tag: Option<String>) -> String {
    let anchor = anchor.map(|anchor| format!("&{anchor}"));
    let tag = tag.map(|tag| format!("<{tag}>"));
    anchor.into_iter().chain(tag).collect()
}

#[test]
fn every_event_comes_with_all_it_has() {
    for (text, expected) in [
        ("", "+STR -STR"),
        ("# nothing\n", "+STR -STR"),
        (
            "a: b\n--- c",
            "+STR +DOC +MAP :a :b -MAP -DOC +DOC :c -DOC -STR",
        ),
        (
            "- &x [a, 'b']\n- *x\n- &y !t {c: \"d\\0é\"}\n",
            "+STR +DOC +SEQ &x[ :a 'b -SEQ *x &y<!t>{ :c \"d\\0é -MAP -SEQ -DOC -STR",
        ),
        (
            "%TAG !e! tag:x:\n--- !e!f |\n  a\n  b",
            "+STR +DOC <tag:x:f>|a\\nb -DOC -STR",
        ),
        (
            "!!str &a >-\n a\n b\n",
            "+STR +DOC &a<tag:yaml.org,2002:str>>a b -DOC -STR",
        ),
        ("? a\n", "+STR +DOC +MAP :a : -MAP -DOC -STR"),
        ("\u{feff}a", "+STR +DOC :a -DOC -STR"),
        (
            "a: b: c",
            "+STR +DOC +MAP :a :b mapping values are not allowed in this context",
        ),
        ("a\0", "control characters are not allowed"),
    ] {
        assert_eq!(events(text), expected, "{text:?}");
    }
}

#[test]
fn marks_count_from_zero() {
    let text = "é: |\r\n  x\n\u{2028}'y': z";
    let marks: Vec<_> = Parser::new(text, 1)
        .map(Result::unwrap)
        .filter(|event| matches!(event.data, EventData::Scalar(_)))
        .map(|event| (event.start, event.end))
        .collect();
    let mark = |offset, line, column| Mark {
        offset,
        line,
        column,
    };
    assert_eq!(
        marks,
        [
            (mark(0, 0, 0), mark(2, 0, 1)),
            (mark(4, 0, 3), mark(14, 3, 0)),
            (mark(14, 3, 0), mark(17, 3, 3)),
            (mark(19, 3, 5), mark(20, 3, 6)),
        ]
    );
}

#[test]
fn an_error_says_where_it_is_and_what_was_being_read() {
    let error = |text| match Parser::new(text, 100).find_map(Result::err) {
        Some(Error::Syntax(error)) => error,
        other => panic!("{text}: {other:?}"),
    };
    for (text, problem, place, context) in [
        (
            "a:\n  - \"b\nc\n",
            "found unexpected end of stream",
            (3, 0),
            Some(("while scanning a quoted scalar", (1, 4))),
        ),
        (
            "a: [b,\n  c\nd: e\n",
            "did not find expected ',' or ']'",
            (2, 1),
            Some(("while parsing a flow sequence", (0, 3))),
        ),
        (
            "a:\n  b: c\n d\n",
            "did not find expected key",
            (2, 1),
            Some(("while parsing a block mapping", (0, 0))),
        ),
        (
            "a: b\nc\nd: e\n",
            "could not find expected ':'",
            (2, 0),
            Some(("while scanning a simple key", (1, 0))),
        ),
        (
            "a: @b\n",
            "found character that cannot start any token",
            (0, 3),
            Some(("while scanning for the next token", (0, 3))),
        ),
        (
            "a: b: c\n",
            "mapping values are not allowed in this context",
            (0, 4),
            None,
        ),
        (
            "a\r\nb\u{1b}",
            "control characters are not allowed",
            (1, 1),
            None,
        ),
    ] {
        let error = error(text);
        assert_eq!(error.problem, problem, "{text}");
        assert_eq!((error.mark.line, error.mark.column), place, "{text}");
        let said = error.context.as_ref().map(|context| {
            let mark = context.mark;
            (context.text.as_str(), (mark.line, mark.column))
        });
        assert_eq!(said, context, "{text}");
    }
}

#[test]
fn nothing_follows_the_end_or_an_error() {
    for text in ["a: b\n", "]", "[[["] {
        let mut parser = Parser::new(text, 2);
        assert!(parser.by_ref().count() > 0, "{text}");
        assert!(parser.next().is_none(), "{text}");
    }
    // What is not read to its end is freed all the same.
    let mut parser = Parser::new("a: [&b !c 'd', e]\n--- f\n", 2);
    assert_eq!(parser.by_ref().take(5).count(), 5);
}
