//! How a command runs and what it leaves to the next one, in the shells that images have as `sh`.

mod carried;
mod hostile;
mod processes;

use std::fmt::Write as _;
use std::thread;

use crate::engine;
use crate::env::{Run, TestEnv};

/// Calls `check` with an image whose `sh` is dash, one with busybox's ash, one with bash.
fn in_every_shell(check: impl Fn(&str) + Sync) {
    let images = [engine::IMAGE, engine::busybox_image(), engine::bash_image()];
    thread::scope(|scope| {
        for image in images {
            let check = &check;
            scope.spawn(move || check(image));
        }
    });
}

/// Runs these commands in BUILD.
fn build(image: &str, commands: &[&str]) -> Run {
    TestEnv::new().image(image).build_commands(commands).run()
}

/// Runs these commands, which must succeed, and returns what the last of them prints.
#[track_caller]
fn last_output(image: &str, commands: &[&str]) -> String {
    let run = build(image, commands);
    run.assert_succeeded();
    run.output_of(commands.last().unwrap())
}

/// A buildspec with a failing command in each of three phases, `after` behind each of them.
fn failing_phases(commands: [&str; 3], after: &str) -> String {
    let phase = |command: &str| {
        serde_json::json!({
            "on-failure": "CONTINUE",
            "commands": [command, "echo never"],
            "finally": [after],
        })
    };
    let [install, pre_build, build] = commands.map(phase);
    serde_json::json!({
        "version": 0.2,
        "phases": { "install": install, "pre_build": pre_build, "build": build }
    })
    .to_string()
}

#[test]
fn the_working_directory_is_carried_also_across_phases() {
    in_every_shell(|image| {
        let run = TestEnv::new()
            .image(image)
            .file("src/x", "")
            .buildspec(
                "version: 0.2
phases:
  install:
    commands: [pwd, cd src]
  build:
    commands: ['echo in $(pwd)', 'mkdir -- \"-x y''z\"; cd -- \"-x y''z\"']
  post_build:
    commands: ['echo at $(pwd)']
",
            )
            .run();
        run.assert_succeeded();
        let source = "/codebuild/output/srcN/src";
        assert_eq!(run.output_of("pwd"), format!("{source}\n"));
        assert_eq!(
            run.output_of("echo in $(pwd)"),
            format!("in {source}/src\n")
        );
        assert_eq!(
            run.output_of("echo at $(pwd)"),
            format!("at {source}/src/-x y'z\n")
        );
    });
}

#[test]
fn a_symbolic_link_in_the_working_directory_stays() {
    in_every_shell(|image| {
        let output = last_output(image, &["mkdir real; ln -s real link; cd link", "pwd"]);
        assert_eq!(output, "/codebuild/output/srcN/src/link\n");
    });
}

#[test]
fn variables_are_carried_and_exported_whether_exported_or_not() {
    in_every_shell(|image| {
        let run = TestEnv::new()
            .image(image)
            .buildspec(
                "version: 0.2
phases:
  install:
    commands: ['A=1', 'export B=2', 'readonly C=3']
  build:
    commands: [\"sh -c 'echo $A $B $C'\", 'D=4']
  post_build:
    commands: [\"sh -c 'echo $A $B $C $D'\"]
",
            )
            .run();
        run.assert_succeeded();
        assert_eq!(run.output_of("sh -c 'echo $A $B $C'"), "1 2 3\n");
        assert_eq!(run.output_of("sh -c 'echo $A $B $C $D'"), "1 2 3 4\n");
    });
}

#[test]
fn an_unset_variable_stays_unset_also_one_of_the_image() {
    let image = "cobuild-test-variable";
    let dockerfile = format!("FROM {}\nENV FROM_IMAGE=image\n", engine::IMAGE);
    engine::build_image(image, &dockerfile);
    let show =
        "echo ${FROM_IMAGE-gone} ${FROM_SPEC-gone} ${FROM_COMMAND-gone} ${CODEBUILD_CI-gone}";
    let run = TestEnv::new()
        .image(image)
        .buildspec(&format!(
            "version: 0.2
env:
  variables: {{FROM_SPEC: spec}}
phases:
  install:
    commands: ['FROM_COMMAND=command']
  build:
    commands:
      - 'echo before; {show}'
      - unset FROM_IMAGE FROM_SPEC FROM_COMMAND CODEBUILD_CI
      - 'sh -c ''{show}'''
      - '{show}'
"
        ))
        .run();
    run.assert_succeeded();
    assert_eq!(
        run.output_of(&format!("echo before; {show}")),
        "before\nimage spec command true\n"
    );
    assert_eq!(
        run.output_of(&format!("sh -c '{show}'")),
        "gone gone gone gone\n"
    );
    assert_eq!(run.output_of(show), "gone gone gone gone\n");
}

#[test]
fn values_are_carried_byte_for_byte() {
    // As printf's escapes; the `x` keeps newlines at the end from being cut by `$(…)`.
    let odd: String = (1..=255).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:03o}");
        text
    });
    let values = [
        r"one\ntwo\n\nx",
        r"\n\n\nx",
        r"it\047s \042quoted\042 \047\047\047 x",
        r"$HOME `id` $(id) ${x} x",
        r"\\ \\\\ \\n \\\047 \\\042 x",
        r"\303\251 \360\237\230\200 x",
        r"  blanks   \t and = signs \# ; & | x",
        r"x",
        &format!("{odd}x"),
    ];
    in_every_shell(|image| {
        let set: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(index, value)| format!("V{index}=\"$(printf '{value}')\""))
            .collect();
        let compare: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(index, value)| {
                format!(
                    "[ \"$V{index}\" = \"$(printf '{value}')\" ] || printf %s \"$V{index}\" | od -c"
                )
            })
            .collect();
        let (set, compare) = (set.join("\n"), compare.join("\n"));
        // Twice, so that what was read back is written and read again.
        let output = last_output(image, &[&set, ":", &compare]);
        assert_eq!(output, "", "in {image}");
    });
}

#[test]
fn functions_are_not_carried_and_lines_count_from_four() {
    for (image, text) in [
        (engine::IMAGE, "4: f: not found"),
        (engine::busybox_image(), "line 4: f: not found"),
        (engine::bash_image(), "line 4: f: command not found"),
    ] {
        let run = build(image, &["f() { echo x; }", "f"]);
        run.assert_failed();
        assert_eq!(
            run.output_of("f"),
            format!("/codebuild/output/tmp/script.sh: {text}\n")
        );
        assert!(
            run.log()
                .contains("> Command did not exit successfully f exit status 127\n"),
            "{run}"
        );
    }
}

#[test]
fn the_lines_of_a_command_are_counted() {
    let run = build(engine::IMAGE, &["true\n\n\nnope"]);
    run.assert_failed();
    assert!(
        run.stdout.contains("/script.sh: 7: nope: not found\n"),
        "{run}"
    );
}

#[test]
fn aliases_options_traps_and_the_umask_are_not_carried() {
    in_every_shell(|image| {
        let output = last_output(
            image,
            &[
                "alias shout='echo alias'",
                "set -e",
                "set -f",
                "set -x",
                "trap 'echo trapped' EXIT TERM",
                "umask 077",
                "false; shout 2> /dev/null || echo no alias; trap; umask; echo $- | tr -dc efx",
            ],
        );
        assert_eq!(output, "no alias\n0022\n", "in {image}");
    });
}

#[test]
fn set_e_counts_within_its_command_only() {
    in_every_shell(|image| {
        build(image, &["set -e", "false; true"]).assert_succeeded();
        let run = build(image, &["set -e\nfalse\necho never"]);
        run.assert_failed();
        assert!(run.stdout.contains("never exit status 1\n"), "{run}");
    });
}

#[test]
fn exit_ends_its_command_alone_and_loses_what_it_changed() {
    in_every_shell(|image| {
        let output = last_output(
            image,
            &[
                "A=1; cd /; exit 0; echo never",
                "B=1; cd /; exec true",
                "echo next ${A-lost} ${B-lost} $(pwd)",
            ],
        );
        assert_eq!(output, "next lost lost /codebuild/output/srcN/src\n");
    });
}

#[test]
fn the_first_failing_command_ends_its_phase_with_its_status() {
    let run = build(engine::IMAGE, &["true", "exit 7", "echo never"]);
    run.assert_failed();
    assert!(
        run.log()
            .contains("Error while executing command: exit 7. Reason: exit status 7\n"),
        "{run}"
    );
    assert!(!run.log().contains("Running command echo never"), "{run}");
}

#[test]
fn a_command_fails_by_its_last_status_alone() {
    in_every_shell(|image| {
        build(image, &["false\nnope 2> /dev/null\ntrue\n", "false | cat"]).assert_succeeded();
    });
}

#[test]
fn the_status_of_the_last_command_is_told() {
    in_every_shell(|image| {
        let run = TestEnv::new()
            .image(image)
            .buildspec(&failing_phases(
                // The last two do not live to tell their status.
                ["sh -c 'exit 42'", "exit 43", "kill -KILL $$"],
                "echo $? $CODEBUILD_LAST_EXIT",
            ))
            .run();
        run.assert_failed();
        let told: Vec<&str> = run
            .stdout
            .lines()
            .filter(|line| line.starts_with("0 "))
            .collect();
        assert_eq!(told, ["0 42", "0 43", "0 137"], "{run}");
        let output = last_output(
            image,
            &[
                "test $CODEBUILD_LAST_EXIT = 0",
                "(exit 3); true",
                "echo $? $CODEBUILD_LAST_EXIT",
            ],
        );
        assert_eq!(output, "0 0\n");
    });
}

#[test]
fn a_success_after_a_failure_is_told_as_well() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2
phases:
  build:
    commands: ['exit 5']
  post_build:
    commands: ['echo one $CODEBUILD_LAST_EXIT', 'exit 0', 'echo two $CODEBUILD_LAST_EXIT']
",
        )
        .run();
    assert_eq!(run.output_of("echo one $CODEBUILD_LAST_EXIT"), "one 5\n");
    assert_eq!(run.output_of("echo two $CODEBUILD_LAST_EXIT"), "two 0\n");
}

#[test]
fn the_default_shell_knows_no_bashisms() {
    let bashisms = [
        ("[[ -n x ]]", "[[: not found"),
        ("source ./x", "source: not found"),
        ("cat <<< x", "Syntax error: redirection unexpected"),
    ];
    let run = TestEnv::new()
        .buildspec(&failing_phases(bashisms.map(|(command, _)| command), ":"))
        .run();
    run.assert_failed();
    for (command, text) in bashisms {
        let text = format!("/codebuild/output/tmp/script.sh: 4: {text}\n");
        assert_eq!(run.output_of(command), text);
    }
    // To dash this is `&`, and then a redirection of nothing.
    let both = "sh -c 'echo x; echo y >&2' &> both; wait; cat both";
    assert_eq!(build(engine::IMAGE, &[both]).output_of(both), "x\ny\n");

    let run = build(
        engine::bash_image(),
        &[
            "[[ -n x ]]",
            "touch x; source ./x",
            "cat <<< x",
            both,
            "rm both",
        ],
    );
    run.assert_succeeded();
}

#[test]
fn bash_runs_the_commands_when_it_is_selected() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2
env:
  shell: bash
phases:
  install:
    commands:
      - 'list=(a b); export scalar=c; cd /tmp; readonly fixed=d'
      - set -o pipefail
  build:
    commands:
      - 'false | true'
      - '[[ $scalar$fixed == cd ]] && echo ${#list[@]} ${BASH_VERSION:0:1} $PWD'
      - cat <<< here
      - nope
",
        )
        .run();
    run.assert_failed();
    assert!(
        run.log()
            .contains("> Selecting shell bash as specified in buildspec.\n"),
        "{run}"
    );
    assert_eq!(
        run.output_of("[[ $scalar$fixed == cd ]] && echo ${#list[@]} ${BASH_VERSION:0:1} $PWD"),
        "0 5 /tmp\n"
    );
    assert_eq!(run.output_of("cat <<< here"), "here\n");
    assert_eq!(
        run.output_of("nope"),
        "/codebuild/output/tmp/script.sh: line 4: nope: command not found\n"
    );
}

#[test]
fn bash_by_its_path_can_be_selected() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2\nenv:\n  shell: /bin/bash\nphases:\n  build:\n    commands: ['A=1', '[[ $A == 1 ]]', nope]\n",
        )
        .run();
    run.assert_failed();
    assert_eq!(
        run.output_of("nope"),
        "/codebuild/output/tmp/script.sh: line 4: nope: command not found\n"
    );
}

#[test]
fn a_shell_that_the_image_does_not_have_fails_every_command_and_says_so() {
    for shell in ["zsh", "/opt/shell"] {
        let run = TestEnv::new()
            .buildspec(&format!(
                "version: 0.2\nenv:\n  shell: {shell}\nphases:\n  build:\n    commands: [echo one]\n    finally: [echo two]\n"
            ))
            .run();
        run.assert_failed();
        for command in ["echo one", "echo two"] {
            assert_eq!(
                run.output_of(command),
                format!("the image has no `{shell}`, the shell that the buildspec selects\n")
            );
        }
        let context = "Error while executing command: echo one. Reason: exit status 127\n";
        assert!(run.log().contains(context), "{run}");
    }
}

#[test]
fn sh_by_its_path_can_be_selected() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2\nenv:\n  shell: /bin/sh\nphases:\n  build:\n    commands: [nope]\n",
        )
        .run();
    assert!(
        run.log()
            .contains("> Selecting shell /bin/sh as specified in buildspec.\n"),
        "{run}"
    );
    assert!(
        run.stdout.contains("/script.sh: 4: nope: not found\n"),
        "{run}"
    );
}

#[test]
fn version_0_1_gives_every_command_a_shell_of_its_own() {
    in_every_shell(|image| {
        let run = TestEnv::new()
            .image(image)
            .buildspec(
                "version: 0.1
environment_variables:
  plaintext: {GIVEN: given}
phases:
  build:
    commands:
      - cd /; A=1; export B=2; unset GIVEN
      - echo ${A-lost} ${B-lost} $GIVEN $(pwd)
      - nope
  post_build:
    commands:
      - echo $CODEBUILD_LAST_EXIT $CODEBUILD_BUILD_SUCCEEDING
",
            )
            .run();
        run.assert_failed();
        assert_eq!(
            run.output_of("echo ${A-lost} ${B-lost} $GIVEN $(pwd)"),
            "lost lost given /codebuild/output/srcN/src\n"
        );
        assert!(run.output_of("nope").contains(" 4: nope: "), "{run}");
        assert_eq!(
            run.output_of("echo $CODEBUILD_LAST_EXIT $CODEBUILD_BUILD_SUCCEEDING"),
            "127 0\n"
        );
    });
}
