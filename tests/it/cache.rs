//! Caches, from build to build (contract §1.9).

mod archive;
mod commands;
mod images;
mod local;
mod store;
mod trees;

use std::fs;
use std::path::PathBuf;

use crate::env::{Run, TestEnv};

/// Makes a tree with everything in it that a file system has, and lists it.
const MAKE: &str = r#"mkdir -p 'tree/a b/empty' tree/.hidden tree/c && (cd tree
echo content > 'a b/file'; echo x > .hidden/.file; echo y > '-dash'; echo z > 'new
line'; echo q > "quote'\"\$\\"; printf odd > "$(printf '\376\377')"
chmod 4711 'a b/file'; chown 12:34 .hidden/.file; touch -d '2001-02-03 04:05:06' -- -dash
ln -s '../a b/file' c/link; ln -s /nowhere c/dangling; ln 'a b/file' c/hard
long=$(printf 'long%.0s' $(seq 40)); mkdir -p "$long/$long"; echo l > "$long/$long/$long"
mkfifo c/pipe)"#;

/// Lists what is kept of it: names, modes, owners, times, links and contents.
const LIST: &str = r"cd tree; find . -mindepth 1 ! -type p ! -type d -printf '%p %y %m %U:%G %T@ %l %n\n' | sed 's/\.[0-9]* / /' | sort && find . -type d -empty && cat < 'a b/file'";

/// A buildspec of one phase with this cache.
fn buildspec(cache: &str, commands: &[&str]) -> String {
    let commands = serde_json::to_string(commands).unwrap();
    format!("version: 0.2\nphases: {{build: {{commands: {commands}}}}}\ncache: {cache}\n")
}

/// Writes a buildspec with this cache.
fn write(env: &TestEnv, cache: &str, commands: &[&str]) {
    let path = env.source().join("buildspec.yml");
    fs::write(path, buildspec(cache, commands)).unwrap();
}

/// What the summary says of the cache.
fn summary(run: &Run) -> String {
    let line = run
        .stderr
        .lines()
        .find_map(|line| line.trim().strip_prefix("cache "));
    line.unwrap_or_else(|| panic!("nothing of a cache: {run}"))
        .trim()
        .to_owned()
}

/// The log from the directory on to the end of the phase's first line.
fn log_of_restore(run: &Run) -> Vec<String> {
    run.log()
        .lines()
        .skip_while(|line| !line.starts_with("> Moving to directory"))
        .skip(1)
        .take_while(|line| *line != "> Registering with agent")
        .map(|line| line.trim_start_matches("> ").to_owned())
        .collect()
}

/// The files of the store, in the order of names.
fn stored(env: &TestEnv, namespace: &str) -> Vec<PathBuf> {
    let Some(entries) = directory(env, namespace).and_then(|it| fs::read_dir(it).ok()) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| !path.ends_with("last-run.json"));
    paths.sort();
    paths
}

/// The directory of a namespace, or of the project of this name.
fn directory(env: &TestEnv, namespace: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(env.path("home/.cache/cobuild/caches")).ok()?;
    entries.map(|entry| entry.unwrap().path()).find(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let rest = name.strip_prefix(namespace);
        rest.is_some_and(|rest| rest.is_empty() || (rest.starts_with('-') && rest.len() == 17))
    })
}

/// How many archives there are.
fn archives(env: &TestEnv, namespace: &str) -> usize {
    let is_archive = |path: &&PathBuf| path.extension().is_some_and(|kind| kind == "zst");
    stored(env, namespace).iter().filter(is_archive).count()
}
