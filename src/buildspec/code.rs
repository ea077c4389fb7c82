//! Every kind of problem that cobuild finds in a buildspec, in one table.
//!
//! Codes are stable: comments in people's files name them. Those below `bs100` are what CodeBuild
//! refuses; the rest is what it silently ignores, or what will hurt.

pub(super) mod batch;
pub(super) mod commands;
mod definition;
pub(super) mod environment;
pub(super) mod errors;
pub(super) mod structure;

pub use definition::{Code, Severity};

impl Code {
    /// Returns the code with this number or name, found without regard to case.
    pub fn find(text: &str) -> Option<&'static Self> {
        CODES
            .iter()
            .copied()
            .find(|code| code.id.eq_ignore_ascii_case(text) || code.name.eq_ignore_ascii_case(text))
    }
}

/// Every code there is, by number.
pub static CODES: &[&Code] = &[
    &errors::SYNTAX,
    &errors::NO_BUILDSPEC,
    &errors::VERSION,
    &errors::PHASE_NAME,
    &errors::COMMAND_TYPE,
    &errors::KIND,
    &structure::UNKNOWN_KEY,
    &structure::KEY_CASE,
    &structure::DUPLICATE_KEY,
    &structure::EMPTY_PHASE,
    &structure::EMPTY_ITEM,
    &structure::IGNORED_KIND,
    &structure::ON_FAILURE,
    &structure::REPORT_FORMAT,
    &structure::SHELL,
    &structure::BOOLEAN,
    &structure::RUNTIME,
    &structure::UNKNOWN_CODE,
    &structure::STEPS,
    &environment::SECRET,
    &environment::RESERVED_NAME,
    &environment::LITERAL_VARIABLE,
    &environment::CREDENTIALS,
    &environment::UNSET_EXPORT,
    &environment::GLOB,
    &environment::NO_FILES,
    &environment::FALLBACK,
    &batch::IDENTIFIER,
    &batch::DUPLICATE_IDENTIFIER,
    &batch::DEPENDENCY,
    &batch::CYCLE,
    &batch::BATCH_KIND,
    &batch::QUOTED_VERSION,
    &batch::FLEET,
    &batch::UNPRIVILEGED,
    &batch::PARALLELISM,
    &commands::LOST_DEFINITION,
    &commands::LOST_OPTION,
    &commands::BASHISM,
    &commands::LOST_STATUS,
    &commands::LOST_STATE,
    &commands::MASKED_FAILURE,
    &commands::DOCKER_DAEMON,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buildspec::check;

    #[test]
    fn no_code_is_missing() {
        let sources = [
            include_str!("code/batch.rs"),
            include_str!("code/commands.rs"),
            include_str!("code/environment.rs"),
            include_str!("code/errors.rs"),
            include_str!("code/structure.rs"),
        ];
        let defined = sources.iter().map(|text| text.matches("id: \"bs").count());
        assert_eq!(defined.sum::<usize>(), CODES.len());
    }

    #[test]
    fn numbers_rise_and_names_are_unique() {
        assert!(CODES.windows(2).all(|pair| pair[0].id < pair[1].id));
        for code in CODES {
            let same = CODES.iter().filter(|other| other.name == code.name);
            assert_eq!(same.count(), 1, "{}", code.name);
            assert_eq!(Code::find(code.id), Some(*code));
            assert_eq!(Code::find(&code.name.to_uppercase()), Some(*code));
            assert_eq!(
                code.severity == Severity::Error,
                code.id < "bs100",
                "{}",
                code.id
            );
            assert!(code.summary.ends_with('.') && !code.summary.contains('\n'));
        }
        assert_eq!(Code::find("bs999"), None);
    }

    #[test]
    fn the_bad_example_of_each_code_has_nothing_else_and_the_good_one_has_nothing() {
        for code in CODES {
            let bad = check(code.bad.as_bytes());
            assert!(!bad.is_empty(), "{}", code.id);
            assert!(
                bad.iter().all(|one| one.code == *code),
                "{}: {bad:#?}",
                code.id
            );
            let good = check(code.good.as_bytes());
            assert!(good.is_empty(), "{}: {good:#?}", code.id);
        }
    }
}
