//! The `phases` section: which phases there are, and their commands (contract §1.5).

use super::field::{self, Fields};
use super::keys::Section;
use super::node::{Node, Value};
use super::{OnFailure, Phase, Phases, Refusal};

impl Phases {
    /// Reads the section. A key that is no phase refuses the whole buildspec, whatever else is in
    /// it; a phase without anything in it is a phase without commands (assumed).
    pub(super) fn from_node(node: &Node) -> Result<Self, Refusal> {
        let entries = field::entries(node)?;
        let mut sections = Vec::with_capacity(entries.len());
        for entry in entries {
            let name = entry.key.text.as_deref().unwrap_or_default();
            let section = phase(name).ok_or_else(|| Refusal::phase_name(name))?;
            sections.push((section, &entry.value));
        }
        let mut phases = Self::default();
        for (section, value) in sections {
            let phase = Some(Phase::from_node(section, value)?);
            match section {
                Section::Install => phases.install = phase,
                Section::PreBuild => phases.pre_build = phase,
                Section::Build => phases.build = phase,
                _ => phases.post_build = phase,
            }
        }
        Ok(phases)
    }
}

/// Returns the phase with this name; that case does not matter is assumed.
fn phase(name: &str) -> Option<Section> {
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
    fn from_node(section: Section, node: &Node) -> Result<Self, Refusal> {
        let fields = Fields::of(section, node)?;
        if fields.get("steps").is_some() {
            return Err(Refusal::steps());
        }
        Ok(Self {
            run_as: fields.filled_text("run-as")?,
            on_failure: fields
                .text("on-failure")?
                .map_or(OnFailure::Default, |text| OnFailure::from_text(&text)),
            runtime_versions: match section {
                Section::Install => runtime_versions(fields.get("runtime-versions"))?,
                _ => Vec::new(),
            },
            commands: commands(fields.get("commands"), "Commands")?,
            finally: commands(fields.get("finally"), "Finally")?,
        })
    }
}

/// Reads a list of commands. One text is a list of one; what is null is no command; an empty text
/// is a command that does nothing (assumed).
///
/// `list` is the name of the list in a refusal; that it is `Finally` for the second one is assumed.
fn commands(node: Option<&Node>, list: &str) -> Result<Vec<String>, Refusal> {
    let Some(node) = node else {
        return Ok(Vec::new());
    };
    let items = match &node.value {
        Value::Scalar(scalar) => return Ok(vec![scalar.text.clone()]),
        Value::Mapping(_) => return Err(Refusal::kind("map", "list")),
        Value::Sequence(items) => items,
    };
    let mut commands = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let line = item.span.start.line;
        match &item.value {
            Value::Scalar(scalar) if scalar.is_null() => {}
            Value::Scalar(scalar) => commands.push(scalar.text.clone()),
            Value::Mapping(_) => return Err(Refusal::command_is_map(list, index, line)),
            Value::Sequence(_) => return Err(Refusal::command_is_list(list, index, line)),
        }
    }
    Ok(commands)
}

/// Reads `runtime-versions`; of a list of versions the first counts (assumed).
fn runtime_versions(node: Option<&Node>) -> Result<Vec<(String, String)>, Refusal> {
    let Some(node) = node else {
        return Ok(Vec::new());
    };
    field::named(node, |version| match &version.value {
        Value::Sequence(versions) => versions.first().map_or(Ok(String::new()), field::text),
        Value::Scalar(_) | Value::Mapping(_) => field::text(version),
    })
}
