//! What a repository can be made to say.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::{Git, Marker};

/// What says how a repository is written: with a program in its place git does not even begin.
const FORMAT: &[&str] = &[
    "core.bare",
    "core.repositoryformatversion",
    "core.worktree",
    "extensions.",
    // They name a file of settings; there is one besides.
    "include",
    "remote.evil.url",
];

/// Programs that git's own list leaves to a pattern, or does not name.
const MORE: &[&str] = &[
    "alias.config",
    "alias.rev-parse",
    "core.alternateRefsCommand",
    "core.askPass",
    "core.editor",
    "core.fsmonitor",
    "core.gitProxy",
    "core.hooksPath",
    "core.pager",
    "core.sshCommand",
    "credential.helper",
    "diff.evil.command",
    "diff.evil.textconv",
    "diff.external",
    "filter.evil.clean",
    "filter.evil.process",
    "filter.evil.smudge",
    "gpg.program",
    "merge.evil.driver",
    "pager.config",
    "pager.ls-files",
    "pager.rev-parse",
    "remote.origin.receivepack",
    "remote.origin.uploadpack",
    "sequence.editor",
    "submodule.sub.update",
    "uploadpack.packObjectsHook",
];

/// All hooks that git has had.
const HOOKS: &[&str] = &[
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
];

/// What git is asked to find out which settings may hold a program.
const QUESTIONS: &[&[&str]] = &[
    &["rev-parse", "--verify", "HEAD"],
    &["ls-files", "--stage"],
    &["for-each-ref"],
    &["cat-file", "-p", "HEAD:text"],
    &["log", "-1"],
    &["checkout", "--force", "--detach"],
    &["diff", "HEAD~1"],
    &["status"],
];

/// How a program stands in a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As a path.
    Path,
    /// As a command of the shell.
    Shell,
}

/// The names for a git, found out once.
fn names(git: &Git) -> Vec<String> {
    static KNOWN: Mutex<BTreeMap<&str, Vec<String>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap();
    known
        .entry(git.name)
        .or_insert_with(|| find_names(git))
        .clone()
}

/// The names of the settings that this git knows, by its own documentation, and that may hold a program: those
/// for which it reads a repository all the same.
fn find_names(git: &Git) -> Vec<String> {
    let known = git.run(Path::new("/"), &["help", "--config"]);
    let known = known
        .lines()
        .filter(|line| line.contains('.') && !line.contains(' '));
    let mut names: Vec<String> = known
        .chain(MORE.iter().copied())
        .map(|name| {
            let is_pattern = |part: &str| part == "*" || part.starts_with('<');
            let parts = name.split('.');
            let parts = parts.map(|part| if is_pattern(part) { "evil" } else { part });
            parts.collect::<Vec<_>>().join(".")
        })
        .filter(|name| !FORMAT.iter().any(|prefix| name.starts_with(prefix)))
        .filter(|name| is_name(name.rsplit('.').next().unwrap()))
        .collect();
    assert!(names.len() > 500, "{}: {} settings", git.name, names.len());
    let place = tempfile::tempdir().unwrap();
    git.repository(place.path());
    let config = place.path().join(".git/config");
    let plain = fs::read_to_string(&config).unwrap();
    for question in QUESTIONS {
        let complaint = |names: &[String]| {
            fs::write(
                &config,
                plain.clone() + &settings(names, "/nonexistent/program"),
            )
            .unwrap();
            let output = git.command(place.path(), question).output().unwrap();
            let words = String::from_utf8_lossy(&output.stderr).to_lowercase();
            words.contains("fatal: ").then_some(words)
        };
        while let Some(words) = complaint(&names) {
            let culprit = refused(&words, &names).unwrap_or_else(|| {
                let lengths: Vec<usize> = (1..=names.len()).collect();
                lengths.partition_point(|length| complaint(&names[..*length]).is_none())
            });
            assert!(culprit < names.len(), "{} {question:?}: {words}", git.name);
            names.remove(culprit);
        }
    }
    assert!(names.len() > 250, "{}: {} programs", git.name, names.len());
    names
}

/// Whether the last part of a setting is one that a file can have.
fn is_name(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Which of the settings git complains of, when it names one.
fn refused(words: &str, names: &[String]) -> Option<usize> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '\'' | ':' | '"' | ',');
    words.split(is_end).find_map(|word| {
        let mut names = names.iter();
        names.position(|name| name.eq_ignore_ascii_case(word))
    })
}

/// Names and values as a configuration has them.
fn settings(names: &[String], value: &str) -> String {
    let mut text = String::new();
    for name in names {
        let (section, key) = name.split_once('.').unwrap();
        let (head, key) = match key.rsplit_once('.') {
            Some((middle, key)) => (format!("[{section} \"{middle}\"]"), key),
            None => (format!("[{section}]"), key),
        };
        let _ = writeln!(text, "{head}\n\t{key} = {value}");
    }
    text
}

/// Makes a git directory, and the index of its tree, as hostile as it can be: settings of the repository and
/// of the tree, in itself and in what they include, hooks, attributes, and an index that asks a monitor.
pub(super) fn plant(git: &Git, directory: &Path, tree: Option<&Path>, marker: &Marker, form: Form) {
    if let Some(tree) = tree {
        // Written while the setting does no harm.
        git.run(
            tree,
            &[
                "-c",
                "core.fsmonitor=false",
                "update-index",
                "--force-write-index",
            ],
        );
        let monitored = ["-c", "core.fsmonitor=true", "update-index", "--fsmonitor"];
        let _ = git.command(tree, &monitored).output().unwrap();
    }
    let value = match form {
        Form::Path => marker.program().to_owned(),
        Form::Shell => format!("!{} x", marker.program()),
    };
    let mut settings = settings(&names(git), &value);
    // Hooks that are settings, on everything that happens.
    for event in HOOKS {
        let _ = writeln!(
            settings,
            "[hook \"{event}\"]\n\tevent = {event}\n\tcommand = {value}\n\tenabled = true"
        );
    }
    let included = directory.join("included");
    fs::write(&included, &settings).unwrap();
    let all = format!(
        "{settings}[include]\n\tpath = {path}\n[includeIf \"gitdir:**\"]\n\tpath = {path}\n\
         [core]\n\tfsmonitorHookVersion = 1\n",
        path = included.display()
    );
    for name in ["config", "config.worktree"] {
        let mut config = OpenOptions::new()
            .append(true)
            .create(true)
            .open(directory.join(name))
            .unwrap();
        config.write_all(all.as_bytes()).unwrap();
    }
    for hooks in ["hooks", "more-hooks"] {
        let hooks = directory.join(hooks);
        fs::create_dir_all(&hooks).unwrap();
        for hook in HOOKS {
            fs::copy(&marker.program, hooks.join(hook)).unwrap();
        }
    }
    fs::create_dir_all(directory.join("info")).unwrap();
    fs::write(
        directory.join("info/attributes"),
        "* filter=evil diff=evil\n",
    )
    .unwrap();
    if let Some(tree) = tree {
        // Newer than the index says: whoever compares them looks into the file, through its filter.
        fs::write(tree.join("text"), "second\n").unwrap();
        let newer = SystemTime::now() + Duration::from_mins(1);
        let file = File::open(tree.join("text")).unwrap();
        file.set_modified(newer).unwrap();
    }
    // Git itself may have been caught.
    marker.ran();
}

/// Lets a repository say that what it lacks is to be had by a program.
pub(super) fn promise(git: &Git, tree: &Path, marker: &Marker) {
    for (name, value) in [
        ("core.repositoryformatversion", "1"),
        ("extensions.partialClone", "origin"),
        ("extensions.worktreeConfig", "true"),
        ("remote.origin.url", "/nowhere"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.partialclonefilter", "blob:none"),
        ("remote.origin.uploadpack", marker.program()),
    ] {
        git.run(tree, &["config", name, value]);
    }
    let missing = "1111111111111111111111111111111111111111\n";
    fs::write(tree.join(".git/refs/heads/ghost"), missing).unwrap();
}
