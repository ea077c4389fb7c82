use super::*;
use crate::event::{RuntimeEvent, SelectedBy};

/// Every shape that the tables of CodeBuild's images have had, in few words.
const TABLE: &str = r#"version: 0.1
runtimes:
  python:
    versions:
      3.9:
        commands: [python 3.9]
      3.10:
        commands:
          - echo "3.10"
          - |
            for tool in a b; do
              use "$tool"
            done
      2.7: {commands: [python 2.7]}
      default:
        commands: [install python $VERSION]
  java:
    versions:
      corretto8: {commands: [java 8]}
      corretto17: {commands: [java 17]}
      corretto11: {commands: [java 11]}
      default: {commands: [install java $VERSION]}
  nodejs:
    versions:
      12: {commands: [node 12]}
      8: {commands: [node 8]}
      10: {commands: [node 10]}
  android:
    versions:
      28: {requires: {java: ["corretto8"]}, commands: [android 28]}
      29: {requires: {java: [openjdk8, corretto11, corretto8]}, commands: [android 29]}
      30: {requires: {kotlin: [1.9]}, commands: [android 30]}
      31: {requires: {nodejs: [99]}, commands: [android 31]}
      32: {requires: {android-tools: [2]}, commands: [android 32]}
      33: {requires: {java: []}, commands: [android 33]}
  android-tools:
    versions:
      2: {requires: {java: [corretto17], android: [32]}, commands: [tools 2]}
  kotlin-tools: {versions: {1: {requires: {java: [corretto17]}}}}
  docker:
    versions:
      18:
      19: {commands: }
      20: {commands: [docker 20, ~, null]}
"#;

fn table() -> Table {
    Table::parse(TABLE.as_bytes()).unwrap()
}

fn selection(wanted: &[(&str, &str)]) -> Selection {
    let wanted: Vec<(String, String)> = wanted
        .iter()
        .map(|(runtime, version)| ((*runtime).to_owned(), (*version).to_owned()))
        .collect();
    select(&table(), &wanted)
}

/// Choices as `runtime=version`, with `*` for a dependency, `alias->` for an alias, `!` for a clash.
fn choices(selection: &Selection) -> Vec<String> {
    selection
        .choices
        .iter()
        .map(|choice| match choice {
            RuntimeEvent::Resolved {
                runtime,
                alias,
                version,
            } => format!("{runtime}: {alias}->{version}"),
            RuntimeEvent::Selected {
                runtime,
                version,
                by: SelectedBy::Buildspec,
            } => format!("{runtime}={version}"),
            RuntimeEvent::Selected {
                runtime,
                version,
                by: SelectedBy::Dependency,
            } => format!("{runtime}={version}*"),
            RuntimeEvent::Clash {
                runtime,
                version,
                other,
                selected,
            } => format!("{runtime}={version}!{other}={selected}"),
            RuntimeEvent::Unsupported | RuntimeEvent::NoneSelected => panic!("{choice:?}"),
        })
        .collect()
}

/// Commands in order; those of `default` after their `VERSION`.
fn commands(selection: Selection) -> Vec<String> {
    selection
        .installations
        .unwrap()
        .into_iter()
        .flat_map(|installation| {
            let version = installation.version.map(|it| format!("VERSION={it}"));
            version.into_iter().chain(installation.commands)
        })
        .collect()
}

#[test]
fn labels_and_commands_keep_their_source_text() {
    let text = "runtimes:
  any:
    new: {field: 1}
    versions:
      3.10: {commands: [1.10, true, 0x1F, ~, 'null', \"a: b\"], new: x}
      1_0: {}
      010: {}
      yes: {}
      1.0: {}
      1.00: {}
";
    let table = Table::parse(text.as_bytes()).unwrap();
    let any = &table.runtimes["any"];
    assert_eq!(any.labels(), ["1_0", "yes", "1.0", "1.00", "3.10", "010"]);
    assert_eq!(
        any.release("3.10").unwrap().commands(),
        ["1.10", "true", "0x1F", "null", "a: b"]
    );
}

#[test]
fn versions_are_selected_in_every_form() {
    for (wanted, said, run) in [
        (
            vec![("python", "3.9")],
            vec!["python=3.9"],
            vec!["python 3.9"],
        ),
        (
            vec![("python", "3.10")],
            vec!["python=3.10"],
            vec![
                "echo \"3.10\"",
                "for tool in a b; do\n  use \"$tool\"\ndone\n",
            ],
        ),
        (
            vec![("python", "2.x")],
            vec!["python: 2.x->2.7", "python=2.7"],
            vec!["python 2.7"],
        ),
        (
            vec![("nodejs", "latest")],
            vec!["nodejs: latest->12", "nodejs=12"],
            vec!["node 12"],
        ),
        (
            vec![("nodejs", "8.x")],
            vec!["nodejs: 8.x->8", "nodejs=8"],
            vec!["node 8"],
        ),
        (
            vec![("java", "corretto8.x")],
            vec!["java: corretto8.x->corretto8", "java=corretto8"],
            vec!["java 8"],
        ),
        (
            vec![("java", "latest"), ("nodejs", "10")],
            vec!["java: latest->corretto17", "java=corretto17", "nodejs=10"],
            vec!["java 17", "node 10"],
        ),
        // All that is resolved is told before all that is selected.
        (
            vec![("nodejs", "10"), ("java", "latest")],
            vec!["java: latest->corretto17", "nodejs=10", "java=corretto17"],
            vec!["node 10", "java 17"],
        ),
        (
            vec![("docker", "18"), ("docker", "19"), ("docker", "20")],
            vec!["docker=18", "docker=19", "docker=20"],
            vec!["docker 20"],
        ),
        (vec![], vec![], vec![]),
    ] {
        let selection = selection(&wanted);
        assert_eq!(choices(&selection), said, "{wanted:?}");
        assert_eq!(commands(selection), run, "{wanted:?}");
    }
}

#[test]
fn a_version_that_is_not_listed_is_installed_by_the_default_label() {
    for (runtime, version, variable) in [
        ("python", "3.12.1", "3.12.1"),
        ("python", "pypy3.10", "pypy3.10"),
        ("python", "3", "3"),
        ("java", "corretto22", "22"),
        ("java", "22", "22"),
        ("java", "openjdk8", "openjdk8"),
        ("java", "corretto", "corretto"),
    ] {
        let selection = selection(&[(runtime, version)]);
        assert_eq!(choices(&selection), [format!("{runtime}={version}")]);
        assert_eq!(
            commands(selection),
            [
                format!("VERSION={variable}"),
                format!("install {runtime} $VERSION")
            ]
        );
    }
}

#[test]
fn what_a_runtime_requires_is_selected_and_installed_before_it() {
    for (wanted, said, run) in [
        (
            vec![("android", "28")],
            vec!["android=28", "java=corretto8*"],
            vec!["java 8", "android 28"],
        ),
        // The first that the image has.
        (
            vec![("android", "29"), ("nodejs", "8")],
            vec!["android=29", "nodejs=8", "java=corretto11*"],
            vec!["java 11", "android 29", "node 8"],
        ),
        // The buildspec's own choice stands when it will do.
        (
            vec![("android", "29"), ("java", "corretto8")],
            vec!["android=29", "java=corretto8"],
            vec!["android 29", "java 8"],
        ),
        // What is required may require more, and each other.
        (
            vec![("android", "32")],
            vec!["android=32", "android-tools=2*", "java=corretto17*"],
            vec!["java 17", "tools 2", "android 32"],
        ),
        (
            vec![("android", "33")],
            vec!["android=33"],
            vec!["android 33"],
        ),
    ] {
        let selection = selection(&wanted);
        assert_eq!(choices(&selection), said, "{wanted:?}");
        assert_eq!(commands(selection), run, "{wanted:?}");
    }
}

#[track_caller]
fn assert_refused(wanted: &[(&str, &str)], said: &[&str], message: &str) {
    let selection = selection(wanted);
    assert_eq!(choices(&selection), said, "{wanted:?}");
    let error = selection.installations.unwrap_err();
    assert_eq!(error.to_string(), message, "{wanted:?}");
}

#[test]
fn what_cannot_be_selected_is_told_as_codebuild_tells_it() {
    let runtimes = "android, android-tools, docker, java, kotlin-tools, nodejs, python";
    for (wanted, said, message) in [
        // Every entry is told, then the first that is wrong.
        (
            vec![("java", "corretto8"), ("go", "1.2"), ("nodejs", "99")],
            vec!["java=corretto8", "go=1.2", "nodejs=99"],
            format!(
                "Unknown runtime named 'go'. This build image has the following runtimes: {runtimes}"
            ),
        ),
        (
            vec![("go", "latest")],
            vec!["go=latest"],
            format!(
                "Unknown runtime named 'go'. This build image has the following runtimes: {runtimes}"
            ),
        ),
        (
            vec![("nodejs", "15")],
            vec!["nodejs=15"],
            "Unknown runtime version named '15' of nodejs. This build image has the following \
             versions: 8, 10, 12"
                .to_owned(),
        ),
        // An alias that stands for nothing: nothing is told.
        (
            vec![("python", "3.9"), ("nodejs", "9.x")],
            vec![],
            "Unknown runtime version named '9.x' of nodejs. This build image has the following \
             versions: 8, 10, 12"
                .to_owned(),
        ),
        (
            vec![("python", "4.x")],
            vec![],
            "Unknown runtime version named '4.x' of python. This build image has the following \
             versions: 2.7, 3.9, 3.10"
                .to_owned(),
        ),
        (
            vec![("python", "")],
            vec!["python="],
            "Unknown runtime version named '' of python. This build image has the following \
             versions: 2.7, 3.9, 3.10"
                .to_owned(),
        ),
        (
            vec![("java", "default")],
            vec!["java=default"],
            "Unknown runtime version named 'default' of java. This build image has the following \
             versions: corretto8, corretto11, corretto17"
                .to_owned(),
        ),
        (
            vec![("android", "30")],
            vec!["android=30", "kotlin=1.9*"],
            format!(
                "Unknown runtime named 'kotlin'. This build image has the following runtimes: {runtimes}"
            ),
        ),
        (
            vec![("android", "31")],
            vec!["android=31", "nodejs=99*"],
            "Unknown runtime version named '99' of nodejs. This build image has the following \
             versions: 8, 10, 12"
                .to_owned(),
        ),
    ] {
        assert_refused(&wanted, &said, &message);
    }
}

#[test]
fn versions_that_do_not_go_together_are_refused() {
    for (wanted, said, message) in [
        (
            vec![("android", "29"), ("java", "corretto17")],
            vec![
                "android=29",
                "java=corretto17",
                "android=29!java=corretto17",
            ],
            "Runtime 'android' version '29' requires one of the following versions of java: \
             openjdk8, corretto11, corretto8",
        ),
        (
            vec![("android-tools", "2"), ("android", "28")],
            vec![
                "android-tools=2",
                "android=28",
                "android-tools=2!android=28",
            ],
            "Runtime 'android-tools' version '2' requires one of the following versions of \
             android: 32",
        ),
        // Neither of two dependents is the buildspec's own choice of a java.
        (
            vec![("android", "28"), ("kotlin-tools", "1")],
            vec!["android=28", "kotlin-tools=1", "java=corretto8*"],
            "Runtime 'kotlin-tools' version '1' requires one of the following versions of java: \
             corretto17",
        ),
    ] {
        assert_refused(&wanted, &said, message);
    }
}

#[test]
fn a_table_that_cannot_be_read_says_where() {
    for (text, message) in [
        (&b""[..], "unexpected end of input at line 1, column 1"),
        (b"a: [b\n", "unclosed bracket '[' at line 1, column 4"),
        (
            b"version: 0.1\n",
            "missing field `runtimes` at line 1, column 1",
        ),
        (
            b"runtimes:\n  java:\n    versions: [8, 11]\n",
            "expected mapping start at line 3, column 15",
        ),
        (
            b"runtimes: {java: {versions: {8: {commands: echo}}}}",
            "expected sequence start at line 1, column 44",
        ),
        (b"runtimes: {\xff: 1}", "input is not valid UTF-8"),
    ] {
        assert_eq!(Table::parse(text).unwrap_err().to_string(), message);
    }
}
