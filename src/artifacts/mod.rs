//! Copies files that a build made out of the container.
//!
//! `listing` lists the container's files, `search` selects those of an artifact, and `file_list`
//! holds them. `download` has the image's own `tar` pack exactly these files, or the engine when
//! the image has none (`without_tar`). `stream_reader` and `entries` read the stream, `file_writer`
//! writes the files into the directory of `staging`, and `publish` moves them, or their `zip`, to
//! their place. `notices` words the warnings.

pub mod download;
pub(crate) mod entries;
mod error;
pub mod file_list;
mod file_writer;
pub mod listing;
pub mod notices;
pub mod publish;
pub mod search;
pub mod staging;
pub(crate) mod stream_reader;
mod without_tar;
pub mod zip;

pub use error::DownloadError;
