//! The doors to the machine that cobuild runs on: what it reads, runs and writes there passes through
//! here, and is checked here.
//!
//! A repository, a build and an image are not trusted. A file that they made may be a pipe, a device, a
//! link that leads elsewhere, or endless; a program of theirs may lie in the current directory. Other users
//! of the machine are not trusted either: what cobuild keeps there lies in directories of its own.

pub mod directory;
pub mod file;
pub mod place;
pub mod program;
pub mod tree;

use std::ffi::OsString;
use std::path::{Component, Path};

/// The names of a path, the last first.
fn parts(path: &Path) -> Vec<OsString> {
    path.components()
        .rev()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}
