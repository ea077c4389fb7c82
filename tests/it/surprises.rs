//! What real buildspecs do that the reference does not speak of, one small case of our own for each
//! kind of surprise (contract §1.2). The kinds bear the names that the corpus of real buildspecs
//! gives them.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use cobuild::buildspec::{Diagnostic, Severity, check, parse};

/// The cases. Each has a line `=== surprise` and a line with its outcome before its text:
/// `--- accepted`, `--- warned LINES` with what is to be said of it behind a colon, or
/// `--- refused LINE MESSAGE`. For what is not YAML the line may be one of several, as in `4-6`: from
/// where libyaml begins what it then cannot end.
const CASES: [&str; 4] = [
    include_str!("surprises/taken.txt"),
    include_str!("surprises/ignored.txt"),
    include_str!("surprises/refused.txt"),
    include_str!("surprises/malformed.txt"),
];

/// One small buildspec that holds one surprise.
struct Case {
    surprise: &'static str,
    outcome: Outcome,
    text: &'static str,
}

/// What becomes of a case.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// It is taken without a word.
    Accepted,
    /// It is taken, with warnings on these lines and no others.
    Warned(Vec<usize>),
    /// It is refused, for what stands on this line and with these words.
    Refused(RangeInclusive<usize>, &'static str),
}

impl Outcome {
    fn of(line: &'static str) -> Self {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "accepted" => Self::Accepted,
            "warned" => {
                let lines = rest.split(':').next().unwrap().split(' ');
                Self::Warned(lines.map(|line| line.parse().unwrap()).collect())
            }
            "refused" => {
                let (lines, message) = rest.split_once(' ').unwrap();
                Self::Refused(line_range(lines), message)
            }
            _ => panic!("{line}"),
        }
    }
}

/// Reads a line, or the first and the last of several.
pub(crate) fn line_range(text: &str) -> RangeInclusive<usize> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    first.parse().unwrap()..=last.parse().unwrap()
}

fn cases() -> impl Iterator<Item = Case> {
    let texts = CASES
        .into_iter()
        .flat_map(|file| file.split("=== ").skip(1));
    texts.map(|case| {
        let (surprise, rest) = case.split_once("\n--- ").unwrap();
        let (outcome, text) = rest.split_once('\n').unwrap();
        Case {
            surprise,
            outcome: Outcome::of(outcome),
            text,
        }
    })
}

/// Lists the lines of all problems of one severity.
fn lines(found: &[Diagnostic], severity: Severity) -> Vec<usize> {
    let lines: BTreeSet<usize> = found
        .iter()
        .filter(|one| one.severity() == severity)
        .map(|one| one.span.start.line)
        .collect();
    lines.into_iter().collect()
}

/// Says what is wrong with the outcome of a case, written as `text`.
fn problem(case: &Case, text: &str) -> Option<String> {
    let refusal = parse(text.as_bytes()).err().map(|one| one.message);
    let found = check(text.as_bytes());
    let errors = lines(&found, Severity::Error);
    let warnings = lines(&found, Severity::Warning);
    let holds = match &case.outcome {
        Outcome::Accepted => refusal.is_none() && errors.is_empty() && warnings.is_empty(),
        Outcome::Warned(at) => refusal.is_none() && errors.is_empty() && warnings == *at,
        Outcome::Refused(at, message) => {
            let noted = |one: &Diagnostic| {
                let note = one.note.as_deref();
                note.is_some_and(|note| note.ends_with(message))
            };
            refusal.as_deref() == Some(message)
                && found.iter().any(noted)
                && matches!(errors.as_slice(), [line] if at.contains(line))
        }
    };
    (!holds).then(|| {
        format!(
            "`{}`: {:?} was expected of\n{text}\nbut it has {refusal:?}, {found:#?}",
            case.surprise, case.outcome
        )
    })
}

/// Lists the kinds of surprise in the account of the corpus of which no case has the outcome that
/// they have there.
pub(crate) fn without_a_case(account: &str) -> Vec<String> {
    // `### name  [verdict]`
    let headings = account
        .lines()
        .filter_map(|line| line.strip_prefix("### ")?.split_once('['));
    headings
        .filter(|(name, verdict)| {
            let (name, verdict) = (name.trim(), verdict.trim_end_matches(']'));
            // What is wrong with a batch is none of a single build's business.
            let of_batch = name.starts_with("build-");
            let open = ["unclear", "see below"].contains(&verdict);
            let fits = |outcome: &Outcome| match outcome {
                Outcome::Accepted => open || verdict.starts_with("accepted"),
                Outcome::Warned(_) => of_batch || !verdict.starts_with("rejected"),
                Outcome::Refused(..) => open || verdict.starts_with("rejected"),
            };
            !cases().any(|case| case.surprise == name && fits(&case.outcome))
        })
        .map(|(name, verdict)| format!("no case has the outcome of {name}[{verdict}"))
        .collect()
}

#[test]
fn every_surprise_has_its_outcome() {
    assert!(cases().count() > 100);
    let problems: Vec<String> = cases()
        .filter_map(|case| problem(&case, case.text))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn neither_a_mark_nor_windows_lines_make_a_difference() {
    let problems: Vec<String> = cases()
        .filter_map(|case| {
            let text = format!("\u{feff}{}", case.text.replace('\n', "\r\n"));
            problem(&case, &text)
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
