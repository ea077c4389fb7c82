//! Which buildspecs to check.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use walkdir::{DirEntry, WalkDir};

use super::super::Failure;
use crate::settings::read_bounded;

/// Directories whose contents are not the author's.
const FOREIGN: &[&str] = &[".git", "node_modules", "target"];

/// Reads the buildspecs that these paths name, or those below the current directory.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut all = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            let text = read_bounded(io::stdin().lock())
                .context("cannot read the buildspec from stdin")
                .map_err(Failure::usage)?;
            all.push(("<stdin>".to_owned(), text));
        } else if path.is_dir() {
            for file in below(path)? {
                all.push(file_text(&file)?);
            }
        } else {
            all.push(file_text(path)?);
        }
    }
    if all.is_empty() {
        let error = anyhow!("there is no buildspec in `{}`", paths[0].display());
        return Err(Failure::usage(error)
            .hint("name the file; only `buildspec*.yml` and `buildspec*.yaml` are looked for"));
    }
    Ok(all)
}

fn file_text(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let shown = path.strip_prefix(".").unwrap_or(path).display().to_string();
    let text = fs::File::open(path)
        .and_then(read_bounded)
        .with_context(|| format!("cannot read `{shown}`"))
        .map_err(Failure::usage)?;
    Ok((shown, text))
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
        // A link to a file is one.
        && path.is_file()
}
