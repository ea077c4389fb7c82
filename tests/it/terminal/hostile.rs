//! What others wrote, in the line that says what runs.

use super::{HEIGHT, Screen, has_status, left, shown, start, text};
use crate::env::TestEnv;

/// What a terminal would obey, in a comment.
const OBEYED: &str =
    "\u{1b}]0;T\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{200b}\u{2066}\rFORGED\u{8}\u{7f}\u{feff}";

/// The lines that say what runs, as they were drawn in full.
fn drawn(shown: &str) -> Vec<String> {
    let lines = shown.split("\x1b[2m-- 0:").skip(1);
    lines
        .map(|line| format!("-- 0:{}", line.split('\x1b').next().unwrap()))
        .collect()
}

/// How many columns a text takes in which wide characters are ideographs.
fn columns(text: &str) -> usize {
    text.chars()
        .map(|c| if c >= '\u{1100}' { 2 } else { 1 })
        .sum()
}

#[test]
fn nothing_of_a_command_is_obeyed_in_the_line() {
    // YAML takes them as escapes alone.
    let escape = |c| format!("\\u{:04x}", u32::from(c));
    let escaped = OBEYED.chars().map(escape).collect::<Vec<_>>().concat();
    let env = TestEnv::new().buildspec(&format!(
        "version: 0.2\nphases: {{build: {{commands: [\"sleep 3.5 # {escaped} end\"]}}}}\n"
    ));
    let shown = shown(&env, 160);
    let lines = drawn(&shown);
    let seen = "command 1 of 1: sleep 3.5 # ^[]0;T^G^[[2J<U+009B>31m<U+202E><U+200B><U+2066>^MFORGED^H^?<U+FEFF> end";
    assert!(
        lines.iter().any(|line| line.ends_with(seen)),
        "{lines:?} in {shown:?}"
    );
    for obeyed in OBEYED.chars().filter(|c| !matches!(c, '\u{1b}' | '\r')) {
        assert!(
            obeyed.is_ascii_graphic() || !shown.contains(obeyed),
            "{obeyed:?} in {shown:?}"
        );
    }
    // It fails for sequences that are not cobuild's.
    let screen = Screen::of(&shown, 160, HEIGHT.into());
    assert!(!screen.text().contains("\nFORGED"), "{shown:?}");
}

#[test]
fn wide_characters_keep_the_line_within_the_terminal() {
    let wide = "界".repeat(200);
    let env = TestEnv::new().build_command(&format!("sleep 3.5 # {wide}"));
    for width in [30, 41, 80] {
        let shown = shown(&env, width);
        let lines = drawn(&shown);
        assert!(!lines.is_empty(), "{shown:?}");
        for line in lines {
            assert!(columns(&line) < width.into(), "{line} in {width}");
        }
    }
}

#[test]
fn a_secret_is_in_neither_the_line_nor_the_log_file() {
    let spec = "version: 0.2
env: {parameter-store: {TOKEN: /token}}
phases:
  build:
    commands:
      - 'sleep 2.5 # hunter2-and-more'
      - \"printf 'a hunter'; sleep 2.5; printf '2-and-mo'; sleep 1.5; printf 're b'\"
";
    let env =
        TestEnv::new()
            .buildspec(spec)
            .args(&["--log-file", "build.log", "--timestamps", "short"]);
    let env = env.variable("COBUILD_SECRET_TOKEN", "hunter2-and-more");
    let shown = shown(&env, 80);
    assert!(has_status(&shown), "{shown:?}");
    let lines = drawn(&shown);
    let masked = "command 1 of 2: sleep 2.5 # ***";
    assert!(
        lines.iter().any(|line| line.ends_with(masked)),
        "{lines:?} in {shown:?}"
    );
    let log = std::fs::read_to_string(env.path("build.log")).unwrap();
    for text in [&left(&shown, 80), &log] {
        assert!(text.contains("\na *** b\n"), "{text}");
    }
    for text in [&shown, &log] {
        assert!(!text.contains("hunter2"), "{text:?}");
    }
    let (_, output) = log.rsplit_once("Running command printf").unwrap();
    let (_, output) = output.split_once('\n').unwrap();
    assert!(!output.contains("hunter"), "{log}");
}

#[test]
fn the_line_is_drawn_in_full_after_another_had_the_terminal() {
    let env = TestEnv::new().build_command("sleep 9");
    let mut session = start(&env, 80, "& read -r go; kill -CONT $!; wait $!");
    let line = "BUILD command 1 of 1: sleep 9";
    let before = session.exp_string(line).unwrap();
    session.send_line("go").unwrap();
    // Of a line that is there only the time would change.
    let again = session.exp_string(line).unwrap();
    let after = session.exp_eof().unwrap();
    let left = left(&text(&format!("{before}{line}{again}{line}{after}")), 80);
    assert!(left.contains("\nSUCCEEDED in "), "{left}");
    assert!(!left.contains("-- "), "{left}");
}
