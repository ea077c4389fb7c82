//! The `phases` section: which phases there are, and their commands (contract §1.5).

use super::field::{self, Fields};
use super::keys::Section;
use super::model::{OnFailure, Phase, Phases};
use super::node::{Node, Value};
use super::problems::Problems;
use super::refusal::{Reason, Refusal, ValueKind};

impl Phases {
    /// Reads the section. A key that is no phase refuses the whole buildspec, whatever else is in
    /// it; a phase without anything in it is a phase without commands (assumed).
    pub(super) fn read(node: &Node, problems: &mut Problems) -> Self {
        let mut sections = Vec::new();
        for entry in field::entries("phases", node, problems) {
            let Some(name) = entry.key.text.as_deref() else {
                continue;
            };
            if let Some(section) = section(name) {
                sections.push((section, name, &entry.value));
            } else {
                let written = name.to_owned();
                problems.add(entry.key.span, Reason::PhaseName { written });
            }
        }
        let mut phases = Self::default();
        for (section, name, value) in sections {
            let phase = Some(Phase::read(section, name, value, problems));
            match section {
                Section::Install => phases.install = phase,
                Section::PreBuild => phases.pre_build = phase,
                Section::Build => phases.build = phase,
                _ => phases.post_build = phase,
            }
        }
        phases
    }

    /// Returns why a build of this machine refuses phases that are read without fault: an account
    /// that is not connected to GitHub runs no `steps`.
    pub fn refusal(&self) -> Option<Refusal> {
        [
            &self.install,
            &self.pre_build,
            &self.build,
            &self.post_build,
        ]
        .into_iter()
        .flatten()
        .any(|phase| phase.steps)
        .then(|| Refusal::of_buildspec(&Reason::Steps))
    }
}

/// Returns the phase with this name; that case does not matter is assumed.
fn section(name: &str) -> Option<Section> {
    [
        ("install", Section::Install),
        ("pre_build", Section::PreBuild),
        ("build", Section::Build),
        ("post_build", Section::PostBuild),
    ]
    .into_iter()
    .find_map(|(phase, section)| phase.eq_ignore_ascii_case(name).then_some(section))
}

impl Phase {
    fn read(section: Section, name: &str, node: &Node, problems: &mut Problems) -> Self {
        let fields = Fields::of(section, name, node, problems);
        let steps = fields.entry("steps");
        if let Some(steps) = steps {
            problems.add(steps.key.span, Reason::Steps);
        }
        Self {
            run_as: fields.filled_text("run-as", problems),
            on_failure: fields
                .text("on-failure", problems)
                .map_or(OnFailure::Default, |text| OnFailure::from_text(&text)),
            runtime_versions: match section {
                Section::Install => fields.named("runtime-versions", problems, runtime_version),
                _ => Vec::new(),
            },
            commands: commands(&fields, "commands", "Commands", problems),
            finally: commands(&fields, "finally", "Finally", problems),
            steps: steps.is_some(),
        }
    }
}

/// Reads a list of commands. One text is a list of one; what is null is no command; an empty text
/// is a command that does nothing (assumed).
///
/// `list` is the name of the list in a refusal; that it is `Finally` for the second one is assumed.
fn commands(
    phase: &Fields<'_>,
    key: &'static str,
    list: &'static str,
    problems: &mut Problems,
) -> Vec<String> {
    let Some(node) = phase.get(key) else {
        return Vec::new();
    };
    let items = match &node.value {
        Value::Scalar(scalar) => return vec![scalar.text.clone()],
        Value::Mapping(_) => {
            problems.add_value_kind(key, node, ValueKind::List);
            return Vec::new();
        }
        Value::Sequence(items) => items,
    };
    let mut commands = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let line = item.span.start.line;
        match &item.value {
            Value::Scalar(scalar) if scalar.is_null() => {}
            Value::Scalar(scalar) => commands.push(scalar.text.clone()),
            Value::Mapping(_) => {
                problems.add(item.span, Reason::CommandIsMap { list, index, line });
            }
            Value::Sequence(_) => {
                problems.add(item.span, Reason::CommandIsList { list, index, line });
            }
        }
    }
    commands
}

/// Reads a version of a runtime; of a list of versions the first counts (assumed).
fn runtime_version(name: &str, node: &Node, problems: &mut Problems) -> String {
    match &node.value {
        Value::Sequence(versions) => versions
            .first()
            .map(|version| field::text(name, version, problems))
            .unwrap_or_default(),
        Value::Scalar(_) | Value::Mapping(_) => field::text(name, node, problems),
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Buildspec;
    use super::super::parse::parse;
    use super::*;

    fn buildspec(phases: &str) -> Result<Buildspec, Refusal> {
        parse(format!("version: 0.2\nphases:\n{phases}").as_bytes())
    }

    fn build(phase: &str) -> Phase {
        let phases = buildspec(&format!("  build:\n{phase}")).unwrap().phases;
        phases.build.unwrap()
    }

    #[track_caller]
    fn assert_refusal(phases: &str, message: &str) {
        assert_eq!(buildspec(phases).unwrap_err().message, message, "{phases}");
    }

    #[test]
    fn every_key_of_a_phase_is_read() {
        let phases = buildspec(
            "  install:
    run-as: builder
    on-failure: Retry-2-timed out
    runtime-versions:
      python: 3.10
      nodejs: [20, 18]
      java: $JAVA
      ruby:
    commands:
      - echo one
    finally:
      - echo two
",
        )
        .unwrap()
        .phases;
        let versions = [
            ("python", "3.10"),
            ("nodejs", "20"),
            ("java", "$JAVA"),
            ("ruby", ""),
        ];
        assert_eq!(
            phases.install,
            Some(Phase {
                run_as: Some("builder".to_owned()),
                on_failure: OnFailure::Retry {
                    count: 2,
                    pattern: "timed out".to_owned(),
                },
                runtime_versions: versions
                    .map(|(name, version)| (name.to_owned(), version.to_owned()))
                    .to_vec(),
                commands: vec!["echo one".to_owned()],
                finally: vec!["echo two".to_owned()],
                steps: false,
            })
        );
        assert_eq!(phases.build, None);
    }

    #[test]
    fn commands_are_taken_as_written() {
        for (commands, list) in [
            ("commands:\n", vec![]),
            ("commands: []\n", vec![]),
            ("commands: make\n", vec!["make"]),
            (
                "commands: |\n      make\n      make test\n",
                vec!["make\nmake test\n"],
            ),
            ("commands: 'a: b'\n", vec!["a: b"]),
            ("Commands: [make]\n", vec!["make"]),
            (
                "commands:\n      - a\n      -\n      - # c\n      - b\n",
                vec!["a", "b"],
            ),
            (
                "commands: [1, 0x1F, true, 3.10, ~, null, '', 'null']\n",
                vec!["1", "0x1F", "true", "3.10", "", "null"],
            ),
            (
                "commands:\n      - |\n        a\n        b\n      - >\n        c\n        d\n",
                vec!["a\nb\n", "c d\n"],
            ),
            ("commands: [a]\n    commands: [b]\n", vec!["b"]),
            ("finally: [a]\n", vec![]),
        ] {
            assert_eq!(
                build(&format!("    {commands}")).commands,
                list,
                "{commands}"
            );
        }
    }

    #[test]
    fn a_phase_may_have_nothing_in_it() {
        assert_eq!(build(""), Phase::default());
        assert_eq!(
            build("    on-failure: CONTINUE\n").on_failure,
            OnFailure::Continue
        );
        assert_eq!(build("    run-as:\n"), Phase::default());
    }

    #[test]
    fn order_and_case_of_phases_do_not_matter() {
        let phases = buildspec("  Build: {commands: [b]}\n  INSTALL: {commands: [a]}\n").unwrap();
        assert_eq!(phases.phases.install.unwrap().commands, ["a"]);
        assert_eq!(phases.phases.build.unwrap().commands, ["b"]);
    }

    #[test]
    fn a_map_is_no_command() {
        let message = |list: &str, index, line| {
            format!(
                "Expected {list}[{index}] to be of string type: found subkeys instead at line \
                 {line}, value of the key tag on line {} might be empty",
                line - 1
            )
        };
        assert_refusal(
            "  build:\n    commands:\n      - echo \"Hello: world\"\n",
            &message("Commands", 0, 5),
        );
        assert_refusal(
            "  build:\n    commands:\n      - a\n      -\n      - |\n        b: c\n      - d:\n",
            &message("Commands", 3, 9),
        );
        assert_refusal(
            "  build:\n    finally:\n      - {{ a }}\n",
            &message("Finally", 0, 5),
        );
    }

    #[test]
    fn a_list_is_no_command() {
        assert_refusal(
            "  build:\n    commands:\n      - a\n      - - b\n",
            "Expected Commands[1] to be of string type: found a list instead at line 6",
        );
    }

    #[test]
    fn an_unknown_phase_is_fatal_whatever_else_is_wrong() {
        for name in ["artifacts", "pre-build", "postbuild", "finally", "buidl"] {
            assert_refusal(
                &format!("  build:\n    - a\n  {name}:\n    files: x\n"),
                &format!(
                    "Invalid buildspec phase name: {name}. Expecting: \
                     build,install,post_build,pre_build"
                ),
            );
        }
    }

    #[test]
    fn steps_need_github() {
        let phases = |text| buildspec(text).unwrap().phases;
        let with_steps = phases("  build:\n    steps:\n      - uses: actions/checkout@v4\n");
        assert_eq!(
            with_steps.refusal().unwrap().message,
            "unsupported field \"steps\" in buildspec. No GitHub token has been configured for \
             your account",
        );
        assert_eq!(phases("  build:\n    commands: a\n").refusal(), None);
        assert_eq!(build("    steps:\n"), Phase::default());
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused() {
        for (phases, message) in [
            ("  build:\n    - make\n", "Cannot unmarshal list to map"),
            ("  build: make\n", "Cannot unmarshal string to map"),
            ("  - build\n", "Cannot unmarshal list to map"),
            ("  build\n", "Cannot unmarshal string to map"),
            ("  {{ x }}: y\n", "Cannot unmarshal map to string"),
            (
                "  build:\n    commands: {a: b}\n",
                "Cannot unmarshal map to list",
            ),
            (
                "  build:\n    run-as: {a: b}\n",
                "Cannot unmarshal map to string",
            ),
            (
                "  build:\n    on-failure: [ABORT]\n",
                "Cannot unmarshal list to string",
            ),
            (
                "  install:\n    runtime-versions: [java]\n",
                "Cannot unmarshal list to map",
            ),
            (
                "  install:\n    runtime-versions: {java: {a: b}}\n",
                "Cannot unmarshal map to string",
            ),
        ] {
            assert_refusal(phases, message);
        }
    }
}
