//! Access to the machine that cobuild runs on: files, directories and programs are checked here
//! before use.
//!
//! Repositories, builds and images are not trusted. A file from them may be a pipe, a device, a
//! symlink that points elsewhere, or endless; the current directory may contain a program of
//! theirs. Other users of the machine are not trusted either, so cobuild keeps its files in
//! directories of its own.

pub mod directory;
pub mod file;
pub mod program;
pub mod untrusted_trees;

use std::ffi::OsString;
use std::path::{Component, Path};

/// Returns the names of a path, the last first.
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
