//! Words as they stand on the command line of a shell.

/// Takes the quotes off a word. Nothing in it is expanded or run; quotes may still be open.
pub(super) fn unquoted(word: &str) -> String {
    let mut text = String::new();
    let mut quote = None;
    let mut characters = word.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', Some('\'')) => text.push('\\'),
            ('\\', Some(_)) => match characters.next() {
                Some(next) if "\"\\$`".contains(next) => text.push(next),
                Some(next) => text.extend(['\\', next]),
                None => {}
            },
            ('\\', None) => text.extend(characters.next()),
            ('\'' | '"', None) => quote = Some(character),
            (_, Some(open)) if character == open => quote = None,
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_taken_off_and_nothing_is_expanded() {
        for (word, text) in [
            ("plain", "plain"),
            (r"my\ file", "my file"),
            (r#""my file""#, "my file"),
            (r#""my fi"#, "my fi"),
            ("'my fi", "my fi"),
            (r#"a"b c"d'e f'"#, "ab cde f"),
            (r"\$\(touch\ x\)", "$(touch x)"),
            (r#""\$x \n""#, r"$x \n"),
            (r"'\n'", r"\n"),
            ("$(touch x)", "$(touch x)"),
            ("", ""),
            (r"a\", "a"),
        ] {
            assert_eq!(unquoted(word), text, "{word}");
        }
    }
}
