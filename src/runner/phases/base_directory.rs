//! Expands a `base-directory` to directories, as the build's own shell does.

use crate::engine::Engine;
use crate::runner::container::program::quote;
use crate::runner::interruption::Interruption;
use crate::runner::live::Live;

impl<E: Engine> Live<'_, E> {
    /// Returns the directories that match `pattern`: relative to the source, and by their real
    /// paths.
    pub(in crate::runner) async fn base_directories(
        &mut self,
        pattern: &str,
    ) -> Result<Vec<BaseDirectory>, Interruption> {
        let script = format!(
            "CDPATH=\ncd {} || exit\nset +f\nfor directory in {}; do\n(cd -P -- \"$directory\" && printf '%s\\037%s\\037' \"$directory\" \"$(pwd)\")\ndone",
            quote(&self.run.plan.layout.source),
            shell_pattern(pattern)
        );
        let what = format!("the base directory `{pattern}`");
        Ok(pairs(&self.evaluate(&script, &what).await?)
            .map(|(name, location)| BaseDirectory {
                name: name.to_owned(),
                location: location.to_owned(),
            })
            .collect())
    }
}

/// A directory in which an artifact's patterns are matched.
pub(in crate::runner) struct BaseDirectory {
    pub(in crate::runner) name: String,
    pub(in crate::runner) location: String,
}

/// Splits the output of a script into pairs of texts, each ended by a unit separator: variables of
/// shells cannot hold NUL.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut texts = text.split_terminator('\x1f');
    std::iter::from_fn(move || Some((texts.next()?, texts.next()?)))
}

/// Quotes all of a pattern but its wildcards.
fn shell_pattern(pattern: &str) -> String {
    let mut quoted = String::new();
    for part in pattern.split_inclusive(['*', '?', '[', ']']) {
        let literal = part.trim_end_matches(['*', '?', '[', ']']);
        if !literal.is_empty() {
            quoted.push_str(&quote(literal));
        }
        quoted.push_str(&part[literal.len()..]);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stay_wildcards_and_nothing_else_does() {
        assert_eq!(shell_pattern("my-build*"), "'my-build'*");
        assert_eq!(shell_pattern("a b/$x?[0-9]"), "'a b/$x'?['0-9']");
        assert_eq!(shell_pattern("."), "'.'");
    }
}
