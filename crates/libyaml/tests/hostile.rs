//! Texts that are made to take long, or to break what reads them.

use libyaml::{Error, EventData, Parser};

const MEGABYTE: usize = 1 << 20;

/// How deep lists and maps may nest here.
const LIMIT: usize = 100;

/// Reads a text to its end, and returns how many events it has and why it is read no further.
fn read(text: &str) -> (usize, Option<Error>) {
    let mut events = 0;
    for event in Parser::new(text, LIMIT) {
        match event {
            Ok(_) => events += 1,
            Err(error) => return (events, Some(error)),
        }
    }
    (events, None)
}

#[test]
fn what_nests_is_read_to_the_limit_and_no_further() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(read(&nested(LIMIT)), (2 * LIMIT + 4, None));
    let stairs: String = (0..1400).map(|at| " ".repeat(at) + "a:\n").collect();
    for text in [
        nested(LIMIT + 1),
        "[".repeat(MEGABYTE),
        "[\n".repeat(MEGABYTE),
        "{".repeat(MEGABYTE),
        "- ".repeat(MEGABYTE),
        "? ".repeat(MEGABYTE),
        "&a [".repeat(MEGABYTE / 4),
        stairs,
    ] {
        let (events, error) = read(&text);
        assert!(matches!(error, Some(Error::TooDeep { limit: LIMIT, .. })));
        assert!(events <= 3 * LIMIT, "{events}");
    }
}

#[test]
fn what_never_ends_is_read_once() {
    for text in [
        "\"".to_owned() + &"a".repeat(MEGABYTE),
        "'".repeat(MEGABYTE + 1),
        "\t".repeat(MEGABYTE),
        "a".repeat(MEGABYTE) + ": b",
        "[a, ".repeat(50) + &"b, ".repeat(MEGABYTE / 100),
        "!<".to_owned() + &"%41".repeat(MEGABYTE / 3),
        "a: ".repeat(MEGABYTE / 3),
        "a\n".repeat(MEGABYTE / 2) + "b: c",
        "*".repeat(MEGABYTE),
    ] {
        let (_, error) = read(&text);
        assert!(matches!(error, Some(Error::Syntax(_))), "{:?}", &text[..9]);
    }
}

#[test]
fn what_there_is_much_of_is_read_to_its_end() {
    for text in [
        "-\n".repeat(MEGABYTE / 8),
        "? \n".repeat(MEGABYTE / 8),
        "- &a x\n".repeat(MEGABYTE / 16),
        "---\n".repeat(MEGABYTE / 16),
        "#\n".repeat(MEGABYTE / 2),
        "&".to_owned() + &"a".repeat(MEGABYTE) + " b",
        "[".repeat(LIMIT) + &"a, ".repeat(MEGABYTE / 16) + &"]".repeat(LIMIT),
        "[".repeat(LIMIT) + &"a,\n".repeat(MEGABYTE / 16) + &"]".repeat(LIMIT),
        "a: |\n".to_owned() + &" ".repeat(MEGABYTE),
    ] {
        assert_eq!(read(&text).1, None, "{:?}", &text[..9]);
    }
}

/// Without a bound each of these takes from ten seconds to minutes.
#[test]
fn what_libyaml_takes_long_for_is_not_begun() {
    let directives: Vec<String> = (0..100_000).map(|at| format!("%TAG !a{at}! x\n")).collect();
    for (text, error) in [
        (
            format!("\"{}{}\"", " ".repeat(MEGABYTE), "a ".repeat(50_000)),
            Error::TooManyBlanks,
        ),
        (
            format!("|\n{}{}", "\n".repeat(MEGABYTE), " a\n".repeat(50_000)),
            Error::TooManyBlanks,
        ),
        (directives.concat(), Error::TooManyDirectives),
    ] {
        assert_eq!(read(&text), (0, Some(error)));
    }
}

/// The same pieces of text in ever other orders: whatever comes of them, lists and maps end as they
/// began.
#[test]
fn every_beginning_has_its_end() {
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
        "...\n",
        "# c",
        "\\",
        "\t",
        "~",
        "\r",
        "é",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "@",
        "`",
        "x",
        "\0",
        "%TAG ! a\n",
        "!a!b ",
    ];
    let count = if cfg!(miri) { 100 } else { 5000 };
    // A plain linear congruential generator: the same texts on every run.
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize
    };
    let mut whole = 0;
    for _ in 0..count {
        let text: String = (0..next() % 24)
            .map(|_| pieces[next() % pieces.len()])
            .collect();
        let mut depth = 0_usize;
        let mut last = None;
        for event in Parser::new(&text, LIMIT).map_while(Result::ok) {
            match event.data {
                EventData::SequenceStart(_) | EventData::MappingStart(_) => depth += 1,
                EventData::SequenceEnd | EventData::MappingEnd => depth -= 1,
                _ => {}
            }
            assert!(event.start.offset <= event.end.offset, "{text:?}");
            assert!(text.is_char_boundary(event.end.offset), "{text:?}");
            last = Some(event.data);
        }
        if last == Some(EventData::StreamEnd) {
            whole += 1;
            assert_eq!(depth, 0, "{text:?}");
        }
    }
    assert!(whole > count / 50, "{whole}");
}
