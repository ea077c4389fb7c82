//! Runs parts of a build: the first phase or command, a single phase, mocked commands.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use regex::{Regex, RegexBuilder};

use super::PhasePlan;
use crate::phase::PhaseType;
use crate::wire::text_form;

/// A command phase, or a command of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The phase.
    pub phase: PhaseType,
    /// The command, counted from 1 in `commands`; absent means the phase's first.
    pub command: Option<usize>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.phase.fmt(f)?;
        match self.command {
            Some(command) => write!(f, ":{command}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Step {
    type Err = String;

    /// Reads `PHASE` or `PHASE:N`, the phase as in a buildspec or as in the log.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, number) = match text.split_once(':') {
            Some((name, number)) => (name, Some(number)),
            None => (text, None),
        };
        let phase = phase(name)?;
        let command = number
            .map(|number| match number.parse() {
                Ok(number) if number > 0 => Ok(number),
                Ok(_) | Err(_) => Err(format!(
                    "`{number}` is not a command number: commands are counted from 1"
                )),
            })
            .transpose()?;
        Ok(Self { phase, command })
    }
}

/// Reads the name of a command phase, without regard to case.
pub fn phase(name: &str) -> Result<PhaseType, String> {
    PhaseType::COMMAND_PHASES
        .into_iter()
        .find(|phase| phase.as_str().eq_ignore_ascii_case(name))
        .ok_or_else(|| {
            format!("`{name}` is not a phase: use install, pre_build, build or post_build")
        })
}

impl Step {
    /// Checks that the buildspec has this step, which `flag` names.
    pub fn check(self, flag: &'static str, phases: &[PhasePlan]) -> Result<(), NoSuchStep> {
        let found = phases.iter().find(|planned| planned.phase == self.phase);
        let there = match found.filter(|planned| planned.named) {
            None => There::Phases(
                phases
                    .iter()
                    .filter(|planned| planned.named)
                    .map(|planned| planned.phase)
                    .collect(),
            ),
            Some(planned) if self.command > Some(planned.commands.len()) => {
                There::Commands(planned.commands.len())
            }
            Some(_) => return Ok(()),
        };
        let step = self;
        Err(NoSuchStep { flag, step, there })
    }
}

/// A step that a buildspec does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSuchStep {
    /// The flag that names it.
    pub flag: &'static str,
    /// The step.
    pub step: Step,
    /// What the buildspec has.
    pub there: There,
}

/// What a buildspec has in the place of a step that it does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum There {
    /// Other phases.
    Phases(Vec<PhaseType>),
    /// The phase, with so many commands.
    Commands(usize),
}

impl std::error::Error for NoSuchStep {}

impl fmt::Display for NoSuchStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flag, step, there } = self;
        let phase = step.phase;
        write!(f, "{flag} {step}: ")?;
        match there {
            There::Commands(1) => write!(f, "{phase} has 1 command"),
            There::Commands(count) => write!(f, "{phase} has {count} commands"),
            There::Phases(phases) => {
                let names: Vec<&str> = phases.iter().map(|phase| phase.as_str()).collect();
                write!(f, "the buildspec has no phase {phase}; ")?;
                match names.split_last() {
                    None => write!(f, "it has no phases"),
                    Some((last, [])) => write!(f, "it has {last}"),
                    Some((last, others)) => write!(f, "it has {} and {last}", others.join(", ")),
                }
            }
        }
    }
}

/// The limit for a compiled regular expression, in bytes.
const MOST_OF_REGEX: usize = 1 << 20;

/// A regular expression for mocked commands, which are not run.
#[derive(Debug, Clone)]
pub struct Mock(Regex);

text_form!(Mock);

impl PartialEq for Mock {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Mock {}

impl FromStr for Mock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let regex = RegexBuilder::new(text).size_limit(MOST_OF_REGEX).build();
        regex.map(Self).map_err(|error| {
            let words = error.to_string();
            let reason = words.lines().last().unwrap_or_default();
            let reason = reason.strip_prefix("error: ").unwrap_or(reason);
            format!("not a valid regular expression: {reason}")
        })
    }
}

impl fmt::Display for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// The part of a build that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The first command that runs; earlier commands are skipped, and so is `finally` of earlier
    /// phases.
    pub from: Option<Step>,
    /// The only phase whose commands run.
    pub only: Option<PhaseType>,
    /// Commands that match one of these are logged and succeed without running.
    pub mocks: Vec<Mock>,
}

impl Part {
    /// Whether all of the build runs.
    pub fn is_whole(&self) -> bool {
        self.from.is_none() && self.only.is_none()
    }

    /// Whether none of a phase runs.
    pub fn leaves_out(&self, phase: PhaseType) -> bool {
        let before = self.from.is_some_and(|step| phase < step.phase);
        let other = self.only.is_some_and(|only| phase != only);
        before || other
    }

    /// Removes the commands of a phase that do not run.
    pub(super) fn cut(&self, planned: &mut PhasePlan) {
        if self.leaves_out(planned.phase) {
            planned.left_out = planned.commands.len();
            planned.finally_left_out = true;
        } else if let Some(Step {
            phase,
            command: Some(command),
        }) = self.from
            && phase == planned.phase
        {
            planned.left_out = (command - 1).min(planned.commands.len());
        }
    }

    /// Checks that the buildspec has what is named here.
    pub fn check(&self, phases: &[PhasePlan]) -> Result<(), NoSuchStep> {
        if let Some(step) = self.from {
            step.check("--from", phases)?;
        }
        if let Some(phase) = self.only {
            let command = None;
            Step { phase, command }.check("--only", phases)?;
        }
        Ok(())
    }

    /// Returns a sentence about each mock that matches no command that runs.
    pub(super) fn idle_mocks(&self, phases: &[PhasePlan]) -> Vec<String> {
        let idle = self.mocks.iter().filter(|mock| {
            let mut running = phases.iter().flat_map(PhasePlan::running);
            !running.any(|command| mock.0.is_match(command))
        });
        idle.map(|mock| format!("`--mock {mock}` matches no command that runs"))
            .collect()
    }

    pub fn is_mocked(&self, command: &str) -> bool {
        self.mocks.iter().any(|mock| mock.0.is_match(command))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PhaseType::{Build, Install, PostBuild, PreBuild};

    #[test]
    fn steps_are_read_as_people_write_them() {
        let step = |phase, command| Ok(Step { phase, command });
        for (text, read) in [
            ("build", step(Build, None)),
            ("BUILD:3", step(Build, Some(3))),
            ("pre_build:1", step(PreBuild, Some(1))),
            ("Post_Build", step(PostBuild, None)),
        ] {
            assert_eq!(text.parse::<Step>(), read, "{text}");
        }
        for text in [
            "",
            "prebuild",
            "build:0",
            "build:",
            "build:x",
            "UPLOAD_ARTIFACTS",
        ] {
            assert!(text.parse::<Step>().is_err(), "{text}");
        }
    }

    fn left(part: &Part) -> Vec<(usize, usize)> {
        [Install, PreBuild, Build, PostBuild]
            .into_iter()
            .map(|phase| {
                let mut planned = PhasePlan {
                    phase,
                    named: true,
                    user: "root".to_owned(),
                    commands: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
                    left_out: 0,
                    finally: vec!["f".to_owned()],
                    finally_left_out: false,
                    on_failure: crate::buildspec::OnFailure::Default,
                };
                part.cut(&mut planned);
                (planned.left_out, usize::from(!planned.finally_left_out))
            })
            .collect()
    }

    #[test]
    fn what_lies_before_is_left_out() {
        let from = |text: &str| Part {
            from: Some(text.parse().unwrap()),
            ..Part::default()
        };
        assert_eq!(left(&Part::default()), [(0, 1); 4]);
        assert_eq!(left(&from("install")), [(0, 1); 4]);
        assert_eq!(left(&from("build")), [(3, 0), (3, 0), (0, 1), (0, 1)]);
        assert_eq!(left(&from("build:3")), [(3, 0), (3, 0), (2, 1), (0, 1)]);
        assert_eq!(left(&from("build:9")), [(3, 0), (3, 0), (3, 1), (0, 1)]);
    }

    #[test]
    fn one_phase_alone() {
        let only = Part {
            only: Some(PreBuild),
            ..Part::default()
        };
        assert_eq!(left(&only), [(3, 0), (0, 1), (3, 0), (3, 0)]);
        assert!(!only.is_whole());
    }

    #[test]
    fn mocks_match_anywhere() {
        let part = Part {
            mocks: vec!["^aws s3 |docker push".parse().unwrap()],
            ..Part::default()
        };
        assert!(part.is_mocked("aws s3 sync . s3://b"));
        assert!(part.is_mocked("echo x\ndocker push y"));
        assert!(!part.is_mocked("echo aws s3"));
    }
}
