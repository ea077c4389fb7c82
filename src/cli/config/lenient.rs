//! A command line whose flags may need what another layer of settings has.

use std::ffi::OsString;

use clap::builder::Resettable;
use clap::{Arg, ArgMatches, Command};

use super::definition::{flags, is_layered, of_builds};
use super::flag_layer::FlagLayer;
use crate::settings::layers::exclusion;

/// Parses a command line whose flags of a layer may need what stands in another one; one that is off
/// excludes nothing. `None` when it is wrong nevertheless.
pub(crate) fn lenient_matches(definition: &Command, arguments: &[OsString]) -> Option<ArgMatches> {
    let mut lenient = lenient(definition.clone());
    let matches = lenient.try_get_matches_from_mut(arguments).ok()?;
    let given = FlagLayer::of(&lenient, &matches);
    let strict = flags(definition);
    exclusion(&strict, &given.entries).ok().map(|()| matches)
}

/// The same flags; those that a layer can set neither need nor exclude each other.
fn lenient(definition: Command) -> Command {
    let free = |arg: Arg| {
        if is_layered(&arg) {
            arg.conflicts_with(Resettable::Reset)
                .requires(Resettable::Reset)
        } else {
            arg
        }
    };
    of_builds(definition, free)
}
