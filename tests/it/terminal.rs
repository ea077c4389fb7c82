//! Builds that somebody looks at on a terminal: short timestamps, a line that says what runs.

mod hostile;
mod screen;

use std::process::Command;

use rexpect::session::{PtySession, spawn_command};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::env::{Run, TestEnv};
use screen::Screen;

const PATIENCE: u64 = 300_000;

const HEIGHT: u16 = 24;

fn size(columns: u16) -> Winsize {
    Winsize {
        ws_row: HEIGHT,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// Starts a build whose stdout and stderr are a terminal of this width, unless `redirection` sends one of
/// them elsewhere.
fn start(env: &TestEnv, columns: u16, redirection: &str) -> PtySession {
    let cobuild = env.command();
    let mut command = Command::new("sh");
    // The size has to be there before the first line is.
    let script = format!("stty -echo; read -r go; exec \"$@\" {redirection}");
    command
        .args(["-c", &script, "sh"])
        .arg(cobuild.get_program())
        .args(cobuild.get_args())
        .current_dir(cobuild.get_current_dir().unwrap())
        .env_clear();
    command.env("TERM", "xterm-256color");
    for (variable, value) in cobuild.get_envs() {
        command.env(variable, value.unwrap());
    }
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    tcsetwinsize(session.process().get_file_handle().unwrap(), size(columns)).unwrap();
    session.send_line("go").unwrap();
    session
}

/// What a terminal of this width is sent in the course of a build.
fn shown(env: &TestEnv, columns: u16) -> String {
    let shown = text(&start(env, columns, "").exp_eof().unwrap());
    // What was typed shows until the echo is off.
    shown.trim_start_matches("go\r\n").to_owned()
}

/// The text of bytes that have been taken for characters each.
fn text(bytes: &str) -> String {
    let bytes = bytes
        .chars()
        .map(|byte| u8::try_from(u32::from(byte)).unwrap());
    String::from_utf8(bytes.collect()).unwrap()
}

/// Whether the line that says what runs is in what a terminal is sent.
fn has_status(shown: &str) -> bool {
    shown.contains("-- 0:0")
}

/// What is left on a terminal, with short times as `T`.
fn left(shown: &str, columns: u16) -> String {
    let screen = Screen::of(shown, columns.into(), HEIGHT.into());
    let lines = screen.text();
    let lines = lines.lines().map(|line| {
        let line = match line.split_at_checked("  0:00.0".len()) {
            Some((time, rest)) if is_time(time) => format!("T{rest}"),
            _ => line.to_owned(),
        };
        line + "\n"
    });
    lines.collect()
}

fn is_time(text: &str) -> bool {
    let shape = text.replace(|c: char| c.is_ascii_digit(), "0");
    shape == "  0:00.0"
}

const LINES: &str = "T Entering phase BUILD
T Running command echo one
one
T Running command printf two
two
T Running command true && true
                   true || false
T Phase complete: BUILD State: SUCCEEDED
";

#[test]
fn lines_have_short_times_and_fit_the_terminal() {
    let env =
        TestEnv::new().build_commands(&["echo one", "printf two", "true && true\ntrue || false"]);
    for columns in [80, 120] {
        for no_color in ["", "1"] {
            let shown = shown(&env.again(&[]).variable("NO_COLOR", no_color), columns);
            let left = left(&shown, columns);
            let lines = LINES.replace("                   true", "         true");
            assert!(left.contains(&lines), "{left}");
            assert!(!left.contains("[Container]"), "{left}");
            assert_eq!(shown.contains("\x1b[2m"), no_color.is_empty(), "{shown:?}");
            assert_eq!(shown.contains("\x1b[1m"), no_color.is_empty(), "{shown:?}");
            let screen = Screen::of(&shown, columns.into(), HEIGHT.into());
            assert_eq!(screen.wraps, 0, "{left}");
        }
    }
}

#[test]
fn full_times_on_a_terminal_are_codebuild_s_bytes_apart_from_colours() {
    let env = TestEnv::new().build_commands(&["echo one", "printf two", "true && true\nfalse"]);
    let full = env.again(&["--timestamps", "full"]);
    let shown = shown(&full.variable("TERM", "dumb"), 200);
    assert!(!shown.contains('\x1b'), "{shown:?}");
    let run = |stdout: String| Run {
        stdout,
        stderr: String::new(),
        code: None,
    };
    let on_terminal = run(shown.replace("\r\n", "\n")).log();
    let piped = env.run().log();
    assert!(
        on_terminal.starts_with(&piped),
        "{on_terminal}------- but not -------\n{piped}"
    );
}

#[test]
fn other_times_can_be_had_in_a_pipe() {
    let env = TestEnv::new().build_command("printf one");
    let log = env.again(&["--timestamps", "none"]).run().stdout;
    let expected = "Entering phase BUILD\nRunning command printf one\none\nPhase complete: BUILD";
    assert!(log.contains(expected), "{log}");
    let log = env.again(&["--timestamps=short"]).run().stdout;
    assert!(log.starts_with("  0:0"), "{log}");
    assert!(
        log.contains(" Running command printf one\none\n  0:0"),
        "{log}"
    );
}

#[test]
fn a_line_says_what_runs_and_leaves_nothing_behind() {
    let long = format!("sleep 3 # {}", "x".repeat(200));
    let env = TestEnv::new().build_commands(&[
        &long,
        "printf 'open '; sleep 3; echo closed",
        "printf '10%%\\r'; sleep 2.5; echo '100%'",
        "printf 日本語; sleep 2.5",
        "echo last",
    ]);
    for columns in [80, 120] {
        let shown = shown(&env, columns);
        assert!(has_status(&shown), "{shown:?}");
        let command = "BUILD command 2 of 5: printf 'open '; sleep 3; echo closed";
        assert!(shown.contains(command), "{shown:?}");
        let left = left(&shown, columns);
        for lines in [
            "\nopen closed\nT Running",
            "\n100%\nT Running",
            "\n日本語\nT Running command echo last\nlast\nT Phase",
        ] {
            assert!(left.contains(lines), "no {lines:?} in {left}\n{shown:?}");
        }
        assert!(!left.contains("-- "), "{left}\n{shown:?}");
        assert!(left.contains("\nSUCCEEDED in "), "{left}");
        // Nothing but the first command is too long for a line, in the log and in the summary.
        let narrow = Screen::of(&shown, columns.into(), HEIGHT.into()).wraps;
        let wide = Screen::of(&shown, 1000, HEIGHT.into()).text();
        let wraps = wide
            .lines()
            .map(|line| line.chars().count().saturating_sub(1) / usize::from(columns));
        assert_eq!(narrow, wraps.sum::<usize>(), "{left}");
    }
}

#[test]
fn a_terminal_that_cannot_or_should_not_draw_has_no_such_line() {
    let env = TestEnv::new().build_command("sleep 2.5; echo done");
    for (name, value) in [("TERM", "dumb"), ("CI", "true")] {
        let env = env.again(&[]).variable(name, value);
        let shown = shown(&env.variable("NO_COLOR", "1"), 80);
        assert!(!shown.contains('\x1b'), "{shown:?}");
        assert!(!has_status(&shown), "{shown:?}");
        assert!(left(&shown, 80).contains("\ndone\nT Phase"), "{shown:?}");
    }
    for arguments in [&["--quiet"][..], &["--format", "json"]] {
        let shown = shown(&env.again(arguments), 80);
        assert!(!has_status(&shown), "{shown:?}");
    }
}

#[test]
fn the_line_is_where_the_log_is() {
    let env = TestEnv::new()
        .build_command("sleep 2.5")
        .variable("NO_COLOR", "1");
    let shown = start(&env, 80, "> log").exp_eof().unwrap();
    assert!(!has_status(&shown), "{shown:?}");
    assert!(shown.contains("SUCCEEDED in "), "{shown:?}");
    let log = std::fs::read_to_string(env.path("log")).unwrap();
    assert!(log.starts_with("[Container] "), "{log:?}");
    assert!(!log.contains('\x1b'), "{log:?}");
    let shown = start(&env, 80, "2> summary").exp_eof().unwrap();
    assert!(has_status(&shown), "{shown:?}");
    let left = left(&shown, 80);
    assert!(
        !left.contains("-- ") && !left.contains("SUCCEEDED in "),
        "{left}"
    );
    let summary = std::fs::read_to_string(env.path("summary")).unwrap();
    assert!(summary.contains("SUCCEEDED in "), "{summary:?}");
    assert!(!summary.contains('\x1b'), "{summary:?}");
}

#[test]
fn the_line_follows_the_width_of_the_terminal() {
    let command = format!("sleep 8 # {}", "x".repeat(200));
    let env = TestEnv::new().build_command(&command);
    let mut session = start(&env, 120, "");
    session
        .exp_string("BUILD command 1 of 1: sleep 8 #")
        .unwrap();
    tcsetwinsize(session.process().get_file_handle().unwrap(), size(40)).unwrap();
    let later = text(&session.exp_eof().unwrap());
    // What an older and wider line may have been wrapped into goes as well.
    let (_, drawn) = later.split_once("\r\x1b[J\x1b[2m-- 0:0").unwrap();
    let (line, _) = drawn.split_once('\x1b').unwrap();
    let width = "-- 0:0".len() + line.chars().count();
    assert!((35..40).contains(&width), "{line}");
    assert!(
        line.contains("BUILD command 1 of 1:") && line.ends_with('…'),
        "{line}"
    );
}

#[test]
fn a_stop_takes_the_line_away_and_names_the_command() {
    let env = TestEnv::new().build_command("sleep 600");
    let mut session = start(&env, 80, "");
    let line = "BUILD command 1 of 1: sleep 600";
    let before = session.exp_string(line).unwrap();
    session.send_control('c').unwrap();
    let after = session.exp_eof().unwrap();
    let left = left(&text(&format!("{before}{line}{after}")), 80);
    assert!(!left.contains("-- "), "{left}");
    assert!(
        left.contains("\nBUILD command 1 was stopped after "),
        "{left}"
    );
}
