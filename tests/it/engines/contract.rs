//! What every engine must do, whichever way it is reached.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use rustix::process::Signal;

use super::way::Way;
use crate::env::files;

/// A fact about an engine.
type Fact = fn(&Way<'_>);

/// All of them, by name.
const FACTS: &[(&str, Fact)] = &[
    ("log and status", log_and_status),
    ("source and artifacts", source_and_artifacts),
    ("a source with parts left out", left_out),
    ("a cache", cache),
    ("orphans", orphans),
    ("an absent image", absent_image),
    ("an image without a shell", image_without_shell),
    ("privileges", privileges),
    ("a terminal", terminal),
    ("a kept container", kept),
    ("a stop", stop),
    ("a kill", kill),
];

/// Checks all of it; `reached` names the way for whoever reads why it failed.
pub(super) fn check(reached: &str, way: &Way<'_>) {
    for (name, fact) in FACTS {
        let checked = catch_unwind(AssertUnwindSafe(|| {
            fact(way);
            way.assert_nothing_is_left();
        }));
        // What is wrong is told already.
        assert!(checked.is_ok(), "{reached}: {name}");
    }
}

fn log_and_status(way: &Way<'_>) {
    let env = way
        .env()
        .build_commands(&["echo out; echo err >&2; id -u", "exit 3", "echo never"]);
    let run = way.run(&env);
    run.assert_failed();
    assert_eq!(
        run.output_of("echo out; echo err >&2; id -u"),
        "out\nerr\n0\n"
    );
    let log = run.log();
    for line in [
        "> Phase complete: BUILD State: FAILED\n",
        "Message: Error while executing command: exit 3. Reason: exit status 3\n",
    ] {
        assert!(log.contains(line), "{run}");
    }
    assert!(!log.contains("never"), "{run}");
    // The container is gone when cobuild is.
    assert_eq!(way.remains(), "", "{run}");
}

fn source_and_artifacts(way: &Way<'_>) {
    let spec = "version: 0.2
phases:
  build:
    commands: [cat given.txt, echo made > made.txt; echo changed > given.txt; rm -r gone]
artifacts:
  files: ['*.txt']
";
    for transfer in ["auto", "tar"] {
        let env = way
            .env()
            .file("given.txt", "given\n")
            .file("gone/file", "")
            .buildspec(spec)
            .args(&["-v", "--source-transfer", transfer, "--artifacts", "kept"]);
        let run = way.run(&env);
        run.assert_succeeded();
        assert_eq!(run.output_of("cat given.txt"), "given\n");
        let expected = if transfer == "auto" {
            way.transfer
        } else {
            "a tar stream"
        };
        assert!(
            run.stderr.contains(&format!("comes in by {expected}")),
            "{run}"
        );
        let kept = files(&env.path("kept"));
        assert_eq!(kept["made.txt"], "made\n");
        assert_eq!(kept["given.txt"], "changed\n");
        let source = files(&env.source());
        assert_eq!(source["given.txt"], "given\n");
        assert_eq!(source.len(), 3, "{source:?}");
        assert_eq!(fs::read_dir(env.scratch()).map_or(0, Iterator::count), 0);
    }
}

fn left_out(way: &Way<'_>) {
    let env = way
        .env()
        .file("given.txt", "")
        .file("secret.txt", "")
        .build_command("ls")
        .args(&["--exclude", "secret.*"]);
    let run = way.run(&env);
    run.assert_succeeded();
    assert_eq!(run.output_of("ls"), "buildspec.yml\ngiven.txt\n");
}

fn cache(way: &Way<'_>) {
    let spec = "version: 0.2
phases:
  build:
    commands: [cat kept/file || echo none, mkdir -p kept; echo cached > kept/file]
cache:
  paths: [kept/**/*]
";
    let env = way.env().buildspec(spec).args(&["--cache", "local"]);
    for printed in ["none\n", "cached\n"] {
        let run = way.run(&env);
        run.assert_succeeded();
        let output = run.output_of("cat kept/file || echo none");
        assert!(output.ends_with(printed), "{run}");
    }
}

fn orphans(way: &Way<'_>) {
    let count = "grep -l '^State:.Z' /proc/[0-9]*/status | wc -l";
    let env = way.env().build_commands(&[
        "for each in 1 2 3; do (sleep 0.1 &); done",
        "sleep 1",
        count,
        "sleep 600 & echo started",
    ]);
    let run = way.run(&env);
    run.assert_succeeded();
    if way.has_init {
        assert_eq!(run.output_of(count).trim(), "0", "{run}");
    }
}

fn absent_image(way: &Way<'_>) {
    for image in ["127.0.0.1:1/absent:1", "Not A Name"] {
        let env = way.env().image(image).build_command("true");
        let run = way.run(&env);
        run.assert_failed();
        let context = "Phase context status code: BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE Message: Unable to pull customer's container image. CannotPullContainerError: Error response from daemon: ";
        assert!(run.log().contains(context), "{run}");
    }
}

fn image_without_shell(way: &Way<'_>) {
    let name = "cobuild-test-no-shell";
    let env = way.env().image(name).build_command("true");
    fs::write(env.path("file"), "").unwrap();
    let tar = env.path("image.tar");
    let packed = Command::new("tar")
        .arg("-cf")
        .arg(&tar)
        .arg("-C")
        .arg(env.path(""))
        .arg("file")
        .status();
    assert!(packed.unwrap().success());
    way.import(&tar, name);
    let run = way.run(&env);
    run.assert_failed();
    assert!(run.stderr.contains("has no `sh`"), "{run}");
    assert!(run.log().contains("Build container found dead"), "{run}");
}

fn privileges(way: &Way<'_>) {
    let mount = "mkdir /m && mount -t tmpfs none /m && echo mounted";
    let env = way.env().build_command(mount);
    way.run(&env).assert_failed();
    let run = way.run(&env.args(&["--privileged"]));
    run.assert_succeeded();
    assert_eq!(run.output_of(mount), "mounted\n");
}

fn terminal(way: &Way<'_>) {
    let env = way.env().build_command("false").args(&["--debug"]);
    let mut session = way.start_on_terminal(&env);
    session.exp_string("debug> ").unwrap();
    session.send_line("s").unwrap();
    session.exp_string("# ").unwrap();
    session
        .send_line("test -t 0 && echo \"<$((6 * 7))>\"; exit")
        .unwrap();
    session.exp_string("<42>").unwrap();
    session.exp_string("debug> ").unwrap();
    session.send_line("a").unwrap();
    session.exp_string("STOPPED in").unwrap();
    session.exp_eof().unwrap();
}

fn kept(way: &Way<'_>) {
    let env = way
        .env()
        .build_commands(&["X=1", "false"])
        .args(&["--debug=keep"]);
    let run = way.run(&env);
    run.assert_failed();
    let line = run
        .stderr
        .lines()
        .find_map(|line| line.split_once(" exec -it "))
        .unwrap_or_else(|| panic!("{run}"));
    let words: Vec<&str> = line.1.split(' ').collect();
    let (options, shell) = words.split_at(3);
    // The shell reads what there is to read.
    let typed = format!("echo 'echo \"<$X>\"' | {}", shell.join(" "));
    let shown = way.look(&[&["exec"], options, &["sh", "-c", &typed]].concat());
    assert!(shown.contains("<1>"), "{shown} {run}");
    way.look(&["rm", "--force", "--volumes", words[2]]);
}

fn stop(way: &Way<'_>) {
    let env = way.env().build_command("sleep 600");
    let running = way.start(&env);
    running.wait_for_line("> Running command sleep 600");
    running.signal(Signal::INT);
    let run = running.finish();
    run.assert_code(130);
    assert!(run.stderr.contains("STOPPED in"), "{run}");
    assert_eq!(way.remains(), "", "{run}");
}

fn kill(way: &Way<'_>) {
    let env = way.env().build_command("sleep 600");
    let running = way.start(&env);
    running.wait_for_line("> Running command sleep 600");
    assert_ne!(way.remains(), "");
    running.signal(Signal::KILL);
    running.finish();
    way.assert_nothing_is_left();
}
