//! Commands as processes: what they read and write, signals, and what outlives them.

use std::time::{Duration, Instant};

use super::{build, failing_phases, in_every_shell, last_output};
use crate::engine;
use crate::env::TestEnv;

#[test]
fn commands_have_nothing_to_read() {
    in_every_shell(|image| {
        let output = last_output(image, &["cat; read line || echo end of file"]);
        assert_eq!(output, "end of file\n");
    });
}

#[test]
fn commands_have_no_terminal() {
    in_every_shell(|image| {
        let output = last_output(
            image,
            &[
                "for fd in 0 1 2; do test -t $fd && echo $fd; done; { true < /dev/tty; } 2> /dev/null || echo none",
            ],
        );
        assert_eq!(output, "none\n");
    });
}

#[test]
fn a_background_process_that_keeps_the_output_open_hangs_nothing_and_lives_on() {
    let start = Instant::now();
    in_every_shell(|image| {
        let run = TestEnv::new()
            .image(image)
            .buildspec(
                "version: 0.2
phases:
  install:
    commands:
      - 'sleep 1000 & echo $! > pid'
      - 'until [ -f go ]; do sleep 0.05; done; echo from behind; touch done; sleep 1000 &'
  build:
    commands:
      - kill -0 $(cat pid) && echo alive
      - wait $(cat pid) 2> /dev/null || echo no child
  post_build:
    commands:
      - kill $(cat pid); echo $?
",
            )
            .file("go", "")
            .run();
        run.assert_succeeded();
        assert_eq!(run.output_of("kill -0 $(cat pid) && echo alive"), "alive\n");
        assert_eq!(
            run.output_of("wait $(cat pid) 2> /dev/null || echo no child"),
            "no child\n"
        );
        assert_eq!(run.output_of("kill $(cat pid); echo $?"), "0\n");
    });
    assert!(start.elapsed() < Duration::from_mins(1));
}

#[test]
fn what_a_background_process_says_later_stands_in_the_log_of_the_running_command() {
    in_every_shell(|image| {
        let wait = "touch go; until [ -f done ]; do sleep 0.01; done";
        let output = last_output(
            image,
            &[
                "(until [ -f go ]; do sleep 0.01; done; echo from behind; touch done) &",
                "echo meanwhile",
                wait,
            ],
        );
        assert_eq!(output, "from behind\n");
    });
}

#[test]
fn a_command_of_a_megabyte_runs_verbatim() {
    let line = "it's \"quoted\" `back` $HOME $(id) \\ \\\\ %s é \u{1F600} # 0123456789\n";
    let text = line.repeat(1 + 1_000_000 / line.len()) + &"x".repeat(100_000) + "\n";
    let command = format!("cat <<'END'\n{text}END");
    in_every_shell(|image| {
        let run = build(image, &[&command]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.output_of(&command) == text, "in {image}");
    });
}

#[test]
fn a_command_may_end_in_a_backslash_or_a_comment() {
    in_every_shell(|image| {
        let output = last_output(
            image,
            &[
                "A=1 \\",
                "B=2 # a comment",
                "C=3 &&\\\n  D=4;",
                "# nothing but a comment",
                "",
                "echo $A $B $C $D",
            ],
        );
        assert_eq!(output, "1 2 3 4\n");
    });
}

#[test]
fn a_syntax_error_fails_its_command_alone() {
    let commands = ["A=set; if then fi", "cd /; echo \"unfinished", "echo )"];
    in_every_shell(|image| {
        let run = TestEnv::new()
            .image(image)
            .buildspec(&failing_phases(commands, "echo ${A-kept} $(pwd)"))
            .run();
        run.assert_failed();
        for command in commands {
            assert!(run.output_of(command).contains("script.sh: "), "{run}");
        }
        assert!(!run.log().contains("Running command echo never"), "{run}");
        // What stands before the error may have run; nothing of it is carried.
        let source = "/codebuild/output/srcN/src";
        let after = format!("kept {source}\n");
        assert_eq!(run.log().matches(&after).count(), 3, "{run}");
    });
}

#[test]
fn signals_have_their_default_effect_on_commands() {
    in_every_shell(|image| {
        let output = last_output(
            image,
            &[
                "for name in HUP INT PIPE TERM; do sh -c \"kill -$name \\$\\$\" > /dev/null 2>&1; echo $name $?; done 2> /dev/null",
            ],
        );
        assert_eq!(output, "HUP 129\nINT 130\nPIPE 141\nTERM 143\n");
    });
}

#[test]
fn a_removed_working_directory_fails_nothing_by_itself() {
    in_every_shell(|image| {
        let run = build(
            image,
            &[
                "mkdir gone; cd gone; A=kept",
                "rmdir \"$PWD\"",
                "echo still $A",
                "cd \"$CODEBUILD_SRC_DIR\"",
                "pwd",
            ],
        );
        run.assert_succeeded();
        assert!(
            run.output_of("echo still $A").ends_with("still kept\n"),
            "{run}"
        );
        assert_eq!(run.output_of("pwd"), "/codebuild/output/srcN/src\n");
    });
}

#[test]
fn options_that_hinder_the_agent_s_own_lines_hinder_nothing() {
    in_every_shell(|image| {
        let output = last_output(
            image,
            &[
                "set -C; A=1",
                "set -u; B=2",
                "set -f; C=3",
                "set -n; D=4",
                "exec > /dev/null 2>&1; E=5",
                "exec >&- 2>&- <&-; F=6",
                "IFS=1; export IFS; G=7",
                "unset IFS",
                "echo $A $B $C $D $E $F $G",
            ],
        );
        // After `set -n` nothing of that command runs, the agent's own lines neither.
        assert_eq!(output, "1 2 3 5 6 7\n", "in {image}");
    });
}

#[test]
fn an_unset_variable_under_set_u_fails_its_command_alone() {
    in_every_shell(|image| {
        let run = TestEnv::new()
            .image(image)
            .buildspec(&failing_phases(
                ["A=1; set -u; echo $NOWHERE", "set -u; : $A", "exit 1"],
                "echo \"fine $NOWHERE\" $A",
            ))
            .run();
        run.assert_failed();
        assert_eq!(run.log().matches("\nfine \n").count(), 3, "{run}");
    });
}

#[test]
fn a_command_that_breaks_path_and_home_does_not_break_the_shell() {
    // Busybox's shell would find its own tools without any PATH.
    for image in [engine::IMAGE, engine::bash_image()] {
        let run = build(
            image,
            &[
                "PATH=/nowhere; unset HOME",
                "echo still ${HOME-homeless}",
                "ls",
            ],
        );
        run.assert_failed();
        assert_eq!(
            run.output_of("echo still ${HOME-homeless}"),
            "still homeless\n"
        );
        assert!(run.log().contains("ls exit status 127\n"), "{run}");
    }
}

#[test]
fn the_agent_is_not_seen_by_the_commands() {
    let run = build(
        engine::IMAGE,
        &[
            "set | grep cobuild_; env | grep cobuild_; ls -A /codebuild/output/tmp | sort | tr '\\n' ' '",
        ],
    );
    run.assert_succeeded();
    let output = run.output_of(
        "set | grep cobuild_; env | grep cobuild_; ls -A /codebuild/output/tmp | sort | tr '\\n' ' '",
    );
    assert_eq!(output.trim_end(), "dir.txt env.sh script.sh", "{run}");
}

#[test]
fn variables_that_a_shell_keeps_for_itself_break_no_build() {
    in_every_shell(|image| {
        let mut env = TestEnv::new()
            .image(image)
            .build_commands(&["A=1", "echo $A"])
            .args(&["--timeout", "20s"]);
        for variable in ["UID=5", "PPID=1", "OPTIND=7", "SHELLOPTS=x", "IFS=:"] {
            env = env.args(&["--env", variable]);
        }
        let run = env.run();
        run.assert_succeeded();
        assert_eq!(run.output_of("A=1"), "", "in {image}: {run}");
        assert_eq!(run.output_of("echo $A"), "1\n", "in {image}: {run}");
    });
}
