//! Texts that nobody writes who means well: each is read or refused soon, in little memory. How soon
//! and in how little is measured by `scripts/bench hostile`; here a limit of the system's stands
//! between a mistake and the machine.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::shapes::{Shape, Size, Verdict, shapes};

/// The address space of a run, in kilobytes.
const MEMORY: &str = "250000";

/// How many seconds of a processor a run may take: enough for an unoptimized one, however busy the machine is.
const PROCESSOR: &str = "20";

/// How many seconds a run may take that waits for what never comes.
const PATIENCE: &str = "300";

/// Half as long as is read, and beyond the limit of values.
const HUGE: Size = Size {
    count: 250_000,
    bytes: 1_000_000,
};

/// Within the limits, whatever the shape.
const LARGE: Size = Size {
    count: 8_000,
    bytes: 100_000,
};

/// Runs cobuild in a directory; returns its exit status and all that it says, or what went wrong.
fn run(arguments: &[&str], directory: &Path) -> Result<(i32, String), String> {
    let output = Command::new("sh")
        .args([
            "-c",
            "ulimit -v $0; ulimit -t $1; shift; exec timeout \"$@\"",
        ])
        .args([MEMORY, PROCESSOR, PATIENCE, env!("CARGO_BIN_EXE_cobuild")])
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    match output.status.code() {
        Some(code @ 0..=3) if !said.contains("panicked") => Ok((code, said)),
        Some(124) => Err("it does not end".to_owned()),
        _ => Err(format!("{}: {said}", output.status)),
    }
}

/// Runs a command on every shape and judges what it comes to.
#[track_caller]
fn assert_all(
    arguments: &[&str],
    size: Size,
    judge: impl Fn(&Shape, i32, &str) -> Result<(), String>,
) {
    let directory = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for shape in shapes() {
        fs::write(directory.path().join("buildspec.yml"), (shape.text)(size)).unwrap();
        let judged =
            run(arguments, directory.path()).and_then(|(code, said)| judge(&shape, code, &said));
        if let Err(problem) = judged {
            let start: String = problem.chars().take(500).collect();
            wrong.push(format!("{}: {start}", shape.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A text beyond the limits is refused, and it is said whose limits they are.
fn refused_or_read(shape: &Shape, code: i32, said: &str) -> Result<(), String> {
    let is_limit = [
        "the most that cobuild reads",
        "than cobuild reads",
        "excessive aliasing",
    ]
    .iter()
    .any(|words| said.contains(words));
    match (shape.verdict, code) {
        (Verdict::Read, 0) | (Verdict::Refused, 1) => Ok(()),
        (Verdict::Read, 1) if is_limit => Ok(()),
        _ => Err(format!("{code} {said}")),
    }
}

fn as_meant(shape: &Shape, code: i32, said: &str) -> Result<(), String> {
    match (shape.verdict, code) {
        (Verdict::Read, 0) | (Verdict::Refused, 1) => Ok(()),
        _ => Err(format!("{code} {said}")),
    }
}

#[test]
fn huge_texts_are_refused_or_read() {
    assert_all(&["check"], HUGE, refused_or_read);
}

#[test]
fn large_texts_are_checked() {
    assert_all(&["check", "--format", "json"], LARGE, as_meant);
}

#[test]
fn large_texts_are_planned() {
    assert_all(&["plan", "-i", "image"], LARGE, as_meant);
}

#[test]
fn an_endless_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    for (arguments, reason) in [
        (["check", "/dev/zero"].as_slice(), "more than 2097152 bytes"),
        (
            &["plan", "-i", "image", "-b", "/dev/zero"],
            "it is a device, not a regular file",
        ),
    ] {
        let (code, said) = run(arguments, directory.path()).unwrap();
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(reason), "{said}");
    }
}
