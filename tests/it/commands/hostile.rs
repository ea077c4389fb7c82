//! Commands that harm what runs them, or print and contain what is no text.

use super::{build, failing_phases, in_every_shell};
use crate::engine;
use crate::env::TestEnv;

#[test]
fn a_command_may_remove_the_files_that_carry_the_state() {
    in_every_shell(|image| {
        let run = build(
            image,
            &[
                "A=1; cd /codebuild",
                "rm -rf /codebuild/output/tmp/*; B=2",
                "echo $A $B $(pwd)",
                "rm -rf /codebuild/output/tmp",
            ],
        );
        // The directory itself is in use.
        run.assert_failed();
        assert_eq!(
            run.output_of("echo $A $B $(pwd)"),
            "1 2 /codebuild\n",
            "in {image}"
        );
        let tail =
            "> Command did not exit successfully rm -rf /codebuild/output/tmp exit status 1\n";
        assert!(run.log().contains(tail), "{run}");
    });
}

#[test]
fn rubbish_in_the_state_fails_commands_unless_it_is_written_over() {
    let file = "/codebuild/output/tmp/env.sh";
    let spoil = format!("echo 'rubbish (' > {file}");
    let and_keep = format!("{spoil}; exit 0");
    in_every_shell(|image| {
        let run = TestEnv::new()
            .image(image)
            .buildspec(&failing_phases(
                [&spoil, &and_keep, "echo never"],
                "echo after $CODEBUILD_BUILD_SUCCEEDING",
            ))
            .run();
        run.assert_failed();
        let log = run.log();
        assert_eq!(log.matches("\nafter 1\n").count(), 1, "in {image}: {run}");
        assert!(log.contains(file), "in {image}: {run}");
        assert!(log.contains("echo never exit status 2\n"), "{run}");
        assert!(!log.contains("found dead"), "{run}");
    });
}

#[test]
fn a_signal_to_its_own_group_ends_a_command_alone() {
    in_every_shell(|image| {
        let run = TestEnv::new()
            .image(image)
            .buildspec(&failing_phases(
                [
                    "kill 0; echo never",
                    "trap 'kill -HUP 0' EXIT; echo yes",
                    "(sleep 0.1; kill -INT 0) & sleep 10",
                ],
                "echo after",
            ))
            .run();
        run.assert_failed();
        let log = run.log();
        assert_eq!(log.matches("\nafter\n").count(), 3, "in {image}: {run}");
        for status in [143, 129, 130] {
            let status = format!(" exit status {status}\n");
            assert!(log.contains(&status), "no{status} in {image}: {run}");
        }
    });
}

#[test]
fn signals_that_rain_on_the_agent_change_nothing() {
    let rain = "agent=$PPID; (trap '' TERM INT HUP; i=0; while [ $i -lt 5000 ]; do kill -TERM $agent; kill -INT $agent; kill -HUP $agent; i=$((i+1)); done; touch over) & :";
    let numbers: Vec<String> = (0..40).map(|number| format!("echo {number}")).collect();
    in_every_shell(|image| {
        let mut commands = vec![rain];
        commands.extend(numbers.iter().map(String::as_str));
        commands.push("until [ -e over ]; do sleep 0.05; done");
        let run = build(image, &commands);
        run.assert_succeeded();
        for (number, command) in numbers.iter().enumerate() {
            assert_eq!(run.output_of(command), format!("{number}\n"), "in {image}");
        }
    });
}

#[test]
fn a_command_that_a_signal_ends_shows_no_line_of_the_agent() {
    in_every_shell(|image| {
        let run = build(image, &["kill -KILL $$"]);
        run.assert_failed();
        let output = run.output_of("kill -KILL $$");
        assert!(
            ["", "Killed\n"].contains(&output.as_str()),
            "in {image}: {output}"
        );
    });
}

#[test]
fn output_without_a_newline_comes_whole_however_long_it_is() {
    let command = "head -c 3000000 /dev/zero | tr '\\0' z";
    let run = build(engine::IMAGE, &[command, "echo after"]);
    run.assert_succeeded();
    let start = run.stdout.find("\nzzz").unwrap() + 1;
    let count = run.stdout[start..].bytes().take_while(|byte| *byte == b'z');
    assert_eq!(count.count(), 3_000_000);
    // The agent's next line is a line of its own.
    assert!(run.stdout[start + 3_000_000..].starts_with("\n[Container] "));
}

#[test]
fn control_characters_in_a_command_run_verbatim() {
    // All but newline and NUL, as escapes where YAML wants it so.
    let text: String = ('\u{1}'..='\u{1f}')
        .filter(|c| *c != '\n')
        .chain("\u{7f}\u{80}\u{a0}é\u{fffd}\u{1F600}".chars())
        .collect();
    let command = format!("printf '%s' '{text}' | od -An -tx1 | tr -d ' \\n'");
    let bytes: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let expected = bytes.join("");
    let spec = serde_json::json!({
        "version": 0.2,
        "phases": { "build": { "commands": [command, "echo after\r"] } }
    });
    let spec = spec
        .to_string()
        .replace('\u{7f}', "\\u007f")
        .replace('\u{80}', "\\u0080");
    in_every_shell(|image| {
        let run = TestEnv::new().image(image).buildspec(&spec).run();
        run.assert_succeeded();
        assert!(run.stdout.contains(&expected), "in {image}: {run}");
        assert!(run.stdout.contains("\nafter\r\n\n"), "in {image}: {run}");
    });
}

#[test]
fn a_buildspec_with_crlf_runs_as_one_with_lf() {
    let spec = "version: 0.2
phases:
  build:
    commands:
      - A=1
      - |
        if true; then
          echo $A |
            od -An -tx1
        fi
";
    let run = TestEnv::new().buildspec(&spec.replace('\n', "\r\n")).run();
    run.assert_succeeded();
    assert!(run.stdout.contains("\n 31 0a\n"), "{run}");
}
