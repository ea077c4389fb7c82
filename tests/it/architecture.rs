//! The shape of the code, as rules: which module may know of which, and who may touch the world.

mod circles;
mod crates;
mod docs;
mod doors;
mod reading;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use reading::{Source, sources};

/// What each module may use of ours. A module with a path of its own has a row of its own.
const MAY_USE: &[(&str, &[&str])] = &[
    ("main", &["cli", "exit", "settings"]),
    (
        "cli",
        &[
            "build",
            "buildspec",
            "cache",
            "doctor",
            "engine",
            "engine::docker",
            "event",
            "exit",
            "host",
            "mask",
            "ownership",
            "phase",
            "plan",
            "project",
            "leftovers",
            "resources",
            "runner",
            "secrets",
            "settings",
            "settings::layers",
            "sinks",
            "source",
            "terminal",
        ],
    ),
    (
        "build",
        &[
            "buildspec",
            "channel",
            "engine",
            "event",
            "host",
            "registry_credentials",
            "mask",
            "ownership",
            "phase",
            "plan",
            "runner",
            "secrets",
            "settings",
            "source",
        ],
    ),
    (
        "doctor",
        &[
            "engine",
            "host",
            "ownership",
            "project",
            "resources",
            "runner",
            "settings",
            "source",
        ],
    ),
    ("leftovers", &["cache", "engine", "ownership", "runner"]),
    (
        "runner",
        &[
            "buildspec",
            "cache",
            "channel",
            "artifacts",
            "engine",
            "event",
            "host",
            "registry_credentials",
            "mask",
            "ownership",
            "phase",
            "plan",
            "project",
            "resources",
            "runtimes",
            "secrets",
            "source",
        ],
    ),
    ("cache", &["host"]),
    ("channel", &["event", "mask"]),
    ("runtimes", &["event"]),
    ("artifacts", &["engine", "host", "ownership", "plan"]),
    ("source", &["engine", "event", "host", "plan"]),
    (
        "settings",
        &["buildspec", "engine", "host", "plan", "project", "secrets"],
    ),
    ("settings::layers", &["buildspec", "settings"]),
    (
        "sinks",
        &[
            "channel",
            "event",
            "phase",
            "record",
            "resources",
            "terminal",
        ],
    ),
    (
        "plan",
        &[
            "buildspec",
            "event",
            "mask",
            "phase",
            "project",
            "resources",
            "wire",
        ],
    ),
    ("buildspec", &["phase"]),
    ("event", &["phase"]),
    ("record", &["event", "phase"]),
    ("engine", &["host", "resources"]),
    ("engine::docker", &["engine", "host", "resources"]),
    ("exit", &[]),
    ("host", &[]),
    ("registry_credentials", &["engine", "host"]),
    ("terminal", &["mask"]),
    ("mask", &[]),
    ("ownership", &["host"]),
    ("secrets", &[]),
    ("phase", &[]),
    ("project", &["wire"]),
    ("resources", &["wire"]),
    ("wire", &[]),
];

/// Modules within others that have a row of their own.
const CHILDREN: &[&str] = &["engine::docker", "settings::layers"];

/// Modules that decide and never look at the world.
const PURE: &[&str] = &[
    "buildspec",
    "event",
    "mask",
    "phase",
    "plan",
    "project",
    "record",
    "resources",
    "runtimes",
    "settings::layers",
];

/// What is not to be found in them.
const WORLD: &[&str] = &[
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "async fn",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "tokio",
];

/// The longest that a file may be.
const MOST_LINES: usize = 600;

/// The module of a file, by the names of [`MAY_USE`].
fn module(source: &Source) -> String {
    let path = source.file.with_extension("");
    let mut parts = path.iter().map(|part| part.to_str().unwrap());
    let first = parts.next().unwrap();
    let name = format!("{first}::{}", parts.next().unwrap_or_default());
    if CHILDREN.contains(&name.as_str()) {
        name
    } else {
        first.to_owned()
    }
}

/// The modules that the code of a file names.
fn uses(source: &Source) -> BTreeSet<String> {
    let root = if source.is("main.rs") {
        "cobuild"
    } else {
        "crate"
    };
    source
        .paths
        .iter()
        .filter(|path| path[0] == root && path.len() > 1)
        .map(|path| {
            let name = path[1..].join("::");
            let child = CHILDREN.iter().find(|child| name.starts_with(**child));
            child.map_or_else(|| path[1].clone(), |child| (*child).to_owned())
        })
        .collect()
}

fn root(directory: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(directory)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "rs"))
        .collect();
    files.sort();
    files
}

/// The lines that hold any of these texts, in all files but those that `allowed` names.
fn offences(needles: &[&str], allowed: impl Fn(&Source) -> bool) -> Vec<String> {
    sources()
        .iter()
        .filter(|source| !allowed(source))
        .flat_map(|source| needles.iter().flat_map(|needle| source.lines_with(needle)))
        .collect()
}

#[track_caller]
fn assert_none(offences: &[String], rule: &str) {
    assert!(offences.is_empty(), "{rule}:\n{}", offences.join("\n"));
}

#[test]
fn modules_know_only_those_below_them() {
    let table: BTreeMap<&str, BTreeSet<&str>> = MAY_USE
        .iter()
        .map(|(module, uses)| (*module, uses.iter().copied().collect()))
        .collect();
    let mut offences = Vec::new();
    let mut seen = BTreeSet::new();
    for source in sources() {
        if source.is("lib.rs") {
            continue;
        }
        let module = module(source);
        let path = source.file.display();
        let Some(allowed) = table.get(module.as_str()) else {
            offences.push(format!("src/{path}: the table has no module `{module}`"));
            continue;
        };
        for used in uses(source) {
            if used != module && !allowed.contains(used.as_str()) {
                offences.push(format!("src/{path}: `{module}` uses `{used}`"));
            }
            seen.insert((module.clone(), used));
        }
        seen.insert((module.clone(), module));
    }
    for (module, uses) in table {
        if !seen.iter().any(|(other, _)| other == module) {
            offences.push(format!("there is no module `{module}`"));
        }
        offences.extend(
            uses.iter()
                .filter(|used| !seen.contains(&(module.to_owned(), (**used).to_owned())))
                // It is a child's right to see its parent.
                .filter(|used| !module.starts_with(**used))
                .map(|used| format!("`{module}` does not use `{used}` any more")),
        );
    }
    assert_none(&offences, "the direction of dependencies");
}

#[test]
fn the_table_has_no_circle() {
    let mut left: BTreeMap<&str, BTreeSet<&str>> = MAY_USE
        .iter()
        .map(|(module, uses)| (*module, uses.iter().copied().collect()))
        .collect();
    while !left.is_empty() {
        let before = left.len();
        let known: BTreeSet<&str> = left.keys().copied().collect();
        left.retain(|_, uses| uses.iter().any(|used| known.contains(used)));
        assert!(left.len() < before, "a circle among {:?}", left.keys());
    }
}

#[test]
fn one_file_names_each_of_the_big_crates() {
    for (name, file) in [
        ("annotate_snippets", "cli/check/text.rs"),
        ("bollard", "engine/docker.rs"),
        ("indicatif", "sinks/pull/bars.rs"),
        ("libyaml::", "buildspec/yaml.rs"),
        ("serde_saphyr", "runtimes/table.rs"),
        ("toml::", "settings/layers/file.rs"),
        ("zstd::", "cache/archive.rs"),
    ] {
        // What lies in a folder of the file's name is part of it.
        let is_own = |source: &Source| {
            source.is(file) || source.file.starts_with(file.trim_end_matches(".rs"))
        };
        let found = offences(&[name], is_own);
        assert_none(&found, &format!("only {file} names {name}"));
        let own = offences(&[name], |source| !is_own(source));
        assert!(!own.is_empty(), "{file} does not name {name} any more");
    }
}

#[test]
fn one_module_writes_to_the_terminal() {
    let writers = [
        "io::stdout",
        "io::stderr",
        "anstream",
        "AutoStream",
        "anstyle::Style",
        "Cli::parse",
        "print!(",
        "println!(",
        "eprint!(",
        "eprintln!(",
        "dbg!(",
    ];
    let found = offences(&writers, |source| {
        module(source) == "terminal"
            // The crate that draws bars wants the terminal to itself; its texts are made visible.
            || source.is("sinks/pull/bars.rs")
    });
    assert_none(
        &found,
        "what is written to a terminal is made visible first",
    );
    let own = offences(&writers, |source| module(source) != "terminal");
    assert!(own.len() > 3, "{own:?}");
}

#[test]
fn only_the_edge_reads_the_environment() {
    let readers = ["std::env", "env::var", "env::current_dir", "env::args"];
    let found = offences(&readers, |source| {
        matches!(module(source).as_str(), "main" | "settings")
            // As the system does for everybody who runs a program.
            || source.is("host/program.rs")
    });
    assert_none(&found, "the environment is read once");
}

#[test]
fn one_way_leads_to_an_engine() {
    let found = offences(&["bollard::Docker::connect_with"], |source| {
        source.is("engine/docker/connect.rs")
    });
    assert_none(&found, "every connection counts what is read of it");
    let others = [
        "connect_with_unix",
        "connect_with_http",
        "connect_with_socket",
        "connect_with_ssl",
    ];
    assert_none(
        &offences(&others, |_| false),
        "bollard's own connections count nothing",
    );
}

#[test]
fn what_decides_does_not_look_at_the_world() {
    let found = offences(WORLD, |source| !PURE.contains(&module(source).as_str()));
    assert_none(&found, "pure modules");
}

#[test]
fn nothing_unwraps_outside_of_tests() {
    let found = offences(&[".unwrap()", ".unwrap_err()"], |_| false);
    assert_none(&found, "`expect` says why");
}

#[test]
fn no_file_is_long() {
    let long: Vec<String> = ["src", "tests", "crates"]
        .iter()
        .flat_map(|directory| rust_files(&root(directory)))
        .map(|path| (fs::read_to_string(&path).unwrap().lines().count(), path))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .map(|(lines, path)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert_none(&long, "files stay short");
}
