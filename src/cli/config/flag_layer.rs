//! The layer of flags: what stands on a command line.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::definition::{is_layered, long, subcommand};
use crate::settings::layers::{Entry, Origin};

/// What a command line says.
#[derive(Debug, Clone, Default)]
pub(crate) struct FlagLayer {
    pub(super) subcommand: String,
    /// The flags that a file and a variable can set too.
    pub(super) entries: Vec<Entry>,
    pub(super) others: Vec<OsString>,
}

impl FlagLayer {
    /// Reads the flags off what clap has found.
    pub(crate) fn of(definition: &Command, matches: &ArgMatches) -> Self {
        let mut layer = Self::default();
        let Some((name, matches)) = matches.subcommand() else {
            return layer;
        };
        name.clone_into(&mut layer.subcommand);
        let known = subcommand(definition, name).into_iter();
        let flags = known.flat_map(Command::get_arguments);
        for arg in flags.filter(|arg| arg.get_long().is_some() && !arg.is_global_set()) {
            for value in values(arg, matches) {
                if is_layered(arg) {
                    layer.entries.push(Entry {
                        name: long(arg),
                        value,
                        origin: Origin::Flag(long(arg)),
                    });
                } else {
                    layer.others.push(argument(&long(arg), &value));
                }
            }
        }
        layer
    }
}

/// The values of a flag that stand on the command line.
fn values(arg: &Arg, matches: &ArgMatches) -> Vec<OsString> {
    let id = arg.get_id().as_str();
    let is_given = matches!(
        matches.try_contains_id(id),
        Ok(true) if matches.value_source(id) == Some(ValueSource::CommandLine)
    );
    let raw = is_given.then(|| matches.get_raw(id)).flatten();
    raw.into_iter().flatten().map(OsString::from).collect()
}

/// A flag with its value, as an argument.
pub(super) fn argument(name: &str, value: &std::ffi::OsStr) -> OsString {
    let mut argument = OsString::from(format!("--{name}="));
    argument.push(value);
    argument
}
