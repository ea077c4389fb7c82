//! What CodeBuild refuses, all of it: the rules of `lower.rs` and `phases.rs` without their stops.

use std::collections::HashSet;

use super::super::code::Code;
use super::super::code::errors::{COMMAND_TYPE, KIND, NO_BUILDSPEC, PHASE_NAME, VERSION};
use super::super::code::structure::STEPS;
use super::super::diagnostic::{Finding, Findings};
use super::super::keys::{Section, Shape};
use super::super::node::{Entry, Node, Span, Value};
use super::super::phases::phase;
use super::super::{Refusal, Version};
use super::keys::suggestion;
use super::places::last;

/// Returns the version that a buildspec names, if it exists.
pub(super) fn version(root: &Node) -> Option<Version> {
    match &last(root, "version")?.value.value {
        Value::Scalar(scalar) => Version::from_text(&scalar.text),
        Value::Sequence(_) | Value::Mapping(_) => None,
    }
}

/// Finds everything for which the tree is refused.
pub(super) fn find(root: &Node, version: Version, findings: &mut Findings<'_>) {
    let mut walk = Walk { version, findings };
    walk.version(root);
    walk.section(Section::Root, root);
}

struct Walk<'walk, 'text> {
    version: Version,
    findings: &'walk mut Findings<'text>,
}

impl Walk<'_, '_> {
    fn refuse(
        &mut self,
        code: &'static Code,
        span: Span,
        message: impl Into<String>,
        refusal: &Refusal,
    ) -> Finding<'_> {
        self.findings.add(code, span, message).note(refusal)
    }

    fn kind(&mut self, span: Span, found: &str, wanted: &str) {
        let wanted_here = match wanted {
            "bool" => "yes or no",
            "string" => "a text",
            "list" => "a list",
            _ => "a map",
        };
        let found_here = match found {
            "string" => "a text",
            "list" => "a list",
            _ => "a map",
        };
        let message = format!("this is {found_here}, but {wanted_here} is wanted");
        let finding = self.refuse(&KIND, span, message, &Refusal::kind(found, wanted));
        match (found, wanted) {
            ("string", "map") => {
                finding.help("write keys with values, as in `name: value`");
            }
            ("list", "map") => {
                finding.help("write keys with values, as in `name: value`, without `-`");
            }
            ("map", "list") => {
                finding.help("begin each item with `- `");
            }
            ("list", "string") => {
                finding.help("write one text, without `-` and brackets");
            }
            ("map", "string") => {
                finding.help("put a text that holds `: ` or begins with a bracket into quotes");
            }
            _ => {}
        }
    }

    fn version(&mut self, root: &Node) {
        let entry = last(root, "version").filter(|entry| !entry.value.is_null());
        let Some(entry) = entry else {
            let filled =
                |name| last(root, name).is_some_and(|entry: &Entry| !entry.value.is_null());
            if !filled("batch") || filled("phases") {
                let place = self.findings.line(root.span.start.line);
                let message = "the buildspec has no `version`";
                self.refuse(&NO_BUILDSPEC, place, message, &Refusal::no_buildspec())
                    .help("begin it with `version: 0.2`");
            }
            return;
        };
        if let Value::Scalar(scalar) = &entry.value.value
            && Version::from_text(&scalar.text).is_none()
        {
            let message = format!("version `{}` does not exist", scalar.text);
            let refusal = Refusal::version(&scalar.text);
            self.refuse(&VERSION, entry.value.span, message, &refusal)
                .help("write `version: 0.2`");
        }
    }

    /// Returns the keys of a map, after telling of those that are no texts.
    fn entries<'tree>(&mut self, node: &'tree Node) -> &'tree [Entry] {
        match &node.value {
            Value::Mapping(entries) => {
                self.keys_of(entries);
                entries
            }
            Value::Scalar(scalar) if scalar.is_null() => &[],
            Value::Scalar(_) => {
                self.kind(node.span, "string", "map");
                &[]
            }
            Value::Sequence(_) => {
                self.kind(node.span, "list", "map");
                &[]
            }
        }
    }

    fn keys_of(&mut self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| entry.key.text.is_none()) {
            let message = "this key is a map or list, but a text is wanted";
            let refusal = Refusal::kind("map", "string");
            self.refuse(&KIND, entry.key.span, message, &refusal)
                .help("put what begins with a bracket into quotes");
        }
    }

    /// Tells of the keys within a value that is not read, which must be texts all the same.
    fn unread(&mut self, node: &Node) {
        match &node.value {
            Value::Scalar(_) => {}
            Value::Sequence(items) => {
                for item in items {
                    self.unread(item);
                }
            }
            Value::Mapping(entries) => {
                self.keys_of(entries);
                for entry in entries {
                    self.unread(&entry.value);
                }
            }
        }
    }

    fn section(&mut self, section: Section, node: &Node) {
        let mut seen = HashSet::new();
        for entry in self.entries(node).iter().rev() {
            let name = entry.key.text.as_deref().unwrap_or_default();
            let Some(key) = section.key(name, self.version) else {
                self.unread(&entry.value);
                continue;
            };
            // Of several, the last is read and the others are not looked at.
            if !seen.insert(key.name) || entry.value.is_null() || !is_read(section, key.name) {
                self.unread(&entry.value);
                continue;
            }
            match (key.name, key.shape) {
                ("phases", _) => self.phases(&entry.value),
                ("steps", _) => {
                    let message = "`steps` need an account that is connected to GitHub";
                    self.refuse(&STEPS, entry.key.span, message, &Refusal::steps())
                        .help("write what they do as `commands`");
                    self.unread(&entry.value);
                }
                ("commands", _) => self.commands("Commands", &entry.value),
                ("finally", _) => self.commands("Finally", &entry.value),
                ("runtime-versions", _) => self.runtime_versions(&entry.value),
                (_, shape) => self.value(shape, &entry.value),
            }
        }
    }

    fn phases(&mut self, node: &Node) {
        for entry in self.entries(node) {
            let Some(name) = entry.key.text.as_deref() else {
                continue;
            };
            if let Some(section) = phase(name) {
                self.section(section, &entry.value);
                continue;
            }
            self.unread(&entry.value);
            let help = match suggestion(name, ["install", "pre_build", "build", "post_build"]) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if Section::Root.has(name) => {
                    format!("`{name}` stands beside `phases`, not in it: indent it less")
                }
                None if Section::Install.has(name) => {
                    format!("`{name}` belongs in a phase: indent it more")
                }
                None => "the phases are install, pre_build, build and post_build".to_owned(),
            };
            let message = format!("`{name}` is no phase");
            let refusal = Refusal::phase_name(name);
            self.refuse(&PHASE_NAME, entry.key.span, message, &refusal)
                .help(help);
        }
    }

    fn commands(&mut self, list: &str, node: &Node) {
        let items = match &node.value {
            Value::Scalar(_) => return,
            Value::Mapping(_) => return self.kind(node.span, "map", "list"),
            Value::Sequence(items) => items,
        };
        for (index, item) in items.iter().enumerate() {
            let line = item.span.start.line;
            match &item.value {
                Value::Scalar(_) => {}
                Value::Mapping(_) => {
                    let message = "YAML reads this command as a map";
                    let refusal = Refusal::command_is_map(list, index, line);
                    self.refuse(&COMMAND_TYPE, item.span, message, &refusal)
                        .help("put the whole command into quotes, or into a block after `- |`");
                }
                Value::Sequence(_) => {
                    let message = "YAML reads this command as a list";
                    let refusal = Refusal::command_is_list(list, index, line);
                    self.refuse(&COMMAND_TYPE, item.span, message, &refusal)
                        .help("put the whole command into quotes, or into a block after `- |`");
                }
            }
        }
    }

    fn runtime_versions(&mut self, node: &Node) {
        for entry in self.entries(node) {
            match &entry.value.value {
                Value::Sequence(versions) => {
                    if let [first, others @ ..] = versions.as_slice() {
                        self.text(first);
                        for other in others {
                            self.unread(other);
                        }
                    }
                }
                Value::Scalar(_) | Value::Mapping(_) => self.text(&entry.value),
            }
        }
    }

    fn value(&mut self, shape: Shape, node: &Node) {
        match shape {
            Shape::Text | Shape::Choice(_) => self.text(node),
            Shape::Boolean => match &node.value {
                Value::Scalar(_) => {}
                Value::Sequence(_) => self.kind(node.span, "list", "bool"),
                Value::Mapping(_) => self.kind(node.span, "map", "bool"),
            },
            Shape::List => match &node.value {
                Value::Scalar(_) => {}
                Value::Sequence(items) => {
                    for item in items {
                        self.text(item);
                    }
                }
                Value::Mapping(_) => self.kind(node.span, "map", "list"),
            },
            Shape::Map => {
                for entry in self.entries(node) {
                    self.text(&entry.value);
                }
            }
            Shape::Part(section) => self.section(section, node),
            Shape::MapOf(section) => {
                for entry in self.entries(node) {
                    self.section(section, &entry.value);
                }
            }
            // Nothing that is read has one of these.
            Shape::Number | Shape::MapOfLists | Shape::ListOf(_) | Shape::Foreign => {}
        }
    }

    fn text(&mut self, node: &Node) {
        match &node.value {
            Value::Scalar(_) => {}
            Value::Sequence(_) => self.kind(node.span, "list", "string"),
            Value::Mapping(_) => self.kind(node.span, "map", "string"),
        }
    }
}

/// Returns whether the value of a key is looked at when a buildspec is read: all but that of a
/// batch, which a single build does not care for, and what has no effect.
pub(super) fn is_read(section: Section, name: &str) -> bool {
    match section {
        Section::Root => name != "batch",
        Section::Artifacts | Section::SecondaryArtifact => name != "type",
        Section::Batch
        | Section::BuildList
        | Section::BuildGraph
        | Section::BatchEnv
        | Section::BuildMatrix
        | Section::MatrixStatic
        | Section::MatrixStaticEnv
        | Section::MatrixDynamic
        | Section::MatrixDynamicEnv
        | Section::BuildFanout => false,
        Section::Env
        | Section::EnvironmentVariables
        | Section::Proxy
        | Section::Phases
        | Section::Install
        | Section::PreBuild
        | Section::Build
        | Section::PostBuild
        | Section::Report
        | Section::Cache => true,
    }
}
