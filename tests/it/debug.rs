//! `--debug`, through a terminal of its own, and `--debug=keep`, without one (contract §6.4).

use std::process::Command;

use rexpect::session::{PtySession, spawn_command};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::engine;
use crate::env::{Run, TestEnv};

const BUILDSPEC: &str = "version: 0.2
env:
  variables: {GREETING: 'hello there'}
phases:
  install:
    commands:
      - mkdir sub && cd sub && X=from-install
  build:
    commands:
      - echo be''fore
      - test -e fixed || exit 3
      - echo af''ter
    finally:
      - echo fi''nally
";

/// How long anything may take; the machine may be busy.
const PATIENCE: u64 = 30_000;

fn debug(env: &TestEnv) -> PtySession {
    let mut command = env.command();
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    spawn_command(command, Some(PATIENCE)).unwrap()
}

fn debugging(buildspec: &str, arguments: &[&str]) -> TestEnv {
    TestEnv::new()
        .buildspec(buildspec)
        .args(&["--debug"])
        .args(arguments)
}

/// Waits for the end and returns the exit status.
fn end(mut session: PtySession) -> i32 {
    let _ = session.exp_eof();
    // The crate has no public name for this: `Exited(Pid(1), 0)`.
    let ended = format!("{:?}", session.process_mut().wait().unwrap());
    let status = ended.rsplit(", ").next().unwrap().trim_end_matches(')');
    status.parse().unwrap_or_else(|_| panic!("{ended}"))
}

#[test]
fn a_failing_command_can_be_mended_in_a_shell_and_retried() {
    let env = debugging(BUILDSPEC, &[]);
    let mut session = debug(&env);
    session
        .exp_string("== BUILD command 2 failed with exit status 3")
        .unwrap();
    session.exp_string("debug> ").unwrap();
    session.send_line("s").unwrap();
    session.exp_string("# ").unwrap();
    // The state of the build is loaded.
    session
        .send_line("echo \"[$X|$GREETING|${PWD##*/}|${COBUILD_LIBRARY-nothing else}|$CODEBUILD_LAST_EXIT]\"")
        .unwrap();
    session
        .exp_string("[from-install|hello there|sub|nothing else|")
        .unwrap();
    session.send_line("touch fixed; exit").unwrap();
    session.exp_string("debug> ").unwrap();
    session.send_line("r").unwrap();
    session.exp_string("after").unwrap();
    session.exp_string("finally").unwrap();
    session.exp_string("SUCCEEDED in").unwrap();
    assert_eq!(end(session), 0);
}

#[test]
fn a_shell_knows_the_size_of_the_terminal_and_its_user() {
    let spec = "version: 0.2
phases:
  install:
    commands: [useradd -m builder]
  build:
    run-as: builder
    commands: ['false']
";
    let env = debugging(spec, &[]);
    let mut session = debug(&env);
    session.exp_string("debug> ").unwrap();
    session.send_line("s").unwrap();
    session.exp_string("$ ").unwrap();
    let terminal = session.process().get_file_handle().unwrap();
    let size = Winsize {
        ws_row: 33,
        ws_col: 77,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&terminal, size).unwrap();
    session
        .send_line("until [ \"$(stty size)\" = '33 77' ]; do sleep 0.1; done; id -un")
        .unwrap();
    session.exp_string("builder").unwrap();
    session.send_line("exit").unwrap();
    session.exp_string("debug> ").unwrap();
    session.send_line("a").unwrap();
    session.exp_string("STOPPED in").unwrap();
    assert_eq!(end(session), 130);
}

#[test]
fn a_command_can_be_skipped_or_left_failed() {
    for (key, status, printed) in [("k", 0, "after"), ("g", 1, "finally")] {
        let env = debugging(BUILDSPEC, &["--events", "events"]);
        let mut session = debug(&env);
        session.exp_string("debug> ").unwrap();
        // What is not offered is asked again.
        session.send_line("x").unwrap();
        session.exp_string("debug> ").unwrap();
        session.send_line(key).unwrap();
        session.exp_string(printed).unwrap();
        if key == "k" {
            let line = "  skipped          BUILD command 2: test -e fixed || exit 3";
            session.exp_string(line).unwrap();
            session.exp_string(" s; 1 command skipped").unwrap();
        }
        assert_eq!(end(session), status, "{key}");
        let events = std::fs::read_to_string(env.path("events")).unwrap();
        let skipped = events.matches("\"event\":\"command-skipped\"").count();
        assert_eq!(skipped, usize::from(key == "k"), "{events}");
    }
}

#[test]
fn an_edited_buildspec_brings_its_variables() {
    let spec = "version: 0.2
env: {variables: {CHANGED: old, KEPT: 'a b'}}
phases:
  build:
    commands:
      - '[ \"$CHANGED\" = new ]'
      - echo \"got $CHANGED $ADDED $KEPT\"
";
    let env = debugging(spec, &["--env", "GIVEN=1"]);
    let mut session = debug(&env);
    session.exp_string("debug> ").unwrap();
    let edited = spec.replace("CHANGED: old", "CHANGED: new, ADDED: \"it's\"");
    let edited = edited.replace("env: {", "env: {shell: bash, ");
    let env = env.buildspec(&(edited + "artefacts: {files: x}\n"));
    session.send_line("e").unwrap();
    session.exp_string("artefacts").unwrap();
    session
        .exp_string("set for the commands that follow: CHANGED, ADDED")
        .unwrap();
    session.exp_string("`env.shell`").unwrap();
    session.exp_string("got new it's a b").unwrap();
    assert_eq!(end(session), 0);
    drop(env);
}

#[test]
fn what_a_shell_exports_holds_for_the_commands_that_follow() {
    let spec = "version: 0.2
env: {variables: {ENV: production, KEPT: kept}}
phases:
  build:
    commands:
      - '[ -n \"$X\" ] || exit 3'
      - echo \"i\"n:$PWD; echo \"<$X>\"; echo \"$ENV-$KEPT-$(printenv TERM || echo none)-${SHLVL-none}\"
      - echo \"$(env | grep -c COBUILD_) variables of the shell\"
";
    for (shell, level) in [("sh", "none"), ("bash", "1")] {
        let spec = spec.replace("env: {", &format!("env: {{shell: {shell}, "));
        let env = debugging(&spec, &[]);
        let mut session = debug(&env);
        session.exp_string("debug> ").unwrap();
        session.send_line("s").unwrap();
        session.exp_string("hold for the commands that").unwrap();
        session.exp_string("# ").unwrap();
        session
            .send_line("cd /usr/lib; Y=1; export X='a \"b\" $c `d` \\q'\"'f\"; exit")
            .unwrap();
        session.exp_string("debug> ").unwrap();
        session.send_line("r").unwrap();
        for text in [
            "in:/usr/lib",
            "<a \"b\" $c `d` \\q'f>",
            &format!("production-kept-none-{level}"),
            "0 variables of the shell",
        ] {
            let found = session.exp_string(text);
            assert!(found.is_ok(), "{shell}: no `{text}`: {found:?}");
        }
        assert_eq!(end(session), 0);
    }
}

#[test]
fn an_edited_buildspec_is_read_again() {
    let env = debugging(BUILDSPEC, &[]);
    let mut session = debug(&env);
    session.exp_string("debug> ").unwrap();
    let env = env.buildspec("version: 0.2\nphases: {build: [a]}\n");
    session.send_line("e").unwrap();
    session
        .exp_string("YAML_FILE_ERROR: Cannot unmarshal list to map")
        .unwrap();
    session.exp_string(" --> buildspec.yml:2:").unwrap();
    session.exp_string("debug> ").unwrap();
    let env = env.buildspec(BUILDSPEC);
    session.send_line("e").unwrap();
    session.exp_string("the buildspec is unchanged").unwrap();
    session.exp_string("debug> ").unwrap();
    let _env = env.buildspec(&BUILDSPEC.replace("exit 3", "echo men''ded"));
    session.send_line("e").unwrap();
    session.exp_string("mended").unwrap();
    session.exp_string("after").unwrap();
    assert_eq!(end(session), 0);
}

#[test]
fn a_breakpoint_waits_for_resume() {
    let spec = "version: 0.2
phases:
  build:
    commands:
      - codebuild-resume
      - codebuild-breakpoint > /dev/null; echo go''ing
      - codebuild-breakpoint
      - echo en''d
";
    let env = debugging(spec, &[]);
    let mut session = debug(&env);
    session
        .exp_string("== at a breakpoint in BUILD command 2")
        .unwrap();
    session.exp_string("debug> ").unwrap();
    session.send_line("g").unwrap();
    session.exp_string("going").unwrap();
    session
        .exp_string("== at a breakpoint in BUILD command 3")
        .unwrap();
    session.exp_string("debug> ").unwrap();
    session.send_line("s").unwrap();
    session.exp_string("# ").unwrap();
    session.send_line("codebuild-resume").unwrap();
    session.exp_string("end").unwrap();
    assert_eq!(end(session), 0);
}

#[test]
fn without_debugging_breakpoints_do_nothing() {
    let run = TestEnv::new()
        .build_commands(&["codebuild-breakpoint", "codebuild-resume"])
        .run();
    run.assert_succeeded();
}

#[test]
fn the_build_stands_still_where_it_is_told() {
    let env = debugging(BUILDSPEC, &["--break-at", "build", "--break-at", "build:2"]);
    let mut session = debug(&env);
    session.exp_string("== before BUILD command 1").unwrap();
    session.exp_string("debug> ").unwrap();
    session.send_line("g").unwrap();
    session.exp_string("before").unwrap();
    session.exp_string("== before BUILD command 2").unwrap();
    session.exp_string("debug> ").unwrap();
    session.send_line("k").unwrap();
    session.exp_string("after").unwrap();
    assert_eq!(end(session), 0);
}

#[test]
fn a_signal_at_the_menu_stops_the_build() {
    let env = debugging(BUILDSPEC, &[]);
    let mut session = debug(&env);
    session.exp_string("debug> ").unwrap();
    session.send_control('c').unwrap();
    session.exp_string("STOPPED in").unwrap();
    assert_eq!(end(session), 130);
}

#[test]
fn debugging_needs_a_terminal() {
    let env = debugging(BUILDSPEC, &[]);
    let command = env.command();
    // A session of its own has none.
    let program = command.get_program().to_owned();
    let mut detached = Command::new("setsid");
    detached.arg("--wait").arg(program).args(command.get_args());
    detached.stdin(std::process::Stdio::null());
    let run = Run::new(detached.output().unwrap());
    run.assert_code(2);
    assert!(run.stderr.contains("--debug needs a terminal"), "{run}");
    assert!(run.stderr.contains("--debug=keep"), "{run}");
}

#[test]
fn a_kept_container_can_be_entered_and_is_cleaned_away() {
    let env = TestEnv::new().buildspec(BUILDSPEC).args(&["--debug=keep"]);
    let run = env.run();
    run.assert_failed();
    assert!(
        !run.log().contains("finally\n\n"),
        "nothing runs after: {run}"
    );
    let line = run
        .stderr
        .lines()
        .find_map(|line| line.trim().strip_prefix("docker exec -it "))
        .unwrap_or_else(|| panic!("{run}"));
    let (_, last) = run.stderr.split_once("FAILED in ").unwrap();
    let told = "\nthe container stays: BUILD command 2 failed with exit status 3: test -e fixed || exit 3\n  docker exec ";
    assert!(last.contains(told), "{run}");
    let last = run.stderr.trim_end().lines().last();
    assert_eq!(last, Some("`cobuild clean` removes the container"), "{run}");
    // As it is printed, but for the terminal.
    let mut words = line.split(' ');
    let (_, _, container) = (words.next(), words.next(), words.next().unwrap());
    let shell = format!("echo 'echo $X; pwd' | docker exec -i {line}");
    let output = Command::new("sh").args(["-c", &shell]).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("from-install"), "{printed} {run}");
    assert!(printed.contains("/sub"), "{printed} {run}");

    let clean = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_cobuild"))
            .arg("clean")
            .args(arguments)
            .env("HOME", env.path("home"))
            .output()
            .unwrap();
        let run = Run::new(output);
        run.assert_succeeded();
        run.stdout
    };
    let listed = clean(&["--dry-run"]);
    assert!(
        listed.contains(&format!("would remove container {container}")),
        "{listed}"
    );
    let removed = clean(&[]);
    assert!(
        removed.contains(&format!("removed container {container}")),
        "{removed}"
    );
    let left = engine::docker(&["ps", "-aq", "--filter", &format!("id={container}")]);
    assert_eq!(left, "");
    assert_eq!(
        std::fs::read_dir(env.scratch()).map_or(0, Iterator::count),
        0
    );
}
