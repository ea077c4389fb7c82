//! The texts with which CodeBuild refuses a buildspec (contract §1.2), in one place.

use super::batch::MOST_CHARACTERS;
use super::limits::{MAX_BYTES, MAX_VALUES};
use super::{Refusal, Version};

/// The four names that may stand under `phases`, in the order in which the refusal lists them.
const PHASE_NAMES: &str = "build,install,post_build,pre_build";

impl Refusal {
    fn new(message: impl Into<String>) -> Self {
        Self {
            status_code: "YAML_FILE_ERROR",
            message: message.into(),
        }
    }

    /// Makes it the refusal of a batch.
    pub(super) fn of_batch(self) -> Self {
        Self {
            status_code: "BATCH_SPEC_VALIDATION_ERROR",
            ..self
        }
    }

    /// Returns the text that the log has for it, status code and all.
    pub(super) fn in_log(&self) -> String {
        format!("{} Message: {}", self.status_code, self.message)
    }

    /// A YAML error found on a line, counted from 1.
    ///
    /// The service names the line before: it shows the parser's own count, which begins at 0. Every
    /// public report whose buildspec is known agrees, down to `at line 0` for a one-line text.
    pub(super) fn syntax(problem: &str, line: usize) -> Self {
        Self::new(format!("{problem} at line {}", line.saturating_sub(1)))
    }

    /// A YAML error that belongs to no line; the wording of Go's yaml library.
    pub(super) fn unlocated(problem: impl Into<String>) -> Self {
        Self::new(problem)
    }

    /// The text is longer than any that is read; CodeBuild may not mind.
    pub(super) fn too_large() -> Self {
        Self::new(format!(
            "the buildspec has more than {MAX_BYTES} bytes, the most that cobuild reads"
        ))
    }

    /// The text has more in it than any that is read; CodeBuild may not mind. Lines are counted
    /// from 1.
    pub(super) fn too_many_values(line: usize) -> Self {
        Self::syntax(
            &format!("found more than {MAX_VALUES} keys and values, the most that cobuild reads,"),
            line,
        )
    }

    /// What aliases stand for is too much; the wording of Go's yaml library.
    pub(super) fn excessive_aliasing() -> Self {
        Self::unlocated("document contains excessive aliasing")
    }

    /// The text is empty, or no buildspec at all.
    pub(super) fn no_buildspec() -> Self {
        Self::new("wrong number of container tags, expected 1")
    }

    /// A `version` that does not exist.
    pub(super) fn version(written: &str) -> Self {
        Self::new(format!(
            "invalid buildspec `version` specified: {written}, see documentation"
        ))
    }

    /// A key under `phases` that is no phase.
    pub(super) fn phase_name(written: &str) -> Self {
        Self::new(format!(
            "Invalid buildspec phase name: {written}. Expecting: {PHASE_NAMES}"
        ))
    }

    /// GitHub Actions steps, which need an account that is connected to GitHub.
    pub(super) fn steps() -> Self {
        Self::new(
            "unsupported field \"steps\" in buildspec. No GitHub token has been configured for \
             your account",
        )
    }

    /// A map where a command should be; lines are counted from 1.
    pub(super) fn command_is_map(list: &str, index: usize, line: usize) -> Self {
        Self::new(format!(
            "Expected {list}[{index}] to be of string type: found subkeys instead at line {line}, \
             value of the key tag on line {} might be empty",
            line.saturating_sub(1)
        ))
    }

    /// A list where a command should be; the wording is assumed.
    pub(super) fn command_is_list(list: &str, index: usize, line: usize) -> Self {
        Self::new(format!(
            "Expected {list}[{index}] to be of string type: found a list instead at line {line}"
        ))
    }

    /// A batch whose builds cannot be told or started. The beginning is CodeBuild's own, two dots
    /// and all.
    pub(super) fn batch(problem: impl std::fmt::Display) -> Self {
        Self::new(format!("BatchSpec has invalid values.. {problem}")).of_batch()
    }

    /// Builds of a batch whose identifiers are none.
    pub(super) fn identifiers(identifiers: &[&str]) -> Self {
        Self::batch(format_args!(
            "Build Identifiers {} must contain only alphanumeric characters and underscores and be \
             less than {MOST_CHARACTERS} characters in length.",
            identifiers.join(", ")
        ))
    }

    /// A value of the wrong kind; seen as `Cannot unmarshal map to string`, the rest assumed.
    pub(super) fn kind(found: &str, wanted: &str) -> Self {
        Self::new(format!("Cannot unmarshal {found} to {wanted}"))
    }
}

impl Version {
    /// Reads a `version` as written; only the two exact spellings exist.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        match text {
            "0.1" => Some(Self::V0_1),
            "0.2" => Some(Self::V0_2),
            _ => None,
        }
    }
}
