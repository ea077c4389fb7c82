//! The buildspecs that are there to be found fault with, each with what `cobuild check` says of it.
//!
//! `buildspecs/invalid/NAME.txt` is what a terminal shows for `NAME.yml`, to the letter. After a change of
//! wording, `UPDATE_EXPECT=1 cargo test --test it invalid` writes these files anew, for review.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cobuild::buildspec::{CODES, Severity, check};
use expect_test::expect_file;

const DIRECTORY: &str = "buildspecs/invalid";

/// Lists the files of one kind, by name.
fn files(kind: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(DIRECTORY);
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == kind))
        .collect();
    files.sort();
    files
}

fn name(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

/// The codes that a file declares on its first line.
fn declared(path: &Path) -> BTreeSet<String> {
    let bytes = fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let first = text.lines().next().unwrap_or_default();
    let first = first.trim_start_matches('\u{FEFF}');
    let codes = first
        .strip_prefix("# finds: ")
        .unwrap_or_else(|| panic!("{} does not say what is found in it", path.display()));
    codes.split(' ').map(str::to_owned).collect()
}

fn fired(path: &Path) -> BTreeSet<String> {
    let found = check(&fs::read(path).unwrap());
    found.iter().map(|one| one.code.id.to_owned()).collect()
}

#[test]
fn every_file_is_told_what_its_snapshot_says() {
    for path in files("yml") {
        let file = format!("{DIRECTORY}/{}.yml", name(&path));
        let output = Command::new(env!("CARGO_BIN_EXE_cobuild"))
            .args(["check", &file])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        expect_file![path.with_extension("txt")].assert_eq(&format!("{stdout}{stderr}"));
        let refused = check(&fs::read(&path).unwrap())
            .iter()
            .any(|one| one.severity() == Severity::Error);
        assert_eq!(output.status.code(), Some(i32::from(refused)), "{file}");
    }
}

#[test]
fn every_file_finds_what_it_declares() {
    for path in files("yml") {
        assert_eq!(fired(&path), declared(&path), "{}", path.display());
    }
}

#[test]
fn every_code_has_a_file_of_its_own() {
    let alone: BTreeSet<String> = files("yml")
        .iter()
        .map(|path| fired(path))
        .filter(|codes| codes.len() == 1)
        .flatten()
        .collect();
    let missing: Vec<&str> = CODES
        .iter()
        .map(|code| code.id)
        .filter(|id| !alone.contains(*id))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_snapshot_has_its_file() {
    let names = |kind| -> Vec<String> {
        let files = files(kind);
        files.iter().map(|path| name(path).to_owned()).collect()
    };
    assert_eq!(names("txt"), names("yml"));
}

#[test]
fn windows_line_ends_have_survived() {
    let path = files("yml")
        .into_iter()
        .find(|path| name(path) == "windows-line-ends")
        .unwrap();
    let text = fs::read_to_string(path).unwrap();
    assert!(text.starts_with('\u{FEFF}'));
    assert!(text.matches("\r\n").count() > 10);
}
