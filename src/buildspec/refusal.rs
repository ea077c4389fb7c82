//! Why CodeBuild refuses a buildspec (contract §1.2): the reasons as data, and the one place where its
//! sentences are made of them.

use std::fmt::{self, Display, Formatter};

use thiserror::Error;

use super::limits::{BATCH_KINDS, MAX_BYTES, MAX_DEPTH, MAX_VALUES, MOST_CHARACTERS};
use super::node::{Node, Position, Value};

/// Why CodeBuild refuses a buildspec: the context of a phase that fails for it, `DOWNLOAD_SOURCE`
/// (contract §1.2), or in a batch `DOWNLOAD_BATCHSPEC`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Refusal {
    /// `YAML_FILE_ERROR`, or `BATCH_SPEC_VALIDATION_ERROR` for a batch.
    pub status_code: &'static str,
    /// CodeBuild's own text.
    pub message: String,
}

impl Refusal {
    /// The refusal of a buildspec.
    pub(super) fn of_buildspec(reason: &Reason) -> Self {
        Self {
            status_code: "YAML_FILE_ERROR",
            message: reason.to_string(),
        }
    }

    /// The refusal of a batch.
    pub(super) fn of_batch(reason: &Reason) -> Self {
        Self {
            status_code: "BATCH_SPEC_VALIDATION_ERROR",
            message: reason.to_string(),
        }
    }

    /// Returns the text that the log has for it, status code and all.
    pub(super) fn in_log(&self) -> String {
        format!("{} Message: {}", self.status_code, self.message)
    }
}

/// What is wrong with a buildspec or a batch. Lines are counted from 1, but for that of
/// [`Reason::Syntax`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    /// It is not YAML.
    Syntax(Box<SyntaxProblem>),
    /// It is longer than any that is read; CodeBuild may not mind.
    TooLarge,
    /// It has more in it than any that is read; CodeBuild may not mind.
    TooManyValues {
        /// The line of the first that is too many.
        line: usize,
    },
    /// Lists and maps nest too deep.
    TooDeep {
        /// The line of the first that is too deep.
        line: usize,
    },
    /// It has longer and more runs of blanks than any that is read; CodeBuild may not mind.
    TooManyBlanks,
    /// It has more `%TAG` directives than any that is read; CodeBuild may not mind.
    TooManyDirectives,
    /// An alias for which there is no anchor.
    UnknownAnchor {
        /// The name of the alias.
        name: String,
    },
    /// An alias within what it stands for.
    AnchorContainsItself {
        /// The name of the alias.
        name: String,
    },
    /// What aliases stand for is too much.
    ExcessiveAliasing,
    /// The value of `<<` is no map.
    MergeOfNoMap,
    /// It is no buildspec at all.
    NoBuildspec(NoBuildspec),
    /// A `version` that does not exist.
    Version {
        /// The version as written.
        written: String,
    },
    /// A key under `phases` that is not a phase.
    PhaseName {
        /// The key as written.
        written: String,
    },
    /// GitHub Actions steps, which need an account that is connected to GitHub. They refuse a build,
    /// but not the buildspec.
    Steps,
    /// A map where a command should be.
    CommandIsMap {
        /// The list, as the agent calls it.
        list: &'static str,
        /// The place in the list.
        index: usize,
        /// The line of the map.
        line: usize,
    },
    /// A list where a command should be.
    CommandIsList {
        /// The list, as the agent calls it.
        list: &'static str,
        /// The place in the list.
        index: usize,
        /// The line of the inner list.
        line: usize,
    },
    /// A value of the wrong kind.
    ValueKind {
        /// The key, as the table has it or, under names of the author's choice, as written.
        key: String,
        /// What the value is.
        is: ValueKind,
        /// What it should be.
        expected: ValueKind,
    },
    /// A key that is a list or a map.
    KeyKind,
    /// A batch with none of the kinds of batch, or several.
    BatchKinds {
        /// The number of kinds.
        count: usize,
    },
    /// A batch whose buildspec has a `version` in quotes.
    QuotedVersion {
        /// The version as written.
        written: String,
    },
    /// Builds of a batch whose identifiers are none; `None` for a build without one.
    Identifiers(Vec<Option<String>>),
    /// An identifier that an earlier build of the batch has.
    IdentifierTwice {
        /// The identifier.
        identifier: String,
    },
    /// A dependency on a build that does not exist.
    Dependency {
        /// The build that has the dependency.
        build: String,
        /// The build that does not exist.
        on: String,
    },
    /// Builds that depend on each other.
    Circle(Vec<String>),
    /// Both `fleet` and `compute-type`.
    FleetAndComputeType,
    /// A `parallelism` that is no number of builds.
    Parallelism {
        /// The value as written; `None` when there is none.
        written: Option<String>,
    },
}

impl Reason {
    /// Returns what is wrong, without the line.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Syntax(syntax) => syntax.problem.clone(),
            Self::TooManyValues { .. } => too_many_values(),
            Self::TooDeep { .. } => too_deep(),
            other => other.to_string(),
        }
    }
}

fn too_many_values() -> String {
    format!("found more than {MAX_VALUES} keys and values, the most that cobuild reads")
}

fn too_deep() -> String {
    format!("exceeded max depth of {MAX_DEPTH}")
}

/// What YAML's parser says of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxProblem {
    /// What is wrong, in libyaml's words.
    pub(super) problem: String,
    /// The line, counted from 0 and as libyaml counts lines.
    pub(super) line: usize,
    /// What was being read, if that is known.
    pub(super) context: Option<SyntaxContext>,
    /// Where the innermost bracket or brace is that was open.
    pub(super) bracket: Option<Position>,
}

/// What YAML's parser was reading when it stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxContext {
    /// What it is, in libyaml's words.
    pub(super) text: String,
    /// Where it begins.
    pub(super) place: Position,
}

/// Why a text is no buildspec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoBuildspec {
    /// There is nothing in it.
    Empty,
    /// It is a text.
    Text,
    /// It is a list.
    List,
    /// It has no `version`.
    NoVersion,
}

/// What a value is, or should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    /// A text.
    Text,
    /// Yes or no.
    Boolean,
    /// A list.
    List,
    /// A list of texts.
    Texts,
    /// A map.
    Map,
}

impl ValueKind {
    /// Returns what a value is: a text, a list or a map.
    pub(super) fn of(value: &Node) -> Self {
        match &value.value {
            Value::Scalar(_) => Self::Text,
            Value::Sequence(_) => Self::List,
            Value::Mapping(_) => Self::Map,
        }
    }

    /// The name in Go.
    fn in_go(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Boolean => "bool",
            Self::List | Self::Texts => "list",
            Self::Map => "map",
        }
    }
}

/// The sentence that CodeBuild has for it. The texts about YAML are those of Go's yaml library.
impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(syntax) => write!(f, "{} at line {}", syntax.problem, syntax.line),
            Self::TooLarge => write!(
                f,
                "the buildspec has more than {MAX_BYTES} bytes, the most that cobuild reads"
            ),
            // The service names the line before: its own count begins at 0.
            Self::TooManyValues { line } => {
                write!(
                    f,
                    "{}, at line {}",
                    too_many_values(),
                    line.saturating_sub(1)
                )
            }
            Self::TooDeep { line } => {
                write!(f, "{} at line {}", too_deep(), line.saturating_sub(1))
            }
            Self::TooManyBlanks => {
                f.write_str("the buildspec has more blanks in a row than cobuild reads")
            }
            Self::TooManyDirectives => {
                f.write_str("the buildspec has more %TAG directives than cobuild reads")
            }
            Self::UnknownAnchor { name } => write!(f, "unknown anchor '{name}' referenced"),
            Self::AnchorContainsItself { name } => {
                write!(f, "anchor '{name}' value contains itself")
            }
            Self::ExcessiveAliasing => f.write_str("document contains excessive aliasing"),
            Self::MergeOfNoMap => {
                f.write_str("map merge requires map or sequence of maps as the value")
            }
            Self::NoBuildspec(_) => f.write_str("wrong number of container tags, expected 1"),
            Self::Version { written } => write!(
                f,
                "invalid buildspec `version` specified: {written}, see documentation"
            ),
            Self::PhaseName { written } => write!(
                f,
                "Invalid buildspec phase name: {written}. Expecting: \
                 build,install,post_build,pre_build"
            ),
            Self::Steps => f.write_str(
                "unsupported field \"steps\" in buildspec. No GitHub token has been configured \
                 for your account",
            ),
            Self::CommandIsMap { list, index, line } => write!(
                f,
                "Expected {list}[{index}] to be of string type: found subkeys instead at line \
                 {line}, value of the key tag on line {} might be empty",
                line.saturating_sub(1)
            ),
            // The wording is assumed.
            Self::CommandIsList { list, index, line } => write!(
                f,
                "Expected {list}[{index}] to be of string type: found a list instead at line {line}"
            ),
            // Seen as `Cannot unmarshal map to string`; the rest is assumed.
            Self::ValueKind { is, expected, .. } => {
                write!(f, "Cannot unmarshal {} to {}", is.in_go(), expected.in_go())
            }
            Self::KeyKind => f.write_str("Cannot unmarshal map to string"),
            batch => write!(f, "BatchSpec has invalid values.. {}", OfBatch(batch)),
        }
    }
}

/// The end of a sentence about a batch. Its beginning is CodeBuild's own, two dots and all; of the
/// ends only that about identifiers is.
struct OfBatch<'reason>(&'reason Reason);

impl Display for OfBatch<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Reason::BatchKinds { .. } => write!(
                f,
                "Exactly one of {} must be given.",
                BATCH_KINDS.join(", ")
            ),
            Reason::QuotedVersion { .. } => {
                f.write_str("The version must be a number, not a string.")
            }
            Reason::Identifiers(identifiers) => {
                let identifiers: Vec<&str> = identifiers
                    .iter()
                    .map(|identifier| identifier.as_deref().unwrap_or_default())
                    .collect();
                write!(
                    f,
                    "Build Identifiers {} must contain only alphanumeric characters and \
                     underscores and be less than {MOST_CHARACTERS} characters in length.",
                    identifiers.join(", ")
                )
            }
            Reason::IdentifierTwice { identifier } => {
                write!(f, "Build Identifier {identifier} is not unique.")
            }
            Reason::Dependency { build, on } => {
                write!(f, "Build {build} depends on {on}, which does not exist.")
            }
            Reason::Circle(builds) => {
                write!(f, "Builds {} depend on each other.", builds.join(", "))
            }
            Reason::FleetAndComputeType => {
                f.write_str("Only one of fleet and compute-type can be given.")
            }
            Reason::Parallelism { written } => write!(
                f,
                "Parallelism {} must be a whole number above 0.",
                written.as_deref().unwrap_or_default()
            ),
            _ => Ok(()),
        }
    }
}
