//! The log, compared whole and to the byte: its words are CodeBuild's.

mod file;
mod output;
mod quiet;

use std::fmt::Write as _;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::env::{Run, TestEnv};

/// What the log of a plain source says before the first command, up to the counts of commands.
const START: &str = "\
> Running on CodeBuild On-demand
> Waiting for agent ping
> Waiting for DOWNLOAD_SOURCE
> Phase is DOWNLOAD_SOURCE
> CODEBUILD_SRC_DIR=/codebuild/output/srcN/src
> YAML location is /codebuild/output/srcN/src/buildspec.yml
> Setting HTTP client timeout to higher timeout for S3 source
> Processing environment variables
> Moving to directory /codebuild/output/srcN/src
> Cache is not defined in the buildspec
> Skip cache due to: no paths specified to be cached
> Registering with agent
";

/// The lines of a phase that ends well, commands left out.
fn empty_phase(phase: &str) -> String {
    format!("> Entering phase {phase}\n{}", succeeded(phase))
}

fn succeeded(phase: &str) -> String {
    format!("> Phase complete: {phase} State: SUCCEEDED\n> Phase context status code:  Message: \n")
}

/// The whole log of a build with these lines between the first `Entering phase BUILD` and
/// POST_BUILD, whose buildspec has BUILD alone with `count` commands.
fn log_of_build(count: usize, lines: &str) -> String {
    let mut log = START.to_owned();
    let _ = write!(
        log,
        "> Phases found in YAML: 1\n>  BUILD: {count} commands\n"
    );
    log += &succeeded("DOWNLOAD_SOURCE");
    log += &empty_phase("INSTALL");
    log += &empty_phase("PRE_BUILD");
    log += "> Entering phase BUILD\n";
    log += lines;
    log += &empty_phase("POST_BUILD");
    log += &succeeded("UPLOAD_ARTIFACTS");
    log
}

#[track_caller]
fn assert_log(run: &Run, expected: &str) {
    let log = run.log();
    assert!(
        log == expected,
        "------- the log -------\n{log}------- but not -------\n{expected}------- of -------\n{run}"
    );
}

#[test]
fn the_log_of_a_successful_build_is_codebuild_s_to_the_byte() {
    let run = TestEnv::new()
        .file("src/inner.txt", "inner\n")
        .buildspec(
            "version: 0.2
phases:
  install:
    commands:
      - cd src
  build:
    commands:
      - cat inner.txt
      - |
        # a comment belongs to the command
        if true; then
          echo $HOME block
        fi
      - |-
        echo one
        echo two
      - printf tail
  post_build:
    commands:
      - 'echo warning >&2; echo done'
artifacts:
  files:
    - src/*
    - nothing/here
",
        )
        .run();
    run.assert_succeeded();
    let mut expected = START.to_owned();
    expected += "\
> Phases found in YAML: 3
>  INSTALL: 1 commands
>  BUILD: 4 commands
>  POST_BUILD: 1 commands
";
    expected += &succeeded("DOWNLOAD_SOURCE");
    expected += "\
> Entering phase INSTALL
> Running command cd src

";
    expected += &succeeded("INSTALL");
    expected += &empty_phase("PRE_BUILD");
    expected += "\
> Entering phase BUILD
> Running command cat inner.txt
inner

> Running command # a comment belongs to the command
if true; then
  echo $HOME block
fi

/root block

> Running command echo one
echo two
one
two

> Running command printf tail
tail
";
    expected += &succeeded("BUILD");
    expected += "\
> Entering phase POST_BUILD
> Running command echo warning >&2; echo done
warning
done

";
    expected += &succeeded("POST_BUILD");
    expected += "\
> Expanding base directory path: .
> Assembling file list
> Expanding .
> Expanding file paths for base directory .
> Assembling file list
> Expanding src/*
> Expanding nothing/here
> Skipping invalid file path nothing/here
> Found 1 file(s)
";
    expected += &succeeded("UPLOAD_ARTIFACTS");
    assert_log(&run, &expected);
}

#[test]
fn the_log_of_a_failing_build_is_codebuild_s_to_the_byte() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2
phases:
  build:
    commands:
      - echo before
      - ls /nowhere
      - echo never
",
        )
        .run();
    run.assert_failed();
    let lines = "\
> Running command echo before
before

> Running command ls /nowhere
ls: cannot access '/nowhere': No such file or directory

> Command did not exit successfully ls /nowhere exit status 2
> Phase complete: BUILD State: FAILED
> Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: ls /nowhere. Reason: exit status 2
";
    assert_log(&run, &log_of_build(3, lines));
}

#[test]
fn the_failure_of_a_block_breaks_its_lines_before_the_tail() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2
phases:
  build:
    commands:
      - |
        if true; then
          exit 3
        fi
",
        )
        .run();
    run.assert_failed();
    let lines = "\
> Running command if true; then
  exit 3
fi


> Command did not exit successfully if true; then
  exit 3
fi
 exit status 3
> Phase complete: BUILD State: FAILED
> Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: if true; then
  exit 3
fi
. Reason: exit status 3
";
    assert_log(&run, &log_of_build(1, lines));
}

#[test]
fn a_command_that_ends_in_a_dot_gets_a_second_one() {
    let run = TestEnv::new().build_command("test -f .").run();
    run.assert_failed();
    let lines = "\
> Running command test -f .

> Command did not exit successfully test -f . exit status 1
> Phase complete: BUILD State: FAILED
> Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: test -f .. Reason: exit status 1
";
    assert_log(&run, &log_of_build(1, lines));
}

#[test]
fn the_log_of_a_failed_install_ends_with_its_context() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2
phases:
  install:
    commands:
      - 'false'
  pre_build:
    commands: [echo never]
  build:
    commands: [echo never]
  post_build:
    commands: [echo never]
artifacts:
  files: ['**/*']
",
        )
        .run();
    run.assert_failed();
    let mut expected = START.to_owned();
    expected += "\
> Phases found in YAML: 4
>  INSTALL: 1 commands
>  PRE_BUILD: 1 commands
>  BUILD: 1 commands
>  POST_BUILD: 1 commands
";
    expected += &succeeded("DOWNLOAD_SOURCE");
    expected += "\
> Entering phase INSTALL
> Running command false

> Command did not exit successfully false exit status 1
> Phase complete: INSTALL State: FAILED
> Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: false. Reason: exit status 1
";
    assert_log(&run, &expected);
}

#[test]
fn a_failed_build_whose_artifacts_are_missing_fails_a_second_time() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2
phases:
  build:
    commands: ['false']
artifacts:
  files: [nope]
",
        )
        .run();
    run.assert_failed();
    let tail = "\
> Expanding base directory path: .
> Assembling file list
> Expanding .
> Expanding file paths for base directory .
> Assembling file list
> Expanding nope
> Skipping invalid file path nope
> Phase complete: UPLOAD_ARTIFACTS State: FAILED
> Phase context status code: CLIENT_ERROR Message: no matching artifact paths found
";
    let expected = empty_phase("POST_BUILD") + tail;
    assert!(run.log().ends_with(&expected), "{run}");
}

#[test]
fn the_optional_lines_of_the_start_stand_in_their_places() {
    let other = tempfile::tempdir().unwrap();
    let run = TestEnv::new()
        .args(&["-s", &format!("lib:{}", other.path().display())])
        .buildspec(
            "version: 0.2
env:
  shell: bash
phases:
  install:
    runtime-versions:
      nodejs: 20
  build:
    comands: [echo never]
    commands: [':']
cache:
  paths:
    - '/root/.m2/**/*'
    - node_modules
",
        );
    let source = run.source();
    let run = run.args(&["-s", source.to_str().unwrap()]).run();
    run.assert_succeeded();
    let expected = "\
> Running on CodeBuild On-demand
> Waiting for agent ping
> Waiting for DOWNLOAD_SOURCE
> Phase is DOWNLOAD_SOURCE
> CODEBUILD_SRC_DIR=/codebuild/output/srcN/src
> CODEBUILD_SRC_DIR_lib=/codebuild/output/srcN/src
> YAML location is /codebuild/output/srcN/src/buildspec.yml
> Found possible syntax errors in buildspec: 
In the section BUILD
\tThe following keys cannot be identified:
\t\tcomands
> Selecting shell bash as specified in buildspec.
> Setting HTTP client timeout to higher timeout for S3 source
> Processing environment variables
> Skipping install of runtimes. Runtime version selection is not supported by this build image
> Moving to directory /codebuild/output/srcN/src
> Expanded cache path /root/.m2/**/*
> Expanded cache path node_modules
";
    assert!(run.log().starts_with(expected), "{run}");
    let counts = "\
> Phases found in YAML: 2
>  INSTALL: 0 commands
>  BUILD: 1 commands
";
    assert!(run.log().contains(counts), "{run}");
}

#[test]
fn an_inline_buildspec_lies_in_the_agent_s_own_directory() {
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    let spec = "version: 0.2\nphases:\n  build:\n    commands:\n      - cat /codebuild/readonly/buildspec.yml\n";
    std::fs::write(elsewhere.path(), spec).unwrap();
    let run = TestEnv::new()
        .args(&["-b", elsewhere.path().to_str().unwrap()])
        .run();
    run.assert_succeeded();
    assert!(
        run.log()
            .contains("\n> YAML location is /codebuild/readonly/buildspec.yml\n"),
        "{run}"
    );
    assert_eq!(
        run.output_of("cat /codebuild/readonly/buildspec.yml"),
        spec,
        "{run}"
    );
}

#[test]
fn lines_are_dated_in_utc_to_the_microsecond_and_never_go_back() {
    let before = Timestamp::now() - 1.second();
    let run = TestEnv::new()
        .variable("TZ", "Pacific/Auckland")
        .build_command("true")
        .run();
    let after = Timestamp::now() + 1.second();
    run.assert_succeeded();
    let mut last = before;
    for line in run.stdout.lines().filter(|line| !line.is_empty()) {
        let (date, text) = line
            .strip_prefix("[Container] ")
            .and_then(|rest| rest.split_at_checked("2026/11/22 11:25:13.594267".len()))
            .unwrap_or_else(|| panic!("no agent's line: {line}"));
        assert!(text.starts_with(' '), "{line}");
        let date = DateTime::strptime("%Y/%m/%d %H:%M:%S.%6f", date)
            .unwrap_or_else(|error| panic!("{error}: {line}"));
        let date = date.to_zoned(TimeZone::UTC).unwrap().timestamp();
        assert!(last <= date && date <= after, "{line} after {last}");
        last = date;
    }
    assert!(last > before, "{run}");
}
