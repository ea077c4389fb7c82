//! The values of flags and arguments that can be completed: which flag takes what.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Arg, Command};
use clap_complete::CompletionCandidate;
use clap_complete::engine::{ArgValueCompleter, PathCompleter, ValueCompleter};

use crate::buildspec::CODES;
use crate::cache::Store;
use crate::cli::config::profile_names;
use crate::engine::endpoint::context_names;
use crate::project::image::{System, curated};
use crate::settings::Environment;

/// What the answer calls candidates that are paths of this machine.
pub(super) const FILES: &str = "files";

/// What a value can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    /// A file of this machine.
    File,
    /// A directory of this machine.
    Directory,
    /// A path after `ID:`, if there is one.
    Source,
    /// A path after `ID=`.
    FileSystem,
    /// An image.
    Image,
    /// A phase with commands.
    Phase,
    /// A namespace of caches.
    Namespace,
    /// A Docker context.
    Context,
    /// A profile of cobuild.toml.
    Profile,
    /// A runtime of a curated image, or `NAME:VERSION`.
    Runtime,
    /// A code of `cobuild check`.
    Code,
    /// A variable of this machine.
    Variable,
    /// One of these words.
    Words(&'static [&'static str]),
}

/// Which flag or argument takes what, by the identifier of its definition.
const VALUES: &[(&str, Value)] = &[
    ("source", Value::Source),
    ("git_dir", Value::Directory),
    ("image", Value::Image),
    ("platform", Value::Words(&["linux/amd64", "linux/arm64"])),
    ("env_file", Value::File),
    ("env", Value::Variable),
    ("secrets", Value::File),
    ("buildspec", Value::File),
    ("from", Value::Phase),
    ("only", Value::Phase),
    ("break_at", Value::Phase),
    ("network", Value::Words(&["bridge", "host", "none"])),
    ("gpus", Value::Words(&["all"])),
    ("volume", Value::File),
    ("device", Value::File),
    ("file_system", Value::FileSystem),
    ("certificate", Value::File),
    ("cache_namespace", Value::Namespace),
    ("artifacts", Value::Directory),
    ("build_json", Value::File),
    ("events", Value::File),
    ("export_file", Value::File),
    ("log_file", Value::File),
    ("context", Value::Context),
    ("config_profile", Value::Profile),
    ("paths", Value::File),
    ("explain", Value::Code),
    ("runtime", Value::Runtime),
    ("directory", Value::Directory),
];

/// The definition with completions of values; some are looked up where they are wanted.
pub(super) fn with_values(definition: Command, environment: &Environment) -> Command {
    let lookup = Arc::new(Lookup {
        definition: definition.clone(),
        environment: environment.clone(),
    });
    definition.mut_subcommands(|command| below(command, &lookup))
}

/// What names are looked up in.
struct Lookup {
    definition: Command,
    environment: Environment,
}

fn below(command: Command, lookup: &Arc<Lookup>) -> Command {
    command
        .mut_args(|arg| with_value(arg, lookup))
        .mut_subcommands(|command| below(command, lookup))
}

fn with_value(arg: Arg, lookup: &Arc<Lookup>) -> Arg {
    let id = arg.get_id().as_str();
    let known = VALUES.iter().find(|(name, _)| *name == id);
    let Some((_, value)) = known.filter(|_| arg.get_possible_values().is_empty()) else {
        return arg;
    };
    let (value, lookup) = (*value, Arc::clone(lookup));
    arg.add(ArgValueCompleter::new(move |current: &OsStr| {
        value.beginning_with(current, &lookup)
    }))
}

impl Value {
    /// The values that begin like this.
    fn beginning_with(self, current: &OsStr, lookup: &Lookup) -> Vec<CompletionCandidate> {
        let text = current.to_string_lossy();
        let names = match self {
            Self::File => return paths(&PathCompleter::any(), "", current),
            Self::Directory => return paths(&PathCompleter::dir(), "", current),
            Self::Source => return after(':', &text),
            Self::FileSystem => return after('=', &text),
            Self::Image => curated()
                .filter(|image| image.system == System::Linux)
                .map(|image| image.name())
                .collect(),
            Self::Phase => words(&["install", "pre_build", "build", "post_build"]),
            Self::Namespace => namespaces(&lookup.environment),
            Self::Context => context_names(&lookup.environment.surroundings(None, None)),
            Self::Profile => profile_names(&lookup.definition, &lookup.environment),
            Self::Runtime => runtimes(),
            Self::Code => {
                let codes = CODES.iter().map(|code| code.name.to_owned());
                codes.chain(["codes".to_owned()]).collect()
            }
            Self::Variable => {
                let variables = lookup.environment.variables();
                let mut names: Vec<_> = variables.map(|(name, _)| name.to_owned()).collect();
                names.sort_unstable();
                names
            }
            Self::Words(known) => words(known),
        };
        let fitting = names.into_iter().filter(|name| name.starts_with(&*text));
        fitting.map(CompletionCandidate::new).collect()
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Paths after the last `separator`; what stands before it stays.
fn after(separator: char, text: &str) -> Vec<CompletionCandidate> {
    let (before, path) = match text.split_once(separator) {
        Some((before, path)) => (format!("{before}{separator}"), path),
        None => (String::new(), text),
    };
    paths(&PathCompleter::any(), &before, OsStr::new(path))
}

fn paths(completer: &PathCompleter, before: &str, path: &OsStr) -> Vec<CompletionCandidate> {
    let found = completer.complete(path).into_iter();
    let tagged = found.map(|candidate| {
        let mut value = OsString::from(before);
        value.push(candidate.get_value());
        let tag = Some(FILES.into());
        CompletionCandidate::new(value)
            .hide(candidate.is_hide_set())
            .tag(tag)
    });
    tagged.collect()
}

fn namespaces(environment: &Environment) -> Vec<String> {
    let root: PathBuf = environment.cache_directory();
    let store = Store::new(root.join("caches"));
    // Caches that cannot be looked at have no names.
    let found = store.namespaces().unwrap_or_default();
    found.iter().map(|it| it.name().to_owned()).collect()
}

fn runtimes() -> Vec<String> {
    let mut names: Vec<String> = curated()
        .flat_map(|image| image.runtimes.iter())
        .flat_map(|(name, versions)| {
            let whole = versions
                .iter()
                .map(move |version| format!("{name}:{version}"));
            std::iter::once((*name).to_owned()).chain(whole)
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::presented;

    fn all_arguments(command: &Command) -> Vec<Arg> {
        let own = command.get_arguments().cloned();
        let below = command.get_subcommands().flat_map(all_arguments);
        own.chain(below).collect()
    }

    #[test]
    fn each_path_can_be_completed() {
        let arguments = all_arguments(&presented());
        for arg in &arguments {
            let names = arg.get_value_names().unwrap_or_default();
            let is_path = names.iter().any(|name| {
                let name = name.as_str();
                name.contains("FILE") || name.contains("DIR") || name.starts_with("HOST")
            });
            let id = arg.get_id().as_str();
            if is_path {
                assert!(VALUES.iter().any(|(known, _)| *known == id), "{id}");
            }
        }
    }

    #[test]
    fn what_is_completed_exists() {
        let arguments = all_arguments(&presented());
        for (id, _) in VALUES {
            let is_known = arguments.iter().any(|arg| arg.get_id() == *id);
            // Two flags are still to come.
            assert!(is_known || *id == "log_file", "{id}");
        }
    }

    #[test]
    fn what_stands_before_a_path_stays() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("inner")).unwrap();
        let root = directory.path().display();
        let found = after(':', &format!("lib:{root}/in"));
        let values: Vec<_> = found.iter().map(|it| it.get_value().to_owned()).collect();
        assert_eq!(values, [OsString::from(format!("lib:{root}/inner/"))]);
    }
}
