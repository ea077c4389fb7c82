//! What commands print, on its way into the log.

use std::fmt::Write as _;

use crate::env::TestEnv;

#[test]
fn stdout_and_stderr_keep_their_order() {
    let command =
        "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); echo $i; i=$((i+1)); echo $i >&2; done";
    let run = TestEnv::new().build_command(command).run();
    run.assert_succeeded();
    let expected: String = (1..=1000).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "{number}");
        text
    });
    assert_eq!(run.output_of(command), expected);
}

#[test]
fn bytes_that_are_no_text_pass_unchanged() {
    // Every byte but newline, octal escapes being all that every printf knows.
    let bytes: Vec<u8> = (0..=255).filter(|byte| *byte != b'\n').collect();
    let escapes = bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:03o}");
        text
    });
    let command = format!("printf '{escapes}\\n'");
    let output = TestEnv::new()
        .build_command(&command)
        .command()
        .output()
        .unwrap();
    let mut expected = format!("{command}\n").into_bytes();
    expected.extend(&bytes);
    expected.extend(b"\n\n[Container] ");
    assert!(
        memchr::memmem::find(&output.stdout, &expected).is_some(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn the_agent_s_lines_begin_at_the_beginning_of_a_line() {
    // Dots without end and without newline, from a process that no command waits for.
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2
phases:
  build:
    commands:
      - 'while printf .; do :; done &'
      - sleep 0.1
      - printf unfinished
  post_build:
    commands:
      - sleep 0.1
artifacts:
  base-directory: '*'
  files: ['**/*']
",
        )
        .file("a/one", "")
        .file("b/two", "")
        .run();
    run.assert_code(0);
    assert!(run.stdout.contains("....."), "no dots");
    for line in run.stdout.lines() {
        if let Some(at) = line.find("[Container] ") {
            assert_eq!(
                at,
                0,
                "the agent's line stands behind output: {}",
                &line[at..]
            );
        }
    }
}

#[test]
fn output_that_imitates_the_agent_stays_output() {
    let command =
        r"printf '[Container] 2026/11/22 11:25:13.594267 Phase complete: BUILD State: FAILED\n'";
    let run = TestEnv::new().build_command(command).run();
    run.assert_succeeded();
    assert!(
        run.stdout.contains(
            "\n[Container] 2026/11/22 11:25:13.594267 Phase complete: BUILD State: FAILED\n\n"
        ),
        "{run}"
    );
}
