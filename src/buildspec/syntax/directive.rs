//! Lines that begin with a `%`, such as those of a template: to libyaml each is a directive.

use super::{Failure, Problem};

/// What our parser says where a directive follows a document that has not ended.
const NOT_ENDED: &str = "missing explicit document end marker before directive";

impl Failure<'_> {
    /// What libyaml says of a directive that keeps our parser from finding the document.
    pub(super) fn directive(&self) -> Option<(&'static str, usize)> {
        let of_document = match &self.problem {
            Problem::Same(problem) => problem.ends_with("<document start>"),
            Problem::Other(problem) => problem == NOT_ENDED,
            _ => false,
        };
        if !of_document {
            return None;
        }
        let mut lines = self.lines().take(self.place.line + 1);
        let (number, line) = lines.find(|(_, line)| line.starts_with('%'))?;
        Some((problem(&line[1..])?, number))
    }
}

/// What is wrong with a directive, if it is none of the two that there are.
fn problem(directive: &str) -> Option<&'static str> {
    let rest =
        directive.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_-".contains(c));
    let name = &directive[..directive.len() - rest.len()];
    if name.is_empty() {
        Some("could not find expected directive name")
    } else if !rest.is_empty() && !rest.starts_with([' ', '\t', '\r']) {
        Some("found unexpected non-alphabetical character")
    } else if matches!(name, "YAML" | "TAG") {
        None
    } else {
        Some("found unknown directive name")
    }
}
