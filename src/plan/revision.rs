//! What changes in a running build when its buildspec is read again.

use std::collections::HashMap;

use super::{ArtifactsPlan, Origin, PhasePlan, Plan, Reading, Variable, Work, is_variable_name};

/// What a running build takes over from its edited buildspec, and what it cannot take over any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The command phases.
    pub phases: Vec<PhasePlan>,
    /// The variables to hand on.
    pub exported: Vec<String>,
    /// The artifacts, and where they go.
    pub artifacts: ArtifactsPlan,
    /// The variables of `env.variables` that are new or have another value, for the commands that follow.
    pub variables: Vec<(String, String)>,
    /// What has no effect before the next build: keys of the buildspec, with a reason where it is not that their
    /// time is over.
    pub too_late: Vec<String>,
}

impl Revision {
    /// Compares the plan of a running build with what its buildspec is now; `None` when that cannot be run.
    pub fn between(running: &Plan, edited: &Plan) -> Option<Self> {
        let (Reading::Accepted(before), Reading::Accepted(now)) =
            (&running.reading, &edited.reading)
        else {
            return None;
        };
        let mut too_late = sections(before, now);
        let old = variables(running);
        let new = variables(edited);
        let mut changed = Vec::new();
        for (name, variable) in variables_in_order(edited) {
            if old.get(name).is_some_and(|old| old.value == variable.value) {
                continue;
            }
            if variable.is_secret {
                too_late.push(format!("`env.variables.{name}` (a credential)"));
            } else if is_variable_name(name) {
                changed.push((name.to_owned(), variable.value.clone()));
            }
        }
        let overrides = |name: &str| {
            let now = edited.environment.iter().find(|it| it.name == name);
            now.is_some_and(|it| it.origin == Origin::Override)
        };
        let gone = variables_in_order(running)
            .filter(|(name, _)| !new.contains_key(name) && !overrides(name))
            .map(|(name, _)| format!("`env.variables.{name}` (removed: it keeps its value)"));
        too_late.extend(gone);
        Some(Self {
            phases: now.phases.clone(),
            exported: now.exported.clone(),
            artifacts: now.artifacts.clone(),
            variables: changed,
            too_late,
        })
    }
}

impl Revision {
    /// Whether it brings nothing that an earlier one has not brought.
    pub fn repeats(&self, earlier: &Self) -> bool {
        let known = Self {
            variables: Vec::new(),
            ..earlier.clone()
        };
        *self == known
    }
}

/// The sections that differ and whose time is over.
fn sections(before: &Work, now: &Work) -> Vec<String> {
    let differences = [
        ("version", before.version != now.version),
        ("env.shell", before.shell != now.shell),
        (
            "runtime-versions",
            before.runtime_versions != now.runtime_versions,
        ),
        (
            "env.parameter-store and env.secrets-manager",
            before.stored != now.stored,
        ),
        ("cache", before.cache != now.cache),
    ];
    let differing = differences.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(name, _)| format!("`{name}`")).collect()
}

fn variables_in_order(plan: &Plan) -> impl Iterator<Item = (&str, &Variable)> {
    let variables = plan.environment.iter();
    variables
        .filter(|variable| variable.origin == Origin::Buildspec)
        .map(|variable| (variable.name.as_str(), variable))
}

fn variables(plan: &Plan) -> HashMap<&str, &Variable> {
    variables_in_order(plan).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::examples::{facts, inputs};
    use crate::plan::make;

    fn plan(text: &str) -> Plan {
        let mut inputs = inputs(text);
        inputs.settings.overrides = vec![("GIVEN".to_owned(), "by caller".to_owned())];
        make(inputs, &facts())
    }

    fn between(before: &str, now: &str) -> Revision {
        Revision::between(&plan(before), &plan(now)).unwrap()
    }

    #[test]
    fn what_was_taken_over_before_is_no_news() {
        let same = between(BEFORE, BEFORE);
        assert!(same.repeats(&same));
        let now = BEFORE.replace("A: a", "A: other");
        let edited = between(BEFORE, &now);
        assert!(!edited.repeats(&same));
        // By now the build has the variable.
        assert!(between(&now, &now).repeats(&edited));
        let commands = BEFORE.replace("make", "make test");
        assert!(!between(BEFORE, &commands).repeats(&same));
        let too_late = BEFORE.replace("env: {", "env: {shell: bash, ");
        assert!(!between(BEFORE, &too_late).repeats(&same));
    }

    const BEFORE: &str = "version: 0.2
env: {variables: {A: a, B: b, GIVEN: x}}
phases: {build: {commands: [make]}}
";

    #[test]
    fn commands_and_changed_variables_are_taken_over() {
        let now = "version: 0.2
env: {variables: {A: other, C: c, B: b, GIVEN: y}}
phases: {build: {commands: [make, make test]}}
artifacts: {files: out}
";
        let revision = between(BEFORE, now);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(revision.variables, [pair("A", "other"), pair("C", "c")]);
        assert_eq!(revision.phases[2].commands, ["make", "make test"]);
        assert_eq!(revision.artifacts.sets.len(), 1);
        assert_eq!(revision.too_late, Vec::<String>::new());
    }

    #[test]
    fn what_comes_too_late_is_named() {
        let now = "version: 0.1
env: {shell: bash, variables: {B: b, AWS_SECRET_ACCESS_KEY: wJalrXUtnFEMI/K7MDENG}}
phases: {build: {commands: [make]}}
cache: {paths: [deps]}
";
        let revision = between(BEFORE, now);
        assert_eq!(revision.variables, []);
        assert_eq!(
            revision.too_late,
            [
                "`version`",
                "`env.shell`",
                "`cache`",
                "`env.variables.AWS_SECRET_ACCESS_KEY` (a credential)",
                "`env.variables.A` (removed: it keeps its value)",
            ]
        );
    }

    #[test]
    fn nothing_follows_from_a_buildspec_that_cannot_be_run() {
        let refused = plan("version: 0.2\nphases: {build: [a]}\n");
        assert_eq!(Revision::between(&plan(BEFORE), &refused), None);
    }
}
