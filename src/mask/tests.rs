use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::find::Pattern;
use super::masker::Masker;
use super::wrapped::{Compared, compare};

const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\nNMoSfm76\n=\n-----END PRIVATE KEY-----\n";

fn mask(secrets: &[&str], text: &str) -> String {
    Masker::new(secrets).mask(text).into_owned()
}

/// Masks a text that comes in these chunks.
fn streamed(masker: &Masker, chunks: &[&[u8]]) -> Vec<u8> {
    let mut stream = masker.stream();
    let mut shown = Vec::new();
    for chunk in chunks {
        shown.extend(stream.push(Bytes::copy_from_slice(chunk)));
    }
    shown.extend(stream.finish());
    shown
}

/// Where the bytes of an occurrence are that are masked.
fn places(text: &[u8], start: usize, pattern: &Pattern) -> Option<Vec<usize>> {
    let mut places = Vec::new();
    let mut at = start;
    for (count, byte) in pattern.bytes.iter().enumerate() {
        let rest = &text[at..];
        let ends = rest.iter().take_while(|it| b"\r\n".contains(it)).count();
        if pattern.wraps && count > 0 && ends > 0 {
            let blanks = rest[ends..]
                .iter()
                .take_while(|it| b" \t".contains(it))
                .count();
            if ends > 4 || blanks > 16 {
                return None;
            }
            if count < 3 {
                places.clear();
            }
            at += ends + blanks;
        }
        if text.get(at) != Some(byte) {
            return None;
        }
        places.push(at);
        at += 1;
    }
    Some(places)
}

/// What is to come out, by the definition alone.
fn by_definition(masker: &Masker, text: &[u8]) -> Vec<u8> {
    let mut is_secret = vec![false; text.len()];
    for pattern in masker.finder.patterns() {
        for start in 0..text.len() {
            for place in places(text, start, pattern).unwrap_or_default() {
                is_secret[place] = true;
            }
        }
    }
    let mut shown = Vec::new();
    let mut in_mask = false;
    for (byte, is_secret) in text.iter().zip(is_secret) {
        let hide = is_secret && !b"\r\n".contains(byte);
        if !hide {
            shown.push(*byte);
        } else if !in_mask {
            shown.extend(b"***");
        }
        in_mask = hide;
    }
    shown
}

#[test]
fn a_value_is_masked_wherever_it_stands() {
    for (text, shown) in [
        ("hunter2", "***"),
        ("password: hunter2!", "password: ***!"),
        ("hunter2hunter2", "***"),
        ("hunter2 hunter2", "*** ***"),
        ("hunter2\nhunter2\r\n", "***\n***\r\n"),
        ("éhunter2é", "é***é"),
        ("hunter hunter", "hunter hunter"),
        ("", ""),
    ] {
        assert_eq!(mask(&["hunter2"], text), shown, "{text}");
    }
    assert_eq!(mask(&["pässwörd€"], "a pässwörd€ b"), "a *** b");
}

#[test]
fn overlapping_values_leave_no_fragment() {
    assert_eq!(mask(&["abcd", "cdef"], "xabcdefx"), "x***x");
    assert_eq!(
        mask(&["abcdef", "bcd"], "abcdef bcd abcde"),
        "*** *** a***e"
    );
    assert_eq!(mask(&["aaa"], "baaaaab"), "b***b");
    assert_eq!(mask(&["abc", "def"], "abcdef"), "***");
}

#[test]
fn what_is_too_short_or_blank_is_not_masked() {
    let text = "a ab  \n\t\n abc";
    for secret in ["", " ", "\n\n", " \t ", "a", "ab", " ab\n"] {
        assert_eq!(mask(&[secret], text), text, "{secret:?}");
    }
    assert_eq!(mask(&["abc"], text), "a ab  \n\t\n ***");
}

#[test]
fn blanks_and_quotes_around_a_value_do_not_matter() {
    for secret in ["hunter2\n", " hunter2 ", "\"hunter2\""] {
        assert_eq!(mask(&[secret], "hunter2\nx"), "***\nx", "{secret:?}");
    }
    assert_eq!(mask(&["\"hunter2\""], "\"hunter2\""), "***");
}

#[test]
fn a_value_of_several_lines_is_masked_line_by_line() {
    // As a whole even the line goes that is too short by itself.
    let lines = PEM.lines().count();
    assert_eq!(mask(&[PEM], PEM), "***\n".repeat(lines));
    let with_blanks = PEM.lines().collect::<Vec<_>>().join(" ");
    assert_eq!(mask(&[PEM], &with_blanks), "*** *** *** *** = ***");
    let of_windows = PEM.replace('\n', "\r\n");
    assert_eq!(mask(&[&of_windows], &of_windows), "***\r\n".repeat(lines));
    assert_eq!(mask(&[PEM], &of_windows), "***\r\n".repeat(lines));
    assert_eq!(mask(&["one line\ntwo"], "two, one line"), "two, ***");
    assert_eq!(mask(&["one line\ntwo"], "one line\ntwo."), "***\n***.");
    assert_eq!(mask(&["{\n  \"key\": 1\n}"], "{ \"key\": 1 }"), "{ *** }");
}

#[test]
fn base64_is_masked() {
    for (text, shown) in [
        ("aHVudGVyMg==", "***"),
        ("aHVudGVyMg", "***"),
        ("Basic dXNlcjpodW50ZXIy,", "Basic dXNlcjp***,"),
        ("YTpodW50ZXIyOmI=", "YTp***OmI="),
        ("eGh1bnRlcjJ4", "eG***J4"),
        ("aHVudGVy", "aHVudGVy"),
    ] {
        assert_eq!(mask(&["hunter2"], text), shown, "{text}");
    }
    for text in ["cGE/Pz4+c3M=", "cGE/Pz4+c3M", "cGE_Pz4-c3M=", "cGE_Pz4-c3M"] {
        assert_eq!(mask(&["pa??>>ss"], text), "***", "{text}");
    }
    for (text, shown) in [
        ("eHBhPz8+PnNz", "eH***"),
        ("eHBhPz8-PnNz", "eH***"),
        ("eHlwYT8/Pj5zcw==", "eHl***"),
        ("eHlwYT8_Pj5zc3p6", "eHl***3p6"),
    ] {
        assert_eq!(mask(&["pa??>>ss"], text), shown, "{text}");
    }
}

#[test]
fn base64_in_lines_is_masked() {
    let secret = "0123456789".repeat(11);
    for (width, shown) in [(64, "***\n***\n***"), (76, "***\n***")] {
        for (file, end) in [(secret.clone(), ""), (format!("{secret}\n"), "K")] {
            let encoded = STANDARD.encode(file).into_bytes();
            let lines: Vec<&[u8]> = encoded.chunks(width).collect();
            let text = String::from_utf8(lines.join(&b'\n')).unwrap();
            assert_eq!(mask(&[&secret], &text), format!("{shown}{end}"), "{text}");
        }
    }
}

fn in_lines(text: &str, width: usize, end: &str) -> String {
    let lines: Vec<String> = text
        .as_bytes()
        .chunks(width)
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    lines.join(end)
}

#[test]
fn encoded_values_are_masked_in_lines_of_any_width() {
    let secret = "pa??>>ss~word-of-more-than-one-line-0123456789";
    let hexadecimal = secret
        .bytes()
        .fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    for before in 0..3 {
        let whole = STANDARD.encode([&b"xyz"[..before], secret.as_bytes(), b"\n"].concat());
        let url = whole.replace('+', "-").replace('/', "_");
        for encoded in [whole, url, hexadecimal.clone(), hexadecimal.to_uppercase()] {
            for width in 1..=encoded.len() {
                for end in ["\n", "\r\n", "\n    "] {
                    let text = format!("> {}\n", in_lines(&encoded, width, end));
                    let shown = mask(&[secret], &text);
                    let left: String = shown.chars().filter(char::is_ascii_alphanumeric).collect();
                    // Two characters before an early break, and those shared with neighbours.
                    assert!(left.len() <= 7, "{width} {text:?}: {shown:?}");
                    assert_eq!(shown.lines().count(), text.lines().count());
                }
            }
        }
    }
}

#[test]
fn a_key_is_masked_in_lines_of_another_width() {
    let body: String = PEM.lines().filter(|line| !line.contains('-')).collect();
    for width in [20, 63, 65, 76, 500] {
        let shown = mask(&[PEM], &in_lines(&body, width, "\n"));
        let left: String = shown.chars().filter(|c| !"*\n".contains(*c)).collect();
        assert!(left.len() <= 8, "{width}: {shown}");
    }
    // A word that somebody broke is two words.
    assert_eq!(mask(&["hunter2"], "hun\nter2"), "hun\nter2");
}

#[test]
fn what_stands_far_apart_is_not_one() {
    for text in [
        "aHVu\n\n\n\n\ndGVyMg",
        "aHVu\n                 dGVyMg",
        "aHVu dGVyMg",
    ] {
        assert_eq!(mask(&["hunter2"], text), text);
    }
}

#[test]
fn the_end_of_a_line_is_not_kept_back_for_two_characters() {
    let mut stream = Masker::new(["hunter2"]).stream();
    for (chunk, shown) in [
        ("> aH\n", "> aH\n"),
        ("Vud", ""),
        ("GVyMg", "***"),
        ("\n> aHV\n", "\n> "),
        ("udG\n", ""),
        ("VyMg\n", "***\n***\n***\n"),
        ("aH\n", "aH\n"),
        ("x\n", "x\n"),
    ] {
        let out = stream.push(Bytes::from_static(chunk.as_bytes()));
        assert_eq!(out, shown, "{chunk:?}");
    }
}

#[test]
fn secrets_are_replaced_each_by_itself() {
    let masker = Masker::new(["first", "second", "condor"]);
    let replaced = |text| {
        let shown = masker.replace(text, |secret| {
            format!("<{}>", String::from_utf8_lossy(secret))
        });
        shown.into_owned()
    };
    assert_eq!(replaced("a-firstsecond-b"), "a-<first><second>-b");
    assert_eq!(replaced("secondor"), "<secondor>");
    assert_eq!(replaced("none"), "none");
}

#[test]
fn url_encoding_is_masked() {
    let secret = "p@ss w/rd~*'(é)";
    for text in [
        "p%40ss%20w%2Frd~%2A%27%28%C3%A9%29",
        "p%40ss%20w%2frd~%2a%27%28%c3%a9%29",
        "p%40ss%20w/rd~%2A%27%28%C3%A9%29",
        "p%40ss+w%2Frd~%2A%27%28%C3%A9%29",
        "p%40ss%20w%2Frd~*'(%C3%A9)",
        "p%40ss+w%2Frd%7E*%27%28%C3%A9%29",
    ] {
        assert_eq!(mask(&[secret], &format!("?a={text}&b=c")), "?a=***&b=c");
    }
    let key = PEM
        .trim()
        .replace('\n', "%0A")
        .replace(' ', "+")
        .replace('/', "%2F");
    assert_eq!(mask(&[PEM], &key.replace('=', "%3D")), "***");
}

#[test]
fn escapes_are_masked() {
    let secret = "it's \"a\\b\" & <$x`>";
    for text in [
        r#"it's \"a\\b\" & <$x`>"#,
        "it&apos;s &quot;a\\b&quot; &amp; &lt;$x`&gt;",
        "it's \"a\\b\" &amp; &lt;$x`&gt;",
        r#"it'\''s "a\b" & <$x`>"#,
        r#"it'"'"'s "a\b" & <$x`>"#,
        r#"it's \"a\\b\" & <\$x\`>"#,
        r#"it\'s "a\\b" & <$x`>"#,
        r#"it's \"a\\b\" \u0026 \u003c$x`\u003e"#,
        r#"it\'s\ \"a\\b\"\ \&\ \<\$x\`\>"#,
        "it&#x27;s &quot;a\\b&quot; &amp; &lt;$x`&gt;",
        "it&#39;s &#34;a\\b&#34; &amp; &lt;$x`&gt;",
    ] {
        assert_eq!(mask(&[secret], &format!("'{text}'")), "'***'", "{text}");
    }
    let whole = PEM.trim().replace('\n', "\\n");
    assert_eq!(
        mask(&[PEM], &format!("{{\"key\": \"{whole}\"}}")),
        "{\"key\": \"***\"}"
    );
}

#[test]
fn several_secrets_and_none() {
    let text = "hunter2 and swordfish";
    assert_eq!(mask(&["hunter2", "swordfish"], text), "*** and ***");
    assert!(matches!(Masker::default().mask(text), Cow::Borrowed(_)));
    assert!(matches!(Masker::new([PEM]).mask(text), Cow::Borrowed(_)));
    assert_eq!(streamed(&Masker::default(), &[b"a", b"b"]), b"ab");
}

#[test]
fn output_that_is_no_text_is_masked_too() {
    let masked = Masker::new(["hunter2"])
        .mask_bytes(b"\xFFhunter2\xFE")
        .into_owned();
    assert_eq!(masked, b"\xFF***\xFE");
}

#[test]
fn only_what_may_become_a_secret_is_kept_back() {
    let mut stream = Masker::new(["hunter2", "first line\nsecond line"]).stream();
    for (chunk, shown) in [
        ("Password: ", "Password: "),
        ("line\n", "line\n"),
        ("the h", "the "),
        ("unte", ""),
        ("d\n", "hunted\n"),
        ("hunter", ""),
        ("2", "***"),
        ("hunter2hunt", ""),
        ("er2", ""),
        (" ", " "),
        ("first line", "***"),
        ("\nsec", ""),
        ("tion\n", "\nsection\n"),
        ("first line\n", "***"),
        ("second line", "\n***"),
        ("\nhunt", "\n"),
    ] {
        let out = stream.push(Bytes::from_static(chunk.as_bytes()));
        assert_eq!(out, shown, "{chunk:?}");
    }
    assert_eq!(stream.finish(), "hunt");
    assert_eq!(stream.push(Bytes::from_static(b"er2")), "er2");
    assert_eq!(stream.finish(), "");
    // What comes after the end is another stream, with masks of its own.
    for _ in 0..2 {
        assert_eq!(stream.push(Bytes::from_static(b"hunter2")), "***");
        assert_eq!(stream.finish(), "");
    }
    // A secret that is all there waits for nothing.
    for secret in ["abc", "hunter2"] {
        let mut stream = Masker::new([secret]).stream();
        assert_eq!(stream.push(Bytes::from(secret)), "***");
        assert!(stream.held.is_empty(), "{secret}");
    }
}

#[test]
fn a_chunk_without_secrets_is_not_copied() {
    let mut stream = Masker::new(["hunter2"]).stream();
    let chunk = Bytes::from_static(b"nothing to see\n");
    assert_eq!(stream.push(chunk.clone()).as_ptr(), chunk.as_ptr());
}

#[test]
fn debug_output_shows_no_secret() {
    let masker = Masker::new(["hunter2"]);
    let mut stream = masker.stream();
    stream.push(Bytes::from_static(b"hunter"));
    let shown = format!("{masker:?} {stream:?}");
    assert!(!shown.contains("hunt") && !shown.contains("104"), "{shown}");
}

/// A piece of output.
#[derive(Debug, Clone)]
enum Piece {
    /// Characters that secrets are made of too.
    Text(String),
    /// A form of a secret, or its first bytes.
    Form(Index, Index),
    /// A form of a secret in lines, each of so many bytes and with this behind it.
    Broken(Index, Vec<(usize, &'static str)>),
}

/// Few characters, so that secrets overlap, repeat, and begin like others.
fn characters(lengths: Range<usize>) -> impl Strategy<Value = String> {
    let alphabet = "aaaaabbbcc \r\n\"%/é".chars().collect::<Vec<_>>();
    vec(select(alphabet), lengths).prop_map(String::from_iter)
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let form = (any::<Index>(), any::<Index>()).prop_map(|(form, end)| Piece::Form(form, end));
    let ends = select(vec![
        "\n",
        "\n",
        "\r\n",
        "\r",
        "\n  ",
        "\n\n",
        "\n\n\n\n\n",
        "",
    ]);
    let breaks = vec((1_usize..9, ends), 1..4);
    let broken = (any::<Index>(), breaks).prop_map(|(form, breaks)| Piece::Broken(form, breaks));
    vec(
        prop_oneof![characters(0..6).prop_map(Piece::Text), form, broken],
        0..12,
    )
}

/// Some secrets and output that is full of them.
fn secrets_and_output() -> impl Strategy<Value = (Masker, Vec<u8>)> {
    // How long the shortest is decides how they are looked for.
    let secrets = (0_usize..14).prop_flat_map(|least| vec(characters(least..least + 8), 0..5));
    (secrets, pieces()).prop_map(|(secrets, pieces)| {
        let masker = Masker::new(secrets);
        let patterns = masker.finder.patterns();
        let mut output = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => output.extend(text.into_bytes()),
                Piece::Form(..) if patterns.is_empty() => {}
                Piece::Form(form, end) => {
                    let form = &form.get(patterns).bytes;
                    output.extend_from_slice(&form[..=end.index(form.len())]);
                }
                Piece::Broken(..) if patterns.is_empty() => {}
                Piece::Broken(form, breaks) => {
                    let form = &form.get(patterns).bytes;
                    let mut breaks = breaks.iter().cycle();
                    let mut rest = form.as_slice();
                    while let Some((width, text)) = breaks.next().filter(|_| !rest.is_empty()) {
                        let (line, more) = rest.split_at(rest.len().min(*width));
                        output.extend_from_slice(line);
                        output.extend_from_slice(text.as_bytes());
                        rest = more;
                    }
                }
            }
        }
        (masker, output)
    })
}

fn chunks<'text>(text: &'text [u8], cuts: &[Index]) -> Vec<&'text [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_chunking_gives_what_the_definition_says(
        (masker, output) in secrets_and_output(),
        cuts in vec(any::<Index>(), 0..8),
    ) {
        let shown = by_definition(&masker, &output);
        prop_assert_eq!(masker.mask_bytes(&output), shown.as_slice());
        prop_assert_eq!(&streamed(&masker, &chunks(&output, &cuts)), &shown);
        let bytes: Vec<&[u8]> = output.chunks(1).collect();
        prop_assert_eq!(&streamed(&masker, &bytes), &shown);
    }

    #[test]
    fn no_secret_is_left(
        (masker, output) in secrets_and_output(),
        cuts in vec(any::<Index>(), 0..8),
    ) {
        let shown = streamed(&masker, &chunks(&output, &cuts));
        for pattern in masker.finder.patterns() {
            let bytes = &pattern.bytes;
            let is_left = shown.windows(bytes.len()).any(|part| part == bytes);
            prop_assert!(!is_left, "{:?}", bytes.escape_ascii().to_string());
        }
    }

    #[test]
    fn what_is_kept_back_begins_a_secret(
        (masker, output) in secrets_and_output(),
    ) {
        let mut stream = masker.stream();
        stream.push(output.into());
        let held = &stream.held;
        let begins = |pattern: &Pattern| {
            let is_begun = !matches!(compare(held, 0, &pattern.bytes), Compared::Other);
            pattern.bytes.starts_with(held) || (pattern.wraps && is_begun)
        };
        prop_assert!(held.is_empty() || masker.finder.patterns().iter().any(begins));
    }

    #[test]
    fn output_without_secrets_passes_unchanged(
        text in "[d-z]{0,40}",
        cuts in vec(any::<Index>(), 0..8),
        secrets in vec("[abc]{0,12}", 0..5),
    ) {
        // Only the plain forms are of other characters than the text.
        let masker = Masker::new(secrets);
        let has_secret = masker.finder.patterns().iter().any(|pattern| {
            let bytes = &pattern.bytes;
            text.as_bytes().windows(bytes.len()).any(|part| part == bytes)
        });
        prop_assume!(!has_secret);
        prop_assert_eq!(masker.mask(&text), text.as_str());
        prop_assert_eq!(streamed(&masker, &chunks(text.as_bytes(), &cuts)), text.into_bytes());
    }
}
