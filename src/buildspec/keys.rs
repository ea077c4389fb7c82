//! Every key of the buildspec language, in one table (contract §1.3 to §1.10).
//!
//! Whatever has to know which keys exist reads this table, so that no two places can disagree.

use super::model::Version;
use super::node::{Entry, Node, Value};

/// A part of a buildspec with keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Section {
    /// The buildspec itself.
    Root,
    /// `env`.
    Env,
    /// `environment_variables`, the `env` of version 0.1.
    EnvironmentVariables,
    /// `proxy`.
    Proxy,
    /// `phases`.
    Phases,
    /// `phases.install`.
    Install,
    /// `phases.pre_build`.
    PreBuild,
    /// `phases.build`.
    Build,
    /// `phases.post_build`.
    PostBuild,
    /// One group under `reports`.
    Report,
    /// `artifacts`.
    Artifacts,
    /// One artifact under `artifacts.secondary-artifacts`.
    SecondaryArtifact,
    /// `cache`.
    Cache,
    /// `batch`.
    Batch,
    /// One item of `batch.build-list`.
    BuildList,
    /// One item of `batch.build-graph`.
    BuildGraph,
    /// The `env` of an item of `build-list` or `build-graph`.
    BatchEnv,
    /// `batch.build-matrix`.
    BuildMatrix,
    /// `batch.build-matrix.static`.
    MatrixStatic,
    /// `batch.build-matrix.static.env`.
    MatrixStaticEnv,
    /// `batch.build-matrix.dynamic`.
    MatrixDynamic,
    /// `batch.build-matrix.dynamic.env`.
    MatrixDynamicEnv,
    /// `batch.build-fanout`.
    BuildFanout,
}

/// One key of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    /// Where it may stand.
    pub(super) sections: &'static [Section],
    /// Its name, as the documentation spells it.
    pub(super) name: &'static str,
    /// In which versions it exists.
    pub(super) since: Since,
    /// What its value is.
    pub(super) shape: Shape,
    /// What it is for, in one line.
    pub(super) doc: &'static str,
    /// Values worth proposing, where the shape allows others too.
    pub(super) examples: &'static [&'static str],
    /// The regular expression that every text has to match, if there is one; within what both Rust
    /// and ECMA-262 understand.
    pub(super) pattern: Option<&'static str>,
}

impl Key {
    /// Names values worth proposing.
    const fn such_as(mut self, examples: &'static [&'static str]) -> Self {
        self.examples = examples;
        self
    }

    /// Says what every text has to match.
    const fn matching(mut self, pattern: &'static str) -> Self {
        self.pattern = Some(pattern);
        self
    }
}

/// The versions of the language in which a key exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// All of them.
    Always,
    /// Version 0.1 only; unknown since.
    OnlyV0_1,
}

/// What the value of a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A text; a number or boolean is its own text.
    Text,
    /// `yes` or `no`, in any spelling of YAML 1.1.
    Boolean,
    /// A whole number.
    Number,
    /// One of these texts, without regard to case.
    Choice(&'static [&'static str]),
    /// A list of texts; one text stands for a list of one.
    List,
    /// A map from names of the author's choice to texts.
    Map,
    /// A map from names of the author's choice to lists of texts.
    MapOfLists,
    /// A map with the keys of this section.
    Part(Section),
    /// A list of maps with the keys of this section.
    ListOf(Section),
    /// A map from names of the author's choice to maps with the keys of this section.
    MapOf(Section),
    /// Something whose inside is not part of this language.
    Foreign,
}

impl Shape {
    /// Returns the section whose keys are in the value, or in each of its values.
    pub(super) fn section(self) -> Option<Section> {
        match self {
            Self::Part(section) | Self::ListOf(section) | Self::MapOf(section) => Some(section),
            Self::Text
            | Self::Boolean
            | Self::Number
            | Self::Choice(_)
            | Self::List
            | Self::Map
            | Self::MapOfLists
            | Self::Foreign => None,
        }
    }
}

impl Section {
    /// Returns the keys of this section, in the order of the table.
    pub(super) fn keys(self) -> impl Iterator<Item = &'static Key> {
        KEYS.iter().filter(move |key| key.sections.contains(&self))
    }

    /// Visits every key of a section and of what lies in it, in the order of the text, all of a section
    /// before what lies in it. A key that the table does not have comes without one. Keys that are no
    /// texts, and values of the wrong kind, are passed over.
    pub(super) fn walk<'tree>(
        self,
        node: &'tree Node,
        version: Version,
        visit: &mut impl FnMut(Self, Option<&'static Key>, &'tree Entry),
    ) {
        let mut inner = Vec::new();
        for entry in node.entries() {
            let Some(name) = entry.key.text.as_deref() else {
                continue;
            };
            let key = self.key(name, version);
            visit(self, key, entry);
            if let Some(shape) = key.map(|key| key.shape)
                && let Some(section) = shape.section()
            {
                inner.push((shape, section, &entry.value));
            }
        }
        for (shape, section, value) in inner {
            match (shape, &value.value) {
                (Shape::ListOf(_), Value::Sequence(items)) => {
                    for item in items {
                        section.walk(item, version, visit);
                    }
                }
                (Shape::MapOf(_), Value::Mapping(entries)) => {
                    for entry in entries {
                        section.walk(&entry.value, version, visit);
                    }
                }
                (Shape::Part(_), _) => section.walk(value, version, visit),
                _ => {}
            }
        }
    }

    /// Returns the key with this name, found without regard to case; that case does not matter is
    /// assumed (a `Commands` has stood in a working buildspec).
    pub(super) fn key(self, name: &str, version: Version) -> Option<&'static Key> {
        KEYS.iter().find(|key| {
            // The name first: most are told apart by their lengths alone.
            key.name.eq_ignore_ascii_case(name)
                && key.sections.contains(&self)
                && match key.since {
                    Since::Always => true,
                    Since::OnlyV0_1 => version == Version::V0_1,
                }
        })
    }

    /// Returns whether some version has a key with exactly this name.
    pub(super) fn has(self, name: &str) -> bool {
        KEYS.iter()
            .any(|key| key.sections.contains(&self) && key.name == name)
    }

    /// Returns the name under which the log lists this section's unknown keys. Names of phases are
    /// as seen; the rest is assumed, as is that a nested section goes under its outermost one.
    pub(super) fn log_name(self) -> &'static str {
        match self {
            Self::Root => "BUILDSPEC",
            Self::Env => "ENV",
            Self::EnvironmentVariables => "ENVIRONMENT_VARIABLES",
            Self::Proxy => "PROXY",
            Self::Phases => "PHASES",
            Self::Install => "INSTALL",
            Self::PreBuild => "PRE_BUILD",
            Self::Build => "BUILD",
            Self::PostBuild => "POST_BUILD",
            Self::Report => "REPORTS",
            Self::Artifacts | Self::SecondaryArtifact => "ARTIFACTS",
            Self::Cache => "CACHE",
            Self::Batch
            | Self::BuildList
            | Self::BuildGraph
            | Self::BatchEnv
            | Self::BuildMatrix
            | Self::MatrixStatic
            | Self::MatrixStaticEnv
            | Self::MatrixDynamic
            | Self::MatrixDynamicEnv
            | Self::BuildFanout => "BATCH",
        }
    }
}

/// The formats of `reports.<group>.file-format`.
const REPORT_FORMATS: &[&str] = &[
    "CUCUMBERJSON",
    "JUNITXML",
    "NUNITXML",
    "NUNIT3XML",
    "TESTNGXML",
    "VISUALSTUDIOTRX",
    "CLOVERXML",
    "COBERTURAXML",
    "JACOCOXML",
    "SIMPLECOV",
];

/// The documented values of `env.shell`.
const SHELLS: &[&str] = &["bash", "/bin/sh", "powershell.exe", "cmd.exe"];

/// The words of `on-failure`.
const ON_FAILURE: &[&str] = &["ABORT", "CONTINUE", "RETRY"];

/// The forms of `on-failure`, case aside.
const ON_FAILURE_FORM: &str = r"^\s*([Aa][Bb][Oo][Rr][Tt]|[Cc][Oo][Nn][Tt][Ii][Nn][Uu][Ee]|[Rr][Ee][Tt][Rr][Yy](-[^\n]*)?)\s*$";

/// What the identifier of a build of a batch must be.
const IDENTIFIER: &str = "^[A-Za-z0-9_]{1,127}$";

const PHASES: &[Section] = &[
    Section::Install,
    Section::PreBuild,
    Section::Build,
    Section::PostBuild,
];
const ARTIFACTS: &[Section] = &[Section::Artifacts, Section::SecondaryArtifact];
const BATCH_ITEMS: &[Section] = &[Section::BuildList, Section::BuildGraph];

const fn key(
    sections: &'static [Section],
    name: &'static str,
    shape: Shape,
    doc: &'static str,
) -> Key {
    Key {
        sections,
        name,
        since: Since::Always,
        shape,
        doc,
        examples: &[],
        pattern: None,
    }
}

const fn old_key(
    sections: &'static [Section],
    name: &'static str,
    shape: Shape,
    doc: &'static str,
) -> Key {
    Key {
        since: Since::OnlyV0_1,
        ..key(sections, name, shape, doc)
    }
}

/// Every key there is, section by section.
#[rustfmt::skip] // One key a line reads as the table it is.
pub(super) const KEYS: &[Key] = {
    use Section as S;
    use Shape::{Boolean, Choice, Foreign, List, ListOf, Map, MapOf, MapOfLists, Number, Part, Text};
    &[
        key(&[S::Root], "version", Choice(&["0.1", "0.2"]), "Version of the buildspec language."),
        key(&[S::Root], "run-as", Text, "Linux user that runs the commands of every phase."),
        key(&[S::Root], "env", Part(S::Env), "Environment of the build."),
        old_key(&[S::Root], "environment_variables", Part(S::EnvironmentVariables), "Environment variables of the build."),
        key(&[S::Root], "proxy", Part(S::Proxy), "Use of an explicit proxy server."),
        key(&[S::Root], "batch", Part(S::Batch), "The builds of a batch."),
        key(&[S::Root], "phases", Part(S::Phases), "The commands of the build."),
        key(&[S::Root], "reports", MapOf(S::Report), "Report groups by name or ARN."),
        key(&[S::Root], "artifacts", Part(S::Artifacts), "What the build puts out."),
        key(&[S::Root], "cache", Part(S::Cache), "What is kept from build to build."),

        key(&[S::Env], "shell", Text, "Shell that runs the commands, such as `bash`.").such_as(SHELLS),
        key(&[S::Env], "variables", Map, "Variables in plain text."),
        key(&[S::Env], "parameter-store", Map, "Variables from the Systems Manager parameter store."),
        key(&[S::Env], "secrets-manager", Map, "Variables from Secrets Manager: `secret-id:json-key:version-stage:version-id`."),
        key(&[S::Env], "exported-variables", List, "Variables handed on to the pipeline after the build."),
        key(&[S::Env], "git-credential-helper", Boolean, "Whether git uses CodeBuild's credential helper."),

        old_key(&[S::EnvironmentVariables], "plaintext", Map, "Variables in plain text."),

        key(&[S::Proxy], "upload-artifacts", Boolean, "Whether artifacts go through the proxy."),
        key(&[S::Proxy], "logs", Boolean, "Whether logs go through the proxy."),

        key(&[S::Phases], "install", Part(S::Install), "First phase: packages and runtimes."),
        key(&[S::Phases], "pre_build", Part(S::PreBuild), "Second phase: before the build."),
        key(&[S::Phases], "build", Part(S::Build), "Third phase: the build."),
        key(&[S::Phases], "post_build", Part(S::PostBuild), "Fourth phase: after the build, failed or not."),

        key(PHASES, "run-as", Text, "Linux user that runs the commands of this phase."),
        key(PHASES, "on-failure", Text, "What a failure leads to: `ABORT`, `CONTINUE`, `RETRY`, `RETRY-count`, `RETRY-regex` or `RETRY-count-regex`.").such_as(ON_FAILURE).matching(ON_FAILURE_FORM),
        key(&[S::Install], "runtime-versions", Map, "Runtimes and their versions."),
        key(PHASES, "commands", List, "Commands, run one after another."),
        key(PHASES, "finally", List, "Commands that run after `commands`, failed or not."),
        key(PHASES, "steps", Foreign, "GitHub Actions steps in place of commands."),

        key(&[S::Report], "files", List, "Report files: globs relative to the base directory."),
        key(&[S::Report], "file-format", Choice(REPORT_FORMATS), "Format of the report files; `JUNITXML` when absent."),
        key(&[S::Report], "base-directory", Text, "Directory to which the report files are relative."),
        key(&[S::Report], "discard-paths", Boolean, "Whether the raw files go flat into one directory."),

        key(ARTIFACTS, "files", List, "Files to put out: globs relative to the base directory."),
        key(ARTIFACTS, "name", Text, "Name of the artifact; may hold shell expansions."),
        key(ARTIFACTS, "discard-paths", Boolean, "Whether all files go flat into one directory."),
        key(ARTIFACTS, "base-directory", Text, "Directory to which the files are relative; may be a glob."),
        key(ARTIFACTS, "exclude-paths", List, "Files to leave out: globs relative to the base directory."),
        key(ARTIFACTS, "enable-symlinks", Boolean, "Whether symbolic links stay symbolic links."),
        key(ARTIFACTS, "s3-prefix", Text, "Prefix of the artifact's place in its bucket."),
        key(&[S::Artifacts], "secondary-artifacts", MapOf(S::SecondaryArtifact), "Further artifacts by identifier."),
        old_key(ARTIFACTS, "type", Text, "Packaging of the artifact; has no effect.").such_as(&["zip"]),

        key(&[S::Cache], "paths", List, "Files and directories to keep."),
        key(&[S::Cache], "key", Text, "Name of the cache entry; may hold shell expansions."),
        key(&[S::Cache], "fallback-keys", List, "Prefixes of entries to use when `key` has none."),
        key(&[S::Cache], "action", Choice(&["restore", "save"]), "Whether the cache is only restored or only saved."),

        key(&[S::Batch], "fast-fail", Boolean, "Whether the first failure stops the whole batch."),
        key(&[S::Batch], "build-list", ListOf(S::BuildList), "Builds that run independently."),
        key(&[S::Batch], "build-graph", ListOf(S::BuildGraph), "Builds that depend on each other."),
        key(&[S::Batch], "build-matrix", Part(S::BuildMatrix), "A build for every combination of values."),
        key(&[S::Batch], "build-fanout", Part(S::BuildFanout), "One build, its tests spread over many."),

        key(BATCH_ITEMS, "identifier", Text, "Name of the build: letters, digits and `_`.").matching(IDENTIFIER),
        key(BATCH_ITEMS, "buildspec", Text, "Buildspec of the build; this one when absent."),
        key(BATCH_ITEMS, "debug-session", Boolean, "Whether the build may be entered with a session."),
        key(BATCH_ITEMS, "env", Part(S::BatchEnv), "Environment of the build, over the project's."),
        key(BATCH_ITEMS, "ignore-failure", Boolean, "Whether the batch succeeds without this build."),

        key(&[S::BuildGraph], "depend-on", List, "Builds that must succeed before this one starts."),

        key(&[S::BatchEnv], "compute-type", Text, "Size of the machine."),
        key(&[S::BatchEnv], "fleet", Text, "Reserved-capacity fleet, in place of `compute-type`."),
        key(&[S::BatchEnv], "image", Text, "Image of the build container."),
        key(&[S::BatchEnv], "privileged-mode", Boolean, "Whether the container may run a docker daemon."),
        key(&[S::BatchEnv], "type", Text, "Type of the environment, such as `LINUX_CONTAINER`."),
        key(&[S::BatchEnv], "variables", Map, "Variables in plain text."),

        key(&[S::BuildMatrix], "static", Part(S::MatrixStatic), "What all builds of the matrix share."),
        key(&[S::BuildMatrix], "dynamic", Part(S::MatrixDynamic), "What the builds of the matrix differ in."),

        key(&[S::MatrixStatic], "ignore-failure", Boolean, "Whether the batch succeeds without these builds."),
        key(&[S::MatrixStatic], "env", Part(S::MatrixStaticEnv), "Environment of all builds."),

        key(&[S::MatrixStaticEnv], "privileged-mode", Boolean, "Whether the containers may run a docker daemon."),
        key(&[S::MatrixStaticEnv], "type", Text, "Type of the environment, such as `LINUX_CONTAINER`."),

        key(&[S::MatrixDynamic], "buildspec", List, "Buildspecs, one for each build."),
        key(&[S::MatrixDynamic], "env", Part(S::MatrixDynamicEnv), "Environments, one value of each for each build."),

        key(&[S::MatrixDynamicEnv], "compute-type", List, "Sizes of the machine."),
        key(&[S::MatrixDynamicEnv], "image", List, "Images of the build container."),
        key(&[S::MatrixDynamicEnv], "variables", MapOfLists, "Variables, each with its values."),

        key(&[S::BuildFanout], "parallelism", Number, "Number of builds that run at once."),
        key(&[S::BuildFanout], "ignore-failure", Boolean, "Whether the batch succeeds without failed builds."),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    fn shares_section(key: &Key, other: &Key) -> bool {
        key.sections
            .iter()
            .any(|section| other.sections.contains(section))
    }

    #[test]
    fn no_section_names_a_key_twice() {
        for (at, key) in KEYS.iter().enumerate() {
            let again = KEYS[at + 1..]
                .iter()
                .any(|other| other.name == key.name && shares_section(key, other));
            assert!(!again, "{key:?}");
        }
    }

    #[test]
    fn every_key_says_in_one_line_what_it_is_for() {
        for key in KEYS {
            assert!(key.doc.ends_with('.') && !key.doc.contains('\n'), "{key:?}");
        }
    }

    #[test]
    fn every_section_is_reached_from_the_root() {
        let mut reached = vec![Section::Root];
        let mut next = 0;
        while let Some(&section) = reached.get(next) {
            next += 1;
            for key in section.keys() {
                if let Some(inner) = key.shape.section()
                    && !reached.contains(&inner)
                {
                    reached.push(inner);
                }
            }
        }
        for key in KEYS {
            assert!(
                key.sections.iter().all(|section| reached.contains(section)),
                "{key:?}"
            );
        }
    }

    #[test]
    fn keys_are_found_without_regard_to_case() {
        let key = Section::Build.key("Commands", Version::V0_2).unwrap();
        assert_eq!(key.name, "commands");
        assert_eq!(Section::Build.key("command", Version::V0_2), None);
        assert_eq!(Section::Build.key("runtime-versions", Version::V0_2), None);
    }

    #[test]
    fn keys_of_version_0_1_are_unknown_in_0_2() {
        for (section, name) in [
            (Section::Root, "environment_variables"),
            (Section::EnvironmentVariables, "plaintext"),
            (Section::Artifacts, "type"),
        ] {
            assert!(section.key(name, Version::V0_1).is_some(), "{name}");
            assert_eq!(section.key(name, Version::V0_2), None, "{name}");
        }
    }

    #[test]
    fn only_install_selects_runtimes_and_only_a_graph_depends() {
        for (name, section) in [
            ("runtime-versions", Section::Install),
            ("secondary-artifacts", Section::Artifacts),
            ("depend-on", Section::BuildGraph),
        ] {
            let key = KEYS.iter().find(|key| key.name == name).unwrap();
            assert_eq!(key.sections, [section]);
        }
    }
}
