use std::fs;
use std::process::Command;

use super::*;
use crate::plan::GitElsewhere;
use crate::source::git::directory::AllowedDirectories;

/// A tree of files; one whose name is a pattern file has its lines after `=`, split at `;`.
fn tree(files: &[&str]) -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    for file in files {
        let (name, text) = file.split_once('=').unwrap_or((file, ""));
        let path = tree.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace(';', "\n")).unwrap();
    }
    tree
}

fn git(tree: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .arg("-C")
        .arg(tree)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .status()
        .unwrap();
    assert!(status.success(), "{arguments:?}");
}

fn find(tree: &Path, git: GitMetadata, excludes: &Excludes) -> Result<LeftOut, ExcludeError> {
    let source = SourcePlan {
        identifier: None,
        host: tree.to_path_buf(),
        directory: "/src".into(),
        git,
        git_elsewhere: GitElsewhere::default(),
    };
    let ignores = excludes.respect_gitignore.then(|| {
        let place = tempfile::tempdir().unwrap();
        let mut count = 0;
        let mut make_place = || {
            count += 1;
            Ok(place.path().join(count.to_string()))
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let bounds = AllowedDirectories::of_source(&source);
        let asked = crate::source::git::ignores(tree, bounds, &mut make_place);
        runtime.block_on(asked).unwrap()
    });
    LeftOut::find(&source, excludes, ignores)
}

#[track_caller]
fn left_out(tree: &Path, patterns: &[&str], respect_gitignore: bool) -> Vec<String> {
    let excludes = Excludes {
        patterns: patterns.iter().map(|it| (*it).to_owned()).collect(),
        respect_gitignore,
    };
    find(tree, GitMetadata::Kept, &excludes)
        .unwrap()
        .iter()
        .map(|path| path.to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn without_patterns_everything_goes_in() {
    let tree = tree(&[".gitignore=*", "a", ".git/HEAD", "node_modules/x"]);
    assert!(left_out(tree.path(), &[], false).is_empty());
}

#[test]
fn patterns_are_those_of_gitignore_and_only_the_topmost_path_is_named() {
    let tree = tree(&[
        "a.log",
        "sub/b.log",
        "sub/keep.log",
        "target/x/y",
        "src/target",
    ]);
    let found = left_out(
        tree.path(),
        &["*.log", "!keep.log", "/target/", "  "],
        false,
    );
    assert_eq!(found, ["a.log", "sub/b.log", "target"]);
}

#[test]
fn a_file_of_patterns_takes_back_and_nested_ones_beat_it() {
    let tree = tree(&[
        ".cobuildignore=*.log;!keep.log",
        "a.log",
        "keep.log",
        "sub/.cobuildignore=!c.log;keep.log",
        "sub/c.log",
        "sub/keep.log",
    ]);
    assert_eq!(left_out(tree.path(), &[], false), ["a.log", "sub/keep.log"]);
    // What is given on the command line has the last word.
    let found = left_out(tree.path(), &["!a.log", "c.log"], false);
    assert_eq!(found, ["sub/c.log", "sub/keep.log"]);
}

#[test]
fn tracked_files_stay_in_whatever_gitignore_says() {
    let tree = tree(&[
        ".gitignore=out;*.tmp",
        "a",
        "b.tmp",
        "out/tracked",
        "out/not",
        "out/sub/tracked",
        "out/other/not",
        "sub/.gitignore=!c.tmp",
        "sub/c.tmp",
        "sub/e.tmp",
        "mine",
    ]);
    git(tree.path(), &["init", "--quiet"]);
    git(
        tree.path(),
        &["add", "-f", "a", "out/tracked", "out/sub/tracked"],
    );
    fs::write(tree.path().join(".git/info/exclude"), "mine\n").unwrap();
    assert_eq!(
        left_out(tree.path(), &[], true),
        ["b.tmp", "mine", "out/not", "out/other", "sub/e.tmp"]
    );
    // A tree below the root of a repository has the patterns above it. Itself it is wanted.
    assert_eq!(left_out(&tree.path().join("sub"), &[], true), ["e.tmp"]);
    assert!(left_out(&tree.path().join("out"), &[], true).is_empty());
    // Patterns of ours leave out what is tracked, too.
    let found = left_out(tree.path(), &["out/tracked"], false);
    assert_eq!(found, ["out/tracked"]);
}

#[test]
fn the_git_directory_stays_in_unless_it_is_named() {
    let tree = tree(&[".git/HEAD", "a", ".gitignore=*", "sub/.git=gitdir: ../x"]);
    assert_eq!(
        left_out(tree.path(), &["*"], false),
        [".gitignore", "a", "sub"]
    );
    assert_eq!(
        left_out(tree.path(), &["/.g*", "a"], true),
        [".gitignore", "a", "sub"]
    );
    assert_eq!(left_out(tree.path(), &["/.git/"], false), [".git"]);
    assert_eq!(
        left_out(tree.path(), &[".git"], false),
        [".git", "sub/.git"]
    );
    for git in [GitMetadata::LeftOut, GitMetadata::Linked] {
        let found = find(tree.path(), git, &Excludes::default()).unwrap();
        assert!(found.covers(Path::new(".git/HEAD")) && !found.covers(Path::new("a")));
    }
}

#[test]
fn a_pattern_that_is_none_is_told() {
    assert!(check_pattern("a{").is_err());
    assert!(check_pattern("!a/**/b").is_ok());
    let tree = tree(&[".cobuildignore=fine;a{", "a"]);
    let error = find(tree.path(), GitMetadata::Kept, &Excludes::default()).unwrap_err();
    assert!(error.to_string().contains(".cobuildignore"), "{error}");
}

#[test]
fn a_deep_tree_is_walked() {
    let tree = tempfile::tempdir().unwrap();
    let mut path = tree.path().to_path_buf();
    for _ in 0..1900 {
        path.push("d");
    }
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("x"), "").unwrap();
    let found = left_out(tree.path(), &["x"], false);
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("d/d/x"), "{found:?}");
}
