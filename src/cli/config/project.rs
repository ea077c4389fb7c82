//! The file of settings of a project, and what it may ask for.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Command;

use super::definition::{check_value, flags};
use crate::cli::failure::Failure;
use crate::host::untrusted_trees::UntrustedTrees;
use crate::settings::layers::{
    Breach, Entry, FileLayers, FileText, Flag, Flags, Origin, ValueCheck, breaches,
    is_primary_source, read_file,
};
use crate::settings::{ConfigFile, ConfigFileError, find_project_config};

/// A project's file of settings that has been read.
#[derive(Debug)]
pub(crate) struct ProjectFile {
    pub(crate) file: ConfigFile,
    pub(crate) layers: FileLayers,
    /// The primary source, by its full path.
    source: PathBuf,
}

/// Finds and reads the file of settings of the project that a source belongs to. What people should know
/// is added to `warnings`.
pub(crate) fn read_project(
    source: &Path,
    flags: &Flags,
    check: &ValueCheck<'_>,
    warnings: &mut Vec<String>,
) -> Result<Option<ProjectFile>, Failure> {
    let found = find_project_config(source).map_err(unreadable)?;
    let foreign = found.foreign.iter().map(|(path, user)| {
        let path = path.display();
        format!("`{path}` is left out: it belongs to user {user}, who does not own the source")
    });
    warnings.extend(foreign);
    let Some(file) = found.file else {
        return Ok(None);
    };
    let source = source
        .canonicalize()
        .with_context(|| format!("cannot use the source `{}`", source.display()))
        .map_err(Failure::usage)?;
    let shown = file.shown();
    let text = FileText {
        content: &file.content,
        shown: &shown,
        directory: file.directory(),
        source: Some(&source),
    };
    let layers = read_file(text, flags, check).map_err(Failure::usage)?;
    let profiles = layers.profiles.iter().map(|(_, entries)| entries);
    for entry in std::iter::once(&layers.top).chain(profiles).flatten() {
        if is_primary_source(entry) {
            let error = anyhow!(
                "{}: `source`: the file belongs to the primary source, and cannot name another",
                place(entry)
            );
            return Err(Failure::usage(error).hint("secondary sources are written as `ID:DIR`"));
        }
    }
    Ok(Some(ProjectFile {
        file,
        layers,
        source,
    }))
}

/// Finds and reads the file of settings of the project that a directory belongs to, and the flags that it
/// sets.
pub(crate) fn project_of(
    directory: &Path,
    definition: &Command,
) -> Result<(Option<ProjectFile>, Flags), Failure> {
    let flags = flags(definition);
    let check = |flag: &Flag, value: &str| check_value(definition, flag, value);
    let project = read_project(directory, &flags, &check, &mut Vec::new())?;
    Ok((project, flags))
}

/// Says that a file of settings cannot be read.
pub(super) fn unreadable(error: ConfigFileError) -> Failure {
    Failure::usage(error).hint("`--no-config` builds without cobuild.toml")
}

/// The place of an entry in its file, without the profile.
fn place(entry: &Entry) -> String {
    place_of(&entry.origin)
}

fn place_of(origin: &Origin) -> String {
    match origin {
        Origin::File { path, line, .. } => format!("{path}:{line}"),
        other => other.to_string(),
    }
}

impl ProjectFile {
    /// What in the file reaches beyond the container, whatever profile is chosen.
    pub(crate) fn all_breaches(&self, flags: &Flags) -> Vec<Breach> {
        let profiles = self.layers.profiles.iter().map(|(_, entries)| entries);
        let all = std::iter::once(&self.layers.top).chain(profiles);
        all.flat_map(|entries| self.breaches(entries, flags))
            .collect()
    }

    /// Whether an entry stands in this file.
    fn has(&self, entry: &Entry) -> bool {
        let own = std::iter::once(&self.layers.top)
            .chain(self.layers.profiles.iter().map(|(_, entries)| entries));
        own.flatten().any(|it| it.origin == entry.origin)
    }

    /// What in these entries of the file reaches beyond the container.
    fn breaches(&self, entries: &[Entry], flags: &Flags) -> Vec<Breach> {
        let trees = UntrustedTrees::around([&*self.source]).ok();
        let is_inside = |path: &Path| {
            let path = self.source.join(path);
            let followed = trees.as_ref().and_then(|trees| trees.follow(&path).ok());
            followed.is_some_and(|leads_to| leads_to.starts_with(&self.source))
        };
        breaches(entries, flags, &is_inside)
    }

    /// Refuses those of the entries that stand in this file and reach beyond the container.
    pub(super) fn refuse_breaches(&self, entries: &[Entry], flags: &Flags) -> Result<(), Failure> {
        let own: Vec<Entry> = entries.iter().filter(|it| self.has(it)).cloned().collect();
        let breaches = self.breaches(&own, flags);
        let Some((first, others)) = breaches.split_first() else {
            return Ok(());
        };
        let mut told = format!(
            "{}: `{}` reaches beyond the container: {}",
            place_of(&first.origin),
            first.name,
            first.why
        );
        for other in others {
            let line = match &other.origin {
                Origin::File { line, .. } => format!(" in line {line}"),
                _ => String::new(),
            };
            let _ = write!(told, "; so does `{}`{line}", other.name);
        }
        Err(Failure::usage(anyhow!(told)).hint(format!(
            "`cobuild trust{}` allows what this file asks for, as long as it stays as it is; `--no-config` \
             builds without it",
            directory_argument(self.file.directory())
        )))
    }
}

/// A directory as the argument of a command to type; none for the current one.
fn directory_argument(directory: &Path) -> String {
    let is_here = Path::new(".")
        .canonicalize()
        .is_ok_and(|here| here == directory);
    if is_here {
        return String::new();
    }
    let text = directory.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c);
    if text.chars().all(is_plain) {
        format!(" {text}")
    } else {
        format!(" '{}'", text.replace('\'', r"'\''"))
    }
}
