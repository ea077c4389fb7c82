//! Settings of the command line, of variables and of files, made into one command line.
//!
//! The definitions of clap are the one table of flags. What a layer may set, how it is written and which
//! values are good is read off them ([`definition`]); whatever the layers say is merged, and parsed once
//! more into the arguments of the command ([`settle`]).

mod args;
mod definition;
mod flag_layer;
mod lenient;
mod needs;
mod project;
mod settle;
mod told;

pub(super) use args::ConfigArgs;
pub(super) use definition::{definition, flags};
pub(super) use flag_layer::FlagLayer;
pub(super) use lenient::lenient_matches;
pub(super) use project::project_of;
pub(super) use settle::{ResolvedSettings, profile_names, settle, unusable};
pub(super) use told::{settings, write_text};
