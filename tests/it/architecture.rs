//! The shape of the code, as rules: which module may know of which, and who may touch the world.

mod circles;
mod crates;
mod doors;
mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

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
            "owner",
            "phase",
            "plan",
            "project",
            "remains",
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
            "host",
            "logins",
            "mask",
            "owner",
            "phase",
            "plan",
            "project",
            "runner",
            "secrets",
            "settings",
            "source",
            "terminal",
        ],
    ),
    (
        "doctor",
        &[
            "engine",
            "host",
            "owner",
            "project",
            "resources",
            "runner",
            "settings",
            "source",
        ],
    ),
    ("remains", &["cache", "engine", "owner", "runner"]),
    (
        "runner",
        &[
            "buildspec",
            "cache",
            "channel",
            "collect",
            "engine",
            "event",
            "host",
            "logins",
            "mask",
            "owner",
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
    ("collect", &["engine", "host", "owner", "plan"]),
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
    ("logins", &["engine", "host"]),
    ("terminal", &["mask"]),
    ("mask", &[]),
    ("owner", &["host"]),
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

/// A source file of ours, without its tests and its comments.
struct Source {
    /// Relative to `src`.
    path: PathBuf,
    code: String,
}

impl Source {
    /// The module by the names of [`MAY_USE`].
    fn module(&self) -> String {
        let path = self.path.with_extension("");
        let mut parts = path.iter().map(|part| part.to_str().unwrap());
        let first = parts.next().unwrap();
        let name = format!("{first}::{}", parts.next().unwrap_or_default());
        if CHILDREN.contains(&name.as_str()) {
            name
        } else {
            first.to_owned()
        }
    }

    /// The lines of code that hold `needle`.
    fn lines_with(&self, needle: &str) -> Vec<String> {
        self.code
            .lines()
            .filter(|line| line.contains(needle))
            .map(|line| format!("src/{}: {}", self.path.display(), line.trim()))
            .collect()
    }

    fn is(&self, path: &str) -> bool {
        self.path == Path::new(path)
    }

    /// The modules of ours that the code names.
    fn uses(&self) -> BTreeSet<String> {
        let root = if self.is("main.rs") {
            "cobuild::"
        } else {
            "crate::"
        };
        let mut uses = BTreeSet::new();
        for (index, _) in self.code.match_indices(root) {
            // Part of a longer word, such as `my_crate::`.
            if self.code[..index].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            for path in paths(&self.code[index + root.len()..]) {
                let child = CHILDREN.iter().find(|child| path.starts_with(**child));
                let module = child.copied().or_else(|| path.split("::").next());
                uses.insert(module.unwrap().to_owned());
            }
        }
        uses
    }
}

/// The paths that begin here: one, or all of a group in braces.
fn paths(text: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
            .collect()
    };
    let start = word(text);
    let Some(group) = text[start.len()..].strip_prefix('{') else {
        return vec![start];
    };
    let mut depth = 0;
    let inside: String = group
        .chars()
        .take_while(|c| {
            depth += match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            depth >= 0
        })
        .collect();
    // Groups within groups only make a path longer: their parts are looked at as well.
    inside
        .split([',', '{', '}'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| format!("{start}{}", word(part)))
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

fn sources() -> Vec<Source> {
    let directory = root("src");
    let sources: Vec<Source> = rust_files(&directory)
        .into_iter()
        // Modules that are there for tests alone.
        .filter(|path| {
            let path = path.strip_prefix(&directory).unwrap();
            let of_tests = path.ends_with("tests.rs") || path.iter().any(|part| part == "tests");
            !of_tests && !path.ends_with("engine/fake.rs")
        })
        .map(|path| Source {
            code: without_tests(&fs::read_to_string(&path).unwrap()),
            path: path.strip_prefix(&directory).unwrap().to_owned(),
        })
        .collect();
    assert!(sources.len() > 50, "{}", sources.len());
    sources
}

/// The code without comments and without what is compiled for tests alone.
fn without_tests(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let item = lines.next().unwrap();
            if item.starts_with("mod ") && item.ends_with('{') {
                // Tests are the last of a file. Their texts may hold what looks like their end.
                break;
            }
            let indent = &item[..item.len() - item.trim_start().len()];
            if !item.ends_with(';') {
                let end = format!("{indent}}}");
                lines.by_ref().find(|line| *line == end);
            }
        } else if !line.trim_start().starts_with("//") {
            code.push_str(line);
            code.push('\n');
        }
    }
    code
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
        let module = source.module();
        let path = source.path.display();
        let Some(allowed) = table.get(module.as_str()) else {
            offences.push(format!("src/{path}: the table has no module `{module}`"));
            continue;
        };
        for used in source.uses() {
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
            source.is(file) || source.path.starts_with(file.trim_end_matches(".rs"))
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
        source.module() == "terminal"
            // The crate that draws bars wants the terminal to itself; its texts are made visible.
            || source.is("sinks/pull/bars.rs")
    });
    assert_none(
        &found,
        "what is written to a terminal is made visible first",
    );
    let own = offences(&writers, |source| source.module() != "terminal");
    assert!(own.len() > 3, "{own:?}");
}

#[test]
fn only_the_edge_reads_the_environment() {
    let readers = ["std::env", "env::var", "env::current_dir", "env::args"];
    let found = offences(&readers, |source| {
        matches!(source.module().as_str(), "main" | "settings")
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
    let found = offences(WORLD, |source| !PURE.contains(&source.module().as_str()));
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
