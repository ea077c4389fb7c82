//! `cobuild check`, as people run it. It needs no engine.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const GOOD: &str = "version: 0.2\nphases:\n  build:\n    commands:\n      - make\n";
const WARNS: &str = "version: 0.2\nfiles: x\nphases:\n  build:\n    commands:\n      - make\n";
const BAD: &str =
    "version: 0.2\nfiles: x\nphases:\n  build:\n    commands:\n      - echo \"a: b\"\n";

/// A directory with these files.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cobuild"));
    command
        .arg("check")
        .args(arguments)
        .current_dir(directory)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null());
    command
}

fn check(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    taken_apart(command(directory, arguments).output().unwrap())
}

fn taken_apart(output: Output) -> (i32, String, String) {
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn json(directory: &Path, arguments: &[&str]) -> Value {
    let (_, stdout, stderr) = check(directory, arguments);
    serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"))
}

#[test]
fn an_error_is_shown_as_rustc_shows_one() {
    let here = directory(&[("buildspec.yml", BAD)]);
    let (code, stdout, stderr) = check(here.path(), &[]);
    assert_eq!(code, 1, "{stderr}");
    assert_eq!(
        stdout,
        "\
warning[bs101]: unknown key `files`; CodeBuild ignores it
 --> buildspec.yml:2:1
  |
2 | files: x
  | ^^^^^
  |
  = help: `files` belongs in `artifacts`

error[bs005]: YAML reads this command as a map
 --> buildspec.yml:6:9
  |
6 |       - echo \"a: b\"
  |         ^^^^^^^^^^^
  |
  = note: CodeBuild: YAML_FILE_ERROR Message: Expected Commands[0] to be of string type: found subkeys instead at line 6, value of the key tag on line 5 might be empty
  = help: put the whole command in quotes, or in a block after `- |`

"
    );
    assert_eq!(stderr, "1 error and 1 warning in 1 buildspec\n");
}

#[test]
fn warnings_fail_only_when_denied() {
    let here = directory(&[("buildspec.yml", WARNS), ("good.yml", GOOD)]);
    for (arguments, expected) in [
        (vec![], 0),
        (vec!["--deny-warnings"], 1),
        (vec!["--deny-warnings", "good.yml"], 0),
        (vec!["buildspec.yml", "good.yml"], 0),
    ] {
        let (code, _, stderr) = check(here.path(), &arguments);
        assert_eq!(code, expected, "{arguments:?} {stderr}");
    }
    let (_, stdout, stderr) = check(here.path(), &["good.yml"]);
    assert_eq!(
        (stdout.as_str(), stderr.as_str()),
        ("", "no errors and no warnings in 1 buildspec\n")
    );
}

#[test]
fn buildspecs_are_found_below_a_directory() {
    let here = directory(&[
        ("buildspec.yml", GOOD),
        ("ci/buildspec-test.yaml", GOOD),
        ("ci/deep/buildspec_x.yml", GOOD),
        ("ci/other.yml", "no buildspec"),
        ("ci/buildspec.txt", "no buildspec"),
        ("node_modules/a/buildspec.yml", BAD),
        ("target/buildspec.yml", BAD),
        (".git/buildspec.yml", BAD),
        (".codebuild/buildspec.yml", GOOD),
    ]);
    let files = |arguments: &[&str]| -> Vec<String> {
        let found = json(here.path(), arguments);
        let files = found["files"].as_array().unwrap().iter();
        files
            .map(|file| file.as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        files(&["--format", "json"]),
        [
            ".codebuild/buildspec.yml",
            "buildspec.yml",
            "ci/buildspec-test.yaml",
            "ci/deep/buildspec_x.yml",
        ]
    );
    assert_eq!(
        files(&["--format", "json", "ci", "target"]),
        [
            "ci/buildspec-test.yaml",
            "ci/deep/buildspec_x.yml",
            "target/buildspec.yml"
        ]
    );
    assert_eq!(
        files(&["--format", "json", "ci/other.yml"]),
        ["ci/other.yml"]
    );
}

#[test]
fn the_buildspecs_of_this_repository_give_no_cause() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut samples: Vec<String> = walkdir::WalkDir::new(root.join("buildspecs"))
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "invalid")
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "yml"))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    assert!(samples.len() > 50, "{samples:?}");
    samples.extend(["--deny-warnings".to_owned(), "examples".to_owned()]);
    let arguments: Vec<&str> = samples.iter().map(String::as_str).collect();
    let (code, stdout, stderr) = check(root, &arguments);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    // What is there to be found fault with is found by name only.
    assert_eq!(check(root, &["buildspecs/invalid"]).0, 2);
}

#[test]
fn a_privileged_project_has_its_docker_daemon() {
    let text = GOOD.replace("make", "docker build .");
    let here = directory(&[("buildspec.yml", &text)]);
    for (arguments, expected) in [
        (vec!["--deny-warnings"], 1),
        (vec!["--deny-warnings", "-d"], 0),
        (vec!["--deny-warnings", "--privileged"], 0),
    ] {
        let (code, stdout, _) = check(here.path(), &arguments);
        assert_eq!(code, expected, "{arguments:?} {stdout}");
    }
}

#[test]
fn stdin_is_a_buildspec_too() {
    let here = directory(&[("text", BAD)]);
    let text = std::fs::File::open(here.path().join("text")).unwrap();
    let (code, stdout, _) = taken_apart(command(here.path(), &["-"]).stdin(text).output().unwrap());
    assert_eq!(code, 1);
    assert!(stdout.contains(" --> <stdin>:6:9\n"), "{stdout}");
}

#[test]
fn what_cannot_be_checked_is_a_mistake_of_the_caller() {
    let here = directory(&[("empty/x", "")]);
    for (arguments, said) in [
        (vec!["missing.yml"], "cannot read `missing.yml`"),
        (vec!["empty"], "there is no buildspec in `empty`"),
        (vec![], "there is no buildspec in `.`"),
        (vec!["--explain", "bs999"], "unknown code `bs999`"),
        (vec!["--format", "xml"], "invalid value"),
        (vec!["--explain", "bs101", "empty"], "cannot be used with"),
    ] {
        let (code, stdout, stderr) = check(here.path(), &arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?} {stderr}");
        assert!(stderr.contains(said), "{arguments:?} {stderr}");
    }
}

#[test]
fn json_has_everything() {
    let here = directory(&[("buildspec.yml", BAD)]);
    let found = json(here.path(), &["--format", "json"]);
    let error = &found["diagnostics"][1];
    assert_eq!(error["path"], "buildspec.yml");
    assert_eq!(error["code"], "bs005");
    assert_eq!(error["name"], "command-type");
    assert_eq!(error["severity"], "error");
    assert_eq!(
        ["line", "column", "endLine", "endColumn"].map(|key| error[key].as_u64().unwrap()),
        [6, 9, 6, 20]
    );
    assert!(
        error["note"]
            .as_str()
            .unwrap()
            .starts_with("YAML_FILE_ERROR Message: Expected Commands[0]")
    );
    assert_eq!(found["diagnostics"][0]["note"], Value::Null);
}

#[test]
fn sarif_names_rule_and_region() {
    let here = directory(&[("ci/buildspec 1.yml", BAD)]);
    let found = json(here.path(), &["--format", "sarif"]);
    assert_eq!(found["version"], "2.1.0");
    let run = &found["runs"][0];
    let result = &run["results"][1];
    assert_eq!(result["ruleId"], "bs005");
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "bs005");
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "ci/buildspec%201.yml");
    assert_eq!(place["region"]["startLine"], 6);
}

#[test]
fn github_gets_a_command_for_each() {
    let here = directory(&[("buildspec.yml", BAD)]);
    let (code, stdout, _) = check(here.path(), &["--format", "github"]);
    assert_eq!(code, 1);
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{stdout}");
    assert_eq!(
        lines[0],
        "::warning file=buildspec.yml,line=2,endLine=2,col=1,endColumn=6,title=bs101 \
         unknown-key::unknown key `files`; CodeBuild ignores it%0A`files` belongs in \
         `artifacts`"
    );
    assert!(
        lines[1].starts_with("::error file=buildspec.yml,line=6,"),
        "{stdout}"
    );
}

#[test]
fn colours_come_only_when_asked_for() {
    let here = directory(&[("buildspec.yml", BAD)]);
    let (_, plain, _) = check(here.path(), &[]);
    let (_, coloured, _) = check(here.path(), &["--color", "always"]);
    assert!(!plain.contains('\u{1b}'), "{plain}");
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    let (_, json, _) = check(here.path(), &["--color", "always", "--format", "json"]);
    assert!(!json.contains('\u{1b}'), "{json}");
}

#[test]
fn a_thousand_warnings_are_shown_and_the_rest_is_counted() {
    let keys: Vec<_> = (0..1_200).map(|at| format!("k{at}: x\n")).collect();
    let text = format!("version: 0.2\n{}", keys.concat());
    let here = directory(&[("buildspec.yml", &text)]);
    let (code, stdout, stderr) = check(here.path(), &[]);
    assert_eq!(code, 0);
    assert_eq!(stdout.matches("warning[bs101]").count(), 1_000);
    let rest = "200 more problems are not shown\n";
    assert!(stdout.ends_with(&format!("\nbuildspec.yml: {rest}\n")));
    assert_eq!(
        stderr,
        format!("no errors and 1000 warnings in 1 buildspec; {rest}")
    );
    let shown = json(here.path(), &["--format", "json"]);
    assert_eq!(shown["notShown"], 200);
    assert_eq!(shown["diagnostics"].as_array().unwrap().len(), 1_000);
    let (_, commands, _) = check(here.path(), &["--format", "github"]);
    assert!(commands.ends_with(&format!("::notice file=buildspec.yml::{rest}")));
}

#[test]
fn comments_silence_warnings() {
    let text = WARNS.replace("files: x", "files: x # cobuild: allow(unknown-key)");
    let here = directory(&[("buildspec.yml", &text)]);
    let (code, stdout, _) = check(here.path(), &["--deny-warnings"]);
    assert_eq!((code, stdout.as_str()), (0, ""));
}

#[test]
fn codes_are_explained() {
    let here = directory(&[]);
    let (code, stdout, stderr) = check(here.path(), &["--explain", "Unknown-Key"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(
        stdout.starts_with("bs101 unknown-key (warning)\n\n"),
        "{stdout}"
    );
    assert!(
        stdout.lines().all(|line| line.chars().count() <= 80),
        "{stdout}"
    );
    let (_, all, _) = check(here.path(), &["--explain", "codes"]);
    assert!(all.lines().count() > 30, "{all}");
    for line in all.lines() {
        let (code, _) = line.split_once(' ').unwrap();
        assert_eq!(check(here.path(), &["--explain", code]).0, 0, "{code}");
    }
}
