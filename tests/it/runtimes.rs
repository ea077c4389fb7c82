//! `runtime-versions` against an image's own table (contract §1.7), with images made for it.

mod failures;

use std::sync::OnceLock;

use crate::engine;
use crate::env::{Run, TestEnv};

/// What the images of these tests offer.
const TABLE: &str = r#"version: 0.1
runtimes:
  java:
    versions:
      corretto17:
        commands:
          - echo "Installing Java 17 ..."
          - export JAVA_HOME="$JAVA_17_HOME"
          - |-
            for tool in java javac; do
              echo "linking $tool"
            done
      corretto8:
        commands:
          - echo "Installing Java 8 ..."
          - export JAVA_HOME="$JAVA_8_HOME"
      default:
        commands:
          - echo "Installing Java $VERSION ..."
  python:
    versions:
      3.9: {commands: [PYTHON=three-nine]}
      3.10: {commands: [PYTHON=three-ten]}
      2.7: {commands: [PYTHON=two-seven]}
      default:
        commands:
          - echo "Installing Python $VERSION ..."
          - PYTHON=$VERSION
  android:
    versions:
      28: {requires: {java: [corretto8]}, commands: ['echo "Android with $JAVA_HOME"']}
  nodejs:
    versions:
      10: {commands: ['pwd; cd /tmp']}
      12: {commands: ['echo going; exit 3', 'echo never']}
"#;

/// Builds an image that has this table.
fn image(base: &str, name: &str, table: &str) -> String {
    let name = format!("cobuild-test-runtimes-{name}");
    let command = serde_json::json!([
        "sh",
        "-c",
        "mkdir -p /codebuild/image/config && printf %s \"$0\" > /codebuild/image/config/runtimes.yml",
        table
    ]);
    engine::build_image(
        &name,
        &format!(
            "FROM {base}\nENV JAVA_8_HOME=/opt/java8 JAVA_17_HOME=/opt/java17\nRUN {command}\n"
        ),
    );
    name
}

/// The build image with the table of these tests.
fn with_table() -> TestEnv {
    static BUILT: OnceLock<String> = OnceLock::new();
    // The last line of a file may have no newline.
    let image = BUILT.get_or_init(|| image(engine::IMAGE, "debian", TABLE.trim_end()));
    TestEnv::new().image(image)
}

/// A buildspec that lists these runtimes, and whose BUILD has these commands.
fn buildspec(environment: &str, runtimes: &str, commands: &[&str]) -> String {
    // JSON is YAML, and quotes whatever the commands hold.
    let commands = serde_json::json!(commands);
    format!(
        "version: 0.2\nenv: {{{environment}}}\nphases:\n  install: {{runtime-versions: {{{runtimes}}}}}\n  build: {{commands: {commands}}}\n"
    )
}

/// What the log says from the runtimes on, up to the end of DOWNLOAD_SOURCE.
#[track_caller]
fn selection(run: &Run) -> String {
    let log = run.log();
    let (_, after) = log
        .split_once("> Processing environment variables\n")
        .unwrap_or_else(|| panic!("{run}"));
    let end = after.find("> Entering phase INSTALL\n");
    after[..end.unwrap_or(after.len())].to_owned()
}

/// How the lines of DOWNLOAD_SOURCE end when it succeeds.
const REGISTRATION: &str = "\
> Moving to directory /codebuild/output/srcN/src
> Cache is not defined in the buildspec
> Skip cache due to: no paths specified to be cached
> Registering with agent
> Phases found in YAML: 2
>  INSTALL: 0 commands
>  BUILD: 1 commands
> Phase complete: DOWNLOAD_SOURCE State: SUCCEEDED
> Phase context status code:  Message: 
";

#[track_caller]
fn assert_selection(run: &Run, expected: &str) {
    let selection = selection(run);
    assert!(
        selection == expected,
        "------- the log -------\n{selection}------- but not -------\n{expected}------- of -------\n{run}"
    );
}

#[test]
fn runtimes_are_selected_then_installed_and_their_state_stays() {
    let run = with_table()
        .buildspec(&buildspec(
            "variables: {JAVA_HOME: /mine}",
            "java: corretto17, python: 3.10",
            &["echo \"$JAVA_HOME $PYTHON\"; env | grep -c ^PYTHON="],
        ))
        .run();
    run.assert_succeeded();
    let expected = "\
> Selecting 'java' runtime version 'corretto17' based on manual selections...
> Selecting 'python' runtime version '3.10' based on manual selections...
> Running command echo \"Installing Java 17 ...\"
Installing Java 17 ...

> Running command export JAVA_HOME=\"$JAVA_17_HOME\"

> Running command for tool in java javac; do
  echo \"linking $tool\"
done
linking java
linking javac

> Running command PYTHON=three-ten

";
    assert_selection(&run, &format!("{expected}{REGISTRATION}"));
    assert!(run.log().contains("\n/opt/java17 three-ten\n1\n"), "{run}");
}

#[test]
fn every_shell_reads_the_table_and_runs_its_commands() {
    for (base, name) in [
        (engine::busybox_image(), "busybox"),
        (engine::bash_image(), "bash"),
    ] {
        let run = TestEnv::new()
            .image(&image(base, name, TABLE))
            .buildspec(&buildspec("", "java: corretto8", &["echo \"$JAVA_HOME\""]))
            .run();
        run.assert_succeeded();
        let expected = "\
> Selecting 'java' runtime version 'corretto8' based on manual selections...
> Running command echo \"Installing Java 8 ...\"
Installing Java 8 ...

> Running command export JAVA_HOME=\"$JAVA_8_HOME\"

";
        assert_selection(&run, &format!("{expected}{REGISTRATION}"));
        assert_eq!(run.output_of("echo \"$JAVA_HOME\""), "/opt/java8\n");
    }
}

#[test]
fn an_alias_is_resolved_and_the_version_selected() {
    let run = with_table()
        .buildspec(&buildspec(
            "",
            "android: 28, python: 3.x, java: corretto8.x",
            &["echo \"$PYTHON\""],
        ))
        .run();
    run.assert_succeeded();
    let expected = "\
> Resolved 'python' runtime alias '3.x' to '3.10'.
> Resolved 'java' runtime alias 'corretto8.x' to 'corretto8'.
> Selecting 'android' runtime version '28' based on manual selections...
> Selecting 'python' runtime version '3.10' based on manual selections...
> Selecting 'java' runtime version 'corretto8' based on manual selections...
> Running command echo \"Android with $JAVA_HOME\"
Android with 

> Running command PYTHON=three-ten

> Running command echo \"Installing Java 8 ...\"
Installing Java 8 ...

> Running command export JAVA_HOME=\"$JAVA_8_HOME\"

";
    assert_selection(&run, &format!("{expected}{REGISTRATION}"));
    let run = with_table()
        .buildspec(&buildspec("", "python: latest", &["echo \"$PYTHON\""]))
        .run();
    run.assert_succeeded();
    let expected = "\
> Resolved 'python' runtime alias 'latest' to '3.10'.
> Selecting 'python' runtime version '3.10' based on manual selections...
> Running command PYTHON=three-ten

";
    assert_selection(&run, &format!("{expected}{REGISTRATION}"));
}

#[test]
fn versions_are_expanded_with_the_build_s_shell_and_variables() {
    for (shell, version, label, value) in [
        ("sh", "$WANTED", "3.10", "three-ten"),
        ("sh", "'${WANTED}'", "3.10", "three-ten"),
        ("sh", "'2.${MINOR:-7}'", "2.7", "two-seven"),
        ("sh", "$(echo $WANTED)", "3.10", "three-ten"),
        ("sh", "'`echo \"$WANTED\"`'", "3.10", "three-ten"),
        ("bash", "'${WANTED/10/9}'", "3.9", "three-nine"),
        (
            "bash",
            "'$([[ -n $WANTED ]] && echo 2.7)'",
            "2.7",
            "two-seven",
        ),
        ("sh", "$WORD", "latest", "three-ten"),
    ] {
        let environment = format!("shell: {shell}, variables: {{WANTED: 3.10, WORD: latest}}");
        let run = with_table()
            .buildspec(&buildspec(
                &environment,
                &format!("python: {version}"),
                &["echo \"$PYTHON\""],
            ))
            .run();
        run.assert_succeeded();
        assert_eq!(run.output_of("echo \"$PYTHON\""), format!("{value}\n"));
        let label = label.replace("latest", "3.10");
        assert!(
            run.log().contains(&format!(
                "> Selecting 'python' runtime version '{label}' based on manual selections...\n"
            )),
            "{version}: {run}"
        );
    }
}

#[test]
fn a_version_that_is_not_listed_is_installed_by_the_default_label() {
    let run = with_table()
        .buildspec(&buildspec(
            "variables: {VERSION: \"mine's\\n\\n\"}",
            "python: 3.12.1, java: corretto22",
            &["printf '%s.' \"$PYTHON\" \"$VERSION\""],
        ))
        .run();
    run.assert_succeeded();
    let expected = "\
> Selecting 'python' runtime version '3.12.1' based on manual selections...
> Selecting 'java' runtime version 'corretto22' based on manual selections...
> Running command echo \"Installing Python $VERSION ...\"
Installing Python 3.12.1 ...

> Running command PYTHON=$VERSION

> Running command echo \"Installing Java $VERSION ...\"
Installing Java 22 ...

";
    assert_selection(&run, &format!("{expected}{REGISTRATION}"));
    assert!(run.log().contains("\n3.12.1.mine's\n\n.\n"), "{run}");
}

#[test]
fn nothing_is_left_of_the_variable_for_the_default_label() {
    let run = with_table()
        .buildspec(&buildspec(
            "",
            "python: 3.12.1, java: corretto8",
            &["echo \"$PYTHON ${VERSION-unset}\""],
        ))
        .run();
    run.assert_succeeded();
    assert!(run.log().contains("\n3.12.1 unset\n"), "{run}");
}

#[test]
fn what_a_runtime_requires_is_selected_with_it() {
    let run = with_table()
        .buildspec(&buildspec(
            "",
            "python: 3.9, android: 28",
            &["echo \"$JAVA_HOME\""],
        ))
        .run();
    run.assert_succeeded();
    let expected = "\
> Selecting 'python' runtime version '3.9' based on manual selections...
> Selecting 'android' runtime version '28' based on manual selections...
> Selecting 'java' runtime version 'corretto8' based on runtime dependencies...
> Running command PYTHON=three-nine

> Running command echo \"Installing Java 8 ...\"
Installing Java 8 ...

> Running command export JAVA_HOME=\"$JAVA_8_HOME\"

> Running command echo \"Android with $JAVA_HOME\"
Android with /opt/java8

";
    assert_selection(&run, &format!("{expected}{REGISTRATION}"));
}

#[test]
fn runtimes_are_installed_in_the_source_directory_and_commands_begin_there() {
    let run = with_table()
        .buildspec(&buildspec("", "nodejs: 10", &["pwd"]))
        .run();
    run.assert_succeeded();
    let source = "/codebuild/output/srcN/src\n";
    assert_eq!(run.output_of("pwd; cd /tmp"), source, "{run}");
    assert_eq!(run.output_of("pwd"), source, "{run}");
}

#[test]
fn without_a_selection_the_log_says_so() {
    let run = with_table().build_command("true").run();
    run.assert_succeeded();
    let expected = "\
> No runtime version selected in buildspec.
> Moving to directory /codebuild/output/srcN/src
";
    assert!(selection(&run).starts_with(expected), "{run}");
}

#[test]
fn an_image_without_a_table_goes_on_with_a_warning() {
    let run = TestEnv::new()
        .buildspec(&buildspec("", "nodejs: $NODE, nothing: 1", &["true"]))
        .run();
    run.assert_succeeded();
    let warning = "> Skipping install of runtimes. Runtime version selection is not supported by this build image\n";
    assert_selection(&run, &format!("{warning}{REGISTRATION}"));
}

#[test]
fn no_path_is_needed_to_read_the_table() {
    let run = with_table()
        .buildspec(&buildspec(
            "variables: {PATH: /nowhere}",
            "python: 3.9",
            &["echo \"$PYTHON\""],
        ))
        .run();
    run.assert_succeeded();
    assert_eq!(run.output_of("echo \"$PYTHON\""), "three-nine\n");
}

#[test]
fn version_0_1_keeps_the_state_of_its_runtimes() {
    let run = with_table()
        .buildspec(
            "version: 0.1
phases:
  install:
    runtime-versions: {java: corretto8, python: 3.12.1}
  build:
    commands: ['echo \"$JAVA_HOME $PYTHON\"']
",
        )
        .run();
    run.assert_succeeded();
    assert!(run.log().contains("\n/opt/java8 3.12.1\n"), "{run}");
}

#[test]
fn choices_come_as_events() {
    let run = with_table()
        .args(&["--format", "json"])
        .buildspec(&buildspec("", "android: latest, python: 3.9", &["true"]))
        .run();
    run.assert_succeeded();
    let events: Vec<serde_json::Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &serde_json::Value| {
            let name = event["event"].as_str().unwrap();
            name.starts_with("runtime-")
        })
        .map(|mut event| {
            event.as_object_mut().unwrap().remove("time");
            event
        })
        .collect();
    let selected = |runtime: &str, version: &str, by: &str| {
        serde_json::json!({
            "format": 1,
            "event": "runtime-selected", "runtime": runtime, "version": version, "by": by,
        })
    };
    assert_eq!(
        events,
        [
            serde_json::json!({
                "format": 1,
                "event": "runtime-resolved",
                "runtime": "android", "alias": "latest", "version": "28",
            }),
            selected("android", "28", "buildspec"),
            selected("python", "3.9", "buildspec"),
            selected("java", "corretto8", "dependency"),
        ]
    );
}
