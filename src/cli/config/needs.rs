//! Settings that say more of another one, and nothing without it.

use std::collections::HashSet;

use anyhow::anyhow;
use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::failure::Failure;
use crate::settings::layers::Entry;

/// Entries of all layers, by whether what they need is among them.
pub(super) struct Needs<'e> {
    /// In their order.
    pub(super) met: Vec<&'e Entry>,
    pub(super) unmet: Vec<Unmet<'e>>,
}

/// An entry without effect.
pub(super) struct Unmet<'e> {
    pub(super) entry: &'e Entry,
    /// What it needs, as the help shows it.
    lacks: Vec<String>,
}

impl<'e> Needs<'e> {
    /// Parts entries, of which `parse` says what clap has against them.
    pub(super) fn of(
        entries: &[&'e Entry],
        parse: impl Fn(&[&Entry]) -> Result<(), Error>,
    ) -> Self {
        let lacks = |met: &[&Entry], entry: &Entry| lacking(parse(&[met, &[entry]].concat()));
        // What is needed is a flag, whatever its values.
        let mut undecided: Vec<&Entry> = entries.to_vec();
        let mut seen = HashSet::new();
        undecided.retain(|entry| seen.insert(&entry.name));
        let mut met: Vec<&Entry> = Vec::new();
        // What needs something may be needed itself.
        loop {
            let before = undecided.len();
            undecided.retain(|entry| {
                let is_unmet = lacks(&met, entry).is_some();
                if !is_unmet {
                    met.push(entry);
                }
                is_unmet
            });
            if undecided.len() == before {
                break;
            }
        }
        let unmet = undecided.into_iter().filter_map(|entry| {
            let lacks = lacks(&met, entry)?;
            Some(Unmet { entry, lacks })
        });
        let unmet: Vec<Unmet> = unmet.collect();
        let is_met = |entry: &&&Entry| unmet.iter().all(|it| it.entry.name != entry.name);
        Self {
            met: entries.iter().filter(is_met).copied().collect(),
            unmet,
        }
    }
}

/// What clap misses.
fn lacking(parsed: Result<(), Error>) -> Option<Vec<String>> {
    let error = parsed.err()?;
    if error.kind() != ErrorKind::MissingRequiredArgument {
        return None;
    }
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(names)) => Some(names.clone()),
        _ => Some(Vec::new()),
    }
}

impl Unmet<'_> {
    /// Says that it has no effect.
    pub(super) fn failure(&self) -> Failure {
        let (name, lacks) = (&self.entry.name, self.lacks.join("` and `"));
        Failure::usage(anyhow!("--{name} has no effect without `{lacks}`"))
            .hint("give both, or neither: on the command line, in a variable or in cobuild.toml")
    }
}
