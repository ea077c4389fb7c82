//! Which buildspecs to check.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use walkdir::{DirEntry, WalkDir};

use crate::cli::failure::Failure;
use crate::host::file::{self, FileError};
use crate::host::untrusted_trees::{UntrustedPathError, UntrustedTrees};
use crate::settings::read_bounded;

/// Directories whose contents are not the author's.
const FOREIGN: &[&str] = &[".git", "node_modules", "target"];

/// How many bytes all buildspecs together may have: what is found in them is shown with their lines.
const MOST_BYTES: usize = 24 * 1024 * 1024;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct FoundBuildspecs {
    /// Path and text of each buildspec.
    pub(super) texts: Vec<(String, Vec<u8>)>,
    /// What is called like one, and why it is not read.
    pub(super) unread: Vec<(String, FileError)>,
}

/// Reads the buildspecs that these paths name, or those below the current directory.
pub(super) fn read(paths: &[PathBuf]) -> Result<FoundBuildspecs, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut found = FoundBuildspecs::default();
    let mut bytes = 0;
    for path in paths {
        if path == Path::new("-") {
            let text = read_bounded(io::stdin().lock())
                .context("cannot read the buildspec from stdin")
                .map_err(Failure::usage)?;
            found.texts.push(("<stdin>".to_owned(), text));
            continue;
        }
        stays(path)?;
        if path.is_dir() {
            for file in below(path)? {
                let shown = shown(&file);
                let inside = file.strip_prefix(path).unwrap_or(&file);
                let opened = file::open_within(path, inside);
                match opened.and_then(|file| Ok(read_bounded(file)?)) {
                    Ok(text) => {
                        bytes += text.len();
                        if bytes > MOST_BYTES {
                            let error = anyhow!(
                                "the buildspecs in `{}` have more than {MOST_BYTES} bytes together",
                                path.display()
                            );
                            return Err(Failure::usage(error).hint("name some of them"));
                        }
                        found.texts.push((shown, text));
                    }
                    Err(FileError::Io(error)) => return Err(unreadable(error, &shown)),
                    Err(error) => found.unread.push((shown, error)),
                }
            }
        } else {
            let opened = file::open_named(path);
            let text = opened.and_then(|file| Ok(read_bounded(file)?));
            let shown = shown(path);
            let text = text.map_err(|error| unreadable(error, &shown))?;
            found.texts.push((shown, text));
        }
    }
    if found.texts.is_empty() && found.unread.is_empty() {
        let error = anyhow!("there is no buildspec in `{}`", paths[0].display());
        return Err(Failure::usage(error)
            .hint("name the file; only `buildspec*.yml` and `buildspec*.yaml` are looked for"));
    }
    Ok(found)
}

/// Refuses a path that a link of the repository leads out of it: whoever checks a clone does not mean
/// what a stranger's link leads to.
fn stays(path: &Path) -> Result<(), Failure> {
    let followed = UntrustedTrees::of(path)
        .map_err(UntrustedPathError::from)
        .and_then(|trees| trees.follow(path));
    match followed {
        Err(error @ UntrustedPathError::LeadsOut { .. }) => {
            let error = anyhow::Error::new(error)
                .context(format!("`{}` is not where it seems to be", path.display()));
            Err(Failure::usage(error).hint("name the file that the link leads to when it is meant"))
        }
        // Whoever reads it says why it cannot be read.
        Ok(_) | Err(UntrustedPathError::Io(_)) => Ok(()),
    }
}

fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

fn unreadable(error: impl Into<anyhow::Error>, shown: &str) -> Failure {
    Failure::usage(error.into().context(format!("cannot read `{shown}`")))
}

/// Lists the buildspecs below a directory, by name.
fn below(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let walk = WalkDir::new(directory).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(|entry| !is_foreign(entry)) {
        let entry = match entry {
            Ok(entry) => entry,
            // What may not be looked into has nothing to check, unless it was asked for.
            Err(error) if error.depth() > 0 => continue,
            Err(error) => return Err(Failure::usage(error)),
        };
        if is_buildspec(&entry) {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

fn is_foreign(entry: &DirEntry) -> bool {
    entry.depth() > 0
        && entry.file_type().is_dir()
        && FOREIGN.iter().any(|name| entry.file_name() == *name)
}

fn is_buildspec(entry: &DirEntry) -> bool {
    let path = entry.path();
    let kind = path.extension().and_then(|kind| kind.to_str());
    entry.file_name().to_string_lossy().starts_with("buildspec")
        && matches!(kind, Some("yml" | "yaml"))
        // A link may be to one; one that leads nowhere, or to a directory, is none.
        && path.metadata().is_ok_and(|found| !found.is_dir())
}
