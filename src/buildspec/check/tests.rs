use super::super::code::IGNORED_KIND;
use super::super::code::{
    BATCH_KIND, CYCLE, DEPENDENCY, DUPLICATE_IDENTIFIER, FLEET, IDENTIFIER, PARALLELISM,
};
use super::super::code::{CODES, Code, Severity};
use super::super::limits::{BATCH_KINDS, MAX_BYTES};
use super::super::parse::{parse, parse_batch};
use super::*;

/// Returns what is found with one code in a command of several lines that bash runs.
pub(super) fn found_in_bash(code: &str, command: &str) -> Vec<Diagnostic> {
    let indented = command.replace('\n', "\n        ");
    let text = format!(
        "version: 0.2\nenv: {{shell: bash}}\nphases:\n  build:\n    commands:\n      - |\n        {indented}\n"
    );
    let mut found = check(text.as_bytes());
    found.retain(|one| one.code.id == code);
    found
}

/// The codes for which a batch build refuses a batch; that of a `version` in quotes aside.
const REFUSED: &[&Code] = &[
    &IGNORED_KIND,
    &IDENTIFIER,
    &DUPLICATE_IDENTIFIER,
    &DEPENDENCY,
    &CYCLE,
    &BATCH_KIND,
    &FLEET,
    &PARALLELISM,
];

/// Lists what is found as `code line:column-column`.
fn found(text: &str) -> Vec<String> {
    check(text.as_bytes())
        .iter()
        .map(|one| {
            let (start, end) = (one.span.start, one.span.end);
            format!(
                "{} {}:{}-{}",
                one.code.id, start.line, start.column, end.column
            )
        })
        .collect()
}

fn codes(text: &str) -> Vec<&'static str> {
    check(text.as_bytes())
        .iter()
        .map(|one| one.code.id)
        .collect()
}

/// Lists what is found in a build phase with these commands, each as YAML.
fn in_commands(head: &str, commands: &[&str]) -> Vec<&'static str> {
    let mut text = format!("version: 0.2\n{head}phases:\n  build:\n    commands:\n");
    for command in commands {
        text.push_str("      - |\n");
        for line in command.lines() {
            text.push_str("        ");
            text.push_str(line);
            text.push('\n');
        }
    }
    codes(&text)
}

/// Asserts that there is an error exactly when the text is refused, and that it says so.
#[track_caller]
fn assert_agrees(text: &[u8]) {
    let found = check(text);
    let errors: Vec<_> = found
        .iter()
        .filter(|one| one.severity() == Severity::Error)
        .collect();
    let shown = String::from_utf8_lossy(text);
    match parse(text) {
        Ok(_) => assert!(errors.is_empty(), "{shown}\n{errors:#?}"),
        Err(refusal) => assert!(
            errors.iter().any(|one| one.note == Some(refusal.in_log())),
            "{shown}\n{refusal}\n{errors:#?}"
        ),
    }
    for one in &errors {
        assert!(one.note.is_some(), "{one:?}");
        assert!(!one.message.starts_with("CodeBuild refuses"), "{one:?}");
    }
}

/// Asserts that a batch has a finding to that effect exactly when a batch build refuses it, and that
/// the finding is at the fault.
#[track_caller]
fn assert_batch_agrees(batch: &str) {
    let text = format!("version: 0.2\nbatch: {batch}\n");
    assert!(parse(text.as_bytes()).is_ok(), "{text}");
    let refusal = parse_batch(text.as_bytes()).err();
    let found = check(text.as_bytes());
    let told = found.iter().any(|one| REFUSED.contains(&one.code));
    assert_eq!(told, refusal.is_some(), "{text}\n{refusal:?}\n{found:#?}");
    let placed = |one: &Diagnostic| !one.message.starts_with("a batch build refuses");
    assert!(found.iter().all(placed), "{text}\n{found:#?}");
}

#[test]
fn a_batch_is_told_of_exactly_when_it_is_refused() {
    let values = [
        "",
        "a",
        "'0'",
        "1",
        "{}",
        "[]",
        "[a]",
        "[~]",
        "[[a]]",
        "[{}]",
        "{a: b}",
        "{a: [b]}",
        "{a: {b: c}}",
        "yes",
        "[yes]",
        "a-b",
        "''",
        "{identifier: a}",
    ];
    for value in values {
        assert_batch_agrees(value);
        for kind in BATCH_KINDS {
            assert_batch_agrees(&format!("{{{kind}: {value}}}"));
            assert_batch_agrees(&format!("{{{kind}: {value}, fast-fail: {value}}}"));
            // Of equal keys only the last is read, and the first is told of as such.
            if kind == "build-fanout" {
                continue;
            }
            assert_batch_agrees(&format!(
                "{{{kind}: {value}, build-fanout: {{parallelism: 2}}}}"
            ));
        }
        for key in [
            "identifier",
            "buildspec",
            "debug-session",
            "ignore-failure",
            "env",
            "depend-on",
        ] {
            for kind in ["build-list", "build-graph"] {
                assert_batch_agrees(&format!(
                    "{{{kind}: [{{identifier: b, {key}: {value}}}, {{identifier: a}}]}}"
                ));
                assert_batch_agrees(&format!("{{{kind}: [{{{key}: {value}}}]}}"));
            }
        }
        for key in [
            "compute-type",
            "fleet",
            "image",
            "privileged-mode",
            "type",
            "variables",
        ] {
            assert_batch_agrees(&format!(
                "{{build-list: [{{identifier: b, env: {{fleet: f, {key}: {value}}}}}]}}"
            ));
            for part in ["static", "dynamic"] {
                assert_batch_agrees(&format!(
                    "{{build-matrix: {{{part}: {{env: {{{key}: {value}}}}}}}}}"
                ));
            }
        }
        for key in ["parallelism", "ignore-failure"] {
            assert_batch_agrees(&format!("{{build-fanout: {{{key}: {value}}}}}"));
            assert_batch_agrees(&format!(
                "{{build-fanout: {{parallelism: 3, {key}: {value}}}}}"
            ));
        }
        for key in ["env", "buildspec", "ignore-failure"] {
            for part in ["static", "dynamic"] {
                assert_batch_agrees(&format!("{{build-matrix: {{{part}: {{{key}: {value}}}}}}}"));
            }
        }
    }
}

#[test]
fn there_are_errors_exactly_when_the_buildspec_is_refused() {
    let values = [
        "",
        "~",
        "text",
        "0.2",
        "0.1",
        "1.0",
        "[]",
        "[a]",
        "[a: b]",
        "[[a]]",
        "[~]",
        "{}",
        "{a: b}",
        "{a: [b]}",
        "{a: {b: c}}",
        "{a: }",
        "{{a}: b}",
        "{commands: [a: b]}",
        "{files: {a: b}}",
        "'text'",
        "|\n  a\n",
        "&a [*a]",
        "*b",
        "!!str x",
        "{steps: [x]}",
        "{build: {commands: {a: b}}}",
        "{build: {commands: [[x]], finally: [y: z]}}",
        "{install: {runtime-versions: {a: [{b: c}], d: [[e]], f: []}}}",
        "{install: x, y: z}",
        "{BUILD: {run-as: [a], on-failure: {b: c}}}",
        "{build: [a], build: {}}",
        "{secondary-artifacts: {a: {files: [[x]]}, b: [c]}, name: [d]}",
        "{variables: {a: [b], c: {d: e}}, shell: [f]}",
        "{variables: [a], variables: {}}",
        "{variables: {}, VARIABLES: [a]}",
        "{exported-variables: {a: b}}",
        "\"unclosed",
        "a: b: c",
        "{git-credential-helper: [x], parameter-store: x, secrets-manager: {x: [y]}}",
        "{paths: {a: b}, key: [c], fallback-keys: [{d: e}], action: [f]}",
        "{plaintext: [a]}",
        "{build-list: [{identifier: [a], depend-on: x}]}",
        "{static: x, parallelism: {}}",
        "[{{a}: b}]",
        "{a: {{b}: c}, {d: e}: f}",
        "{install: {runtime-versions: {a: [b, {{c}: d}]}, steps: [{{e}: f}], g: {{h}: i}}}",
    ];
    for key in [
        "version",
        "Version",
        "run-as",
        "env",
        "environment_variables",
        "proxy",
        "batch",
        "phases",
        "reports",
        "artifacts",
        "cache",
        "unknown",
        "{a: b}",
    ] {
        for value in values {
            for before in [
                "",
                "version: 0.2\n",
                "version: 0.1\n",
                "batch: {a: b}\n",
                "phases: {}\n",
            ] {
                assert_agrees(format!("{before}{key}: {value}\n").as_bytes());
                assert_agrees(format!("{before}{key}: {value}\n{key}:\n").as_bytes());
            }
        }
    }
    for text in [
        b"".as_slice(),
        b"# nothing\n",
        b"--- \n",
        b"text",
        b"- list\n",
        b"version: 0.2\nname: \xFF\n",
        b"version: 0.2\0",
        b"\xFF\xFEv\0",
        b"version: 0.2\n\tphases:\n",
        b"version: 0.2\nphases: {<<: x}\n",
        b"a: *b\n",
        b"\xEF\xBB\xBFversion: 0.2\n",
    ] {
        assert_agrees(text);
    }
    for code in CODES {
        assert_agrees(code.page().wrong.as_bytes());
        assert_agrees(code.page().right.as_bytes());
    }
}

#[test]
fn every_problem_is_found_in_one_pass() {
    let text = "version: 1.0
env: {variables: [A]}
phases:
  pre-build: {}
  build:
    command: [make]
    commands:
      - echo \"a: b\"
      -
      - [c]
artifacts:
  files: {a: b}
image: x
";
    assert_eq!(
        found(text),
        [
            "bs003 1:10-13",
            "bs006 2:18-21",
            "bs004 4:3-12",
            "bs101 6:5-12",
            "bs005 8:9-20",
            "bs105 9:7-8",
            "bs005 10:9-12",
            "bs006 12:10-16",
            "bs101 13:1-6",
        ]
    );
}

#[test]
fn a_text_that_is_no_yaml_has_its_line() {
    assert_eq!(
        found("version: 0.2\n\nphases:\n\tbuild:\n"),
        ["bs001 4:1-2"]
    );
    assert_eq!(found("a: b: c"), ["bs001 1:4-8"]);
    assert_eq!(found("version: 0.2\nphases\n"), ["bs001 2:1-7"]);
    assert_eq!(found("version: 1\r\rimage: [\r"), ["bs001 3:8-9"]);
    assert_eq!(found(""), ["bs002 1:1-1"]);
}

#[test]
fn places_in_scripts_are_those_of_the_text() {
    let text = "version: 0.2
phases:
  build:
    commands:
      - |
        make

        source x
      - source y
      - >-
        make &&
        source z
      - \"make; source é\"
      - 'echo \"it''s source\"; source \"é\"'
";
    assert_eq!(
        found(text),
        [
            "bs508 6:9-13",
            "bs503 8:9-15",
            "bs503 9:9-15",
            "bs503 12:9-15",
            "bs508 13:10-14",
            "bs503 13:16-22",
            "bs503 14:31-37"
        ]
    );
}

#[test]
fn of_equal_keys_all_but_the_last_are_told() {
    let text = "version: 0.2\nenv: {variables: {A: 1, A: 2, B: 3,\n  A: 4}}\n";
    assert_eq!(found(text), ["bs103 2:19-20", "bs103 2:25-26"]);
    assert!(
        check(text.as_bytes())[0]
            .message
            .ends_with(": line 3 overrides it")
    );
}

#[test]
fn misspelt_keys_have_the_right_one_in_the_help() {
    for (text, help) in [
        ("phase: {}\n", "did you mean `phases`?"),
        ("artefacts: {}\n", "did you mean `artifacts`?"),
        (
            "environment_variables: {}\n",
            "only version 0.1 has this key: write `env` with `variables`",
        ),
        ("files: x\n", "`files` belongs in `artifacts`"),
        ("variables: {}\n", "`variables` belongs in `env`"),
        ("build-list: []\n", "`build-list` belongs in `batch`"),
        (
            "batch: {build-matrix: {static: {env: {compute-type: x}}}}\n",
            "`compute-type` belongs in `batch.build-matrix.dynamic.env`",
        ),
        (
            "artifacts: {files: x, exclude: y}\n",
            "did you mean `exclude-paths`?",
        ),
        ("env: {NAME: x}\n", "variables belong under `env.variables`"),
        ("env: {variable: {}}\n", "did you mean `variables`?"),
        (
            "artifacts: {files: x, type: zip}\n",
            "only version 0.1 has this key: remove it",
        ),
        (
            "artifacts: {files: x, discard_paths: yes}\n",
            "did you mean `discard-paths`?",
        ),
        (
            "batch: {build-graph: [{identifier: a, depends-on: [a]}]}\n",
            "did you mean `depend-on`?",
        ),
        (
            "phases: {build: {commands: a, runtime-versions: {java: 21}}}\n",
            "`runtime-versions` belongs in `phases.install`",
        ),
    ] {
        let found = check(format!("version: 0.2\n{text}").as_bytes());
        assert_eq!(found.len(), 1, "{text} {found:#?}");
        assert_eq!(found[0].code.id, "bs101", "{text}");
        assert_eq!(found[0].help.as_deref(), Some(help), "{text}");
    }
}

#[test]
fn commands_that_are_fine_are_left_alone() {
    for commands in [
        ["cd src", "make"],
        ["A=1; export B=2", "echo $A ${B:-x} ${B%.*} ${#A}"],
        ["set -e\nmake", "set -x; make"],
        ["f() { make; }\nf", "f() { make; }; f"],
        ["make | tee log || true", "cat x | tee y"],
        ["make || echo $?", "if make; then echo $?; fi"],
        [
            "cat <<EOF\n[[ a ]]\nsource x\nEOF",
            "bash -c 'source x; [[ a ]]'",
        ],
        ["[ a = b ] && echo 'a == b'", "test $# -eq 0"],
        ["make 2>&1 &", "echo '${a:0:1}'"],
        ["set", "set -- a b\necho $1"],
        ["dockerd &", "docker build . && docker push x"],
        ["echo source", "which declare"],
    ] {
        assert_eq!(in_commands("", &commands), [""; 0], "{commands:?}");
    }
}

#[test]
fn commands_that_are_not_are_told() {
    for (commands, code) in [
        (["f() { make; }", "make && f"], "bs501"),
        (["alias k=kubectl", "k get pods"], "bs501"),
        (["set -eux", "make"], "bs502"),
        (["set -e; set -o nounset", "make"], "bs502"),
        (["trap 'echo x' EXIT", "make"], "bs502"),
        (["make", "[[ -f x ]] && make"], "bs503"),
        (["make", "[[ \"$V\" =~ ^(a|b)$ ]] && make"], "bs503"),
        (["make", "if ! [[ -f x && -f y ]]; then make; fi"], "bs503"),
        (["make", "if [ a == b ]; then make; fi"], "bs503"),
        (["make", "T=${SHA:0:7}"], "bs503"),
        (["make", "echo ${A//x/y}"], "bs503"),
        (["make", "make &> log"], "bs503"),
        (["make", "cat <<< text"], "bs503"),
        (["make", "a=(1 2)"], "bs503"),
        (["make", "pushd x"], "bs503"),
        (["make", "if [ $? -ne 0 ]; then exit 1; fi"], "bs504"),
        (["make", "python3 -m pytest 2>&1 | tee log"], "bs506"),
        (["A=1 ./gradlew build | tee log", "make"], "bs506"),
    ] {
        assert_eq!(in_commands("", &commands), [code], "{commands:?}");
    }
}

#[test]
fn the_shell_decides_what_is_said() {
    let commands = ["[[ -f x ]]", "source x"];
    assert_eq!(in_commands("", &commands), ["bs503"; 2]);
    for shell in ["bash", "/bin/bash", "powershell.exe"] {
        let head = format!("env: {{shell: {shell}}}\n");
        assert_eq!(in_commands(&head, &commands), [""; 0], "{shell}");
    }
    assert_eq!(in_commands("", &["set -e", "Write-Host $env:X"]), [""; 0]);
}

#[test]
fn arrays_do_not_carry_over() {
    let bash = "env: {shell: bash}\n";
    for commands in [
        ["a=(1 2)", "echo \"${a[@]}\""],
        ["a=(1 2)\na+=(3)", "for x in ${#a[*]}; do echo $x; done"],
    ] {
        assert_eq!(in_commands(bash, &commands), ["bs501"], "{commands:?}");
    }
    for commands in [
        ["a=(1 2); echo ${a[0]}", "make"],
        ["a=(1 2)", "a=(3); echo ${a[0]}"],
        ["a=1", "echo ${a}"],
    ] {
        assert_eq!(in_commands(bash, &commands), [""; 0], "{commands:?}");
    }
}

#[test]
fn batches_are_looked_through() {
    let graph = |builds: &str| codes(&format!("batch:\n  build-graph:\n{builds}"));
    assert_eq!(
        graph(
            "    - {identifier: a}\n    - {identifier: b, depend-on: a}\n    - {identifier: c, depend-on: [{identifier: b, ignore-failure: true}]}\n"
        ),
        [""; 0]
    );
    assert_eq!(
        graph(
            "    - {identifier: a, depend-on: [b]}\n    - {identifier: b, depend-on: [c]}\n    - {identifier: c, depend-on: [b]}\n"
        ),
        ["bs404", "bs404"]
    );
    assert_eq!(graph("    - {identifier: a, depend-on: [a]}\n"), ["bs404"]);
    assert_eq!(graph("    - {depend-on: []}\n"), ["bs401"]);
    assert_eq!(codes("batch: {fast-fail: true}\n"), ["bs405"]);
}

#[test]
fn hostile_texts_end_soon() {
    let many = |item: &str, count: usize| item.repeat(count);
    let functions = |end: &str| -> String {
        let names = (0..50_000).map(|number| format!("f{number}{end}; "));
        names.collect()
    };
    for text in [
        format!("version: 0.2\n{}", many("unknown: x\n", 40_000)),
        format!("version: 0.2\n{}", many("env: x\n", 40_000)),
        format!(
            "version: 0.2\nphases:\n  build:\n    commands:\n{}",
            many("      - [a]\n", 50_000)
        ),
        format!(
            "version: 0.2\nphases: {{build: {{commands: ['{}', '{}']}}}}\n",
            functions("() { a"),
            functions("")
        ),
        format!("version: 0.2\nphases: [{}\n", many("x: [", 100_000)),
        format!("version: 0.2\nphases:\n{}\tx\n", many("  a\n", 100_000)),
        format!(
            "version: 0.2\nphases: {{build: {{commands: ['{}']}}}}\n",
            many("$(((", 200_000)
        ),
        format!(
            "version: 0.2\nphases: {{build: {{commands: ['{}']}}}}\n",
            many("a | ", 200_000)
        ),
    ] {
        assert!(check(text.as_bytes()).len() <= 2_000);
    }
}

#[test]
fn what_is_not_told_is_counted() {
    let text = |top: &str| {
        let keys = "  x: y\n".repeat(1_500);
        format!("{top}version: 1.0\nenv:\n{keys}")
    };
    let diagnosis = diagnose(text("").as_bytes(), Project::default());
    // Each key is unknown, and all but the last are duplicates.
    assert_eq!(diagnosis.more, 1_500 + 1_499 - 1_000);
    assert_eq!(diagnosis.told.len(), 1 + 1_000);
    // The only error comes after a thousand warnings, and is told all the same.
    assert_eq!(diagnosis.told[0].code.id, "bs003");

    let comments = "# cobuild: allow(nothing)\n".repeat(1_500);
    let diagnosis = diagnose(text(&comments).as_bytes(), Project::default());
    assert!(diagnosis.told.iter().any(|one| one.code.id == "bs003"));

    let diagnosis = diagnose(
        text("# cobuild: allow(bs101, bs103)\n").as_bytes(),
        Project::default(),
    );
    assert_eq!((diagnosis.told.len(), diagnosis.more), (1, 0));
}

#[test]
fn limits_are_said_to_be_ours() {
    for text in [
        "x".repeat(MAX_BYTES + 1),
        format!("version: 0.2\nx: [{}]\n", "a, ".repeat(200_000)),
    ] {
        let found = check(text.as_bytes());
        assert_agrees(text.as_bytes());
        assert!(found[0].message.contains("cobuild reads"), "{found:?}");
        assert!(
            found[0]
                .help
                .as_deref()
                .is_some_and(|help| help.contains("CodeBuild may")),
            "{found:?}"
        );
    }
}
