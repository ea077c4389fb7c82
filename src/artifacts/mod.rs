//! Brings out of the container what a build made.
//!
//! `listing` says what is there, `search` which of it an artifact is made of, and `file_list` holds that.
//! `download` has the image's own `tar` pack exactly these files, or the engine where there is none
//! (`without_tar`); `stream_reader` and `entries` read that stream, `file_writer` writes the files into the directory that
//! `staging` made, and `publish` moves them, or the `zip` that is made of them, into their place.
//! `notices` words what people should know of it.

pub mod download;
mod entries;
mod error;
pub mod file_list;
mod file_writer;
pub mod listing;
pub mod notices;
pub mod publish;
pub mod search;
pub mod staging;
mod stream_reader;
mod without_tar;
pub mod zip;

pub use error::CollectError;
