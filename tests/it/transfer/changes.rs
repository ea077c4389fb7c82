//! `--show-changes`.

use super::{COPY_ON_WRITE, TAR, shell, succeeds};
use crate::env::{Run, TestEnv};

/// What is said of the changes.
fn changes(run: &Run) -> String {
    let start = run.stderr.find("changes in ").unwrap_or(run.stderr.len());
    run.stderr[start..].to_owned()
}

fn project(commands: &[&str]) -> TestEnv {
    TestEnv::new()
        .build_commands(commands)
        .file("kept", "1")
        .file("changed", "1")
        .file("gone", "1")
        .file("touched", "1")
        .file("mode", "1")
        .file("dir/a", "1")
        .file("dir/b", "1")
        .file("anew/a", "1")
        .file("anew/b/c", "1")
        .file("old/x", "1")
        .args(&["--show-changes"])
        .args(COPY_ON_WRITE)
}

#[test]
fn what_the_build_made_of_its_source_is_listed() {
    let env = project(&[
        "echo 2 > changed && rm -r gone old && touch touched && chmod 700 mode",
        "mkdir -p made/deep && echo 1 > made/deep/file && echo 1 > dir/c && rm dir/a",
        "rm -r anew && mkdir anew && printf 1 > anew/a && mv kept moved && printf 1 > kept",
        "chown -R 12:12 dir && printf 'x' > \"$(printf 'odd\\nname')\"",
    ]);
    let run = succeeds(&env);
    assert_eq!(
        changes(&run),
        "changes in the source:\nD anew/b/\nM changed\nD dir/a\nA dir/c\nD gone\nA made/\nM mode\n\
         A moved\nA odd\\nname\nD old/\n"
    );
    assert!(run.stderr.find("changes in").unwrap() > run.stderr.find("SUCCEEDED").unwrap());
}

#[test]
fn a_build_that_changes_nothing_is_told_as_such() {
    let env = project(&["cat dir/*", "git status", "git log"]);
    let script = "git init --quiet && git add --all && \
        git -c user.name=T -c user.email=t@example.com commit --quiet -m one";
    shell(&env.source(), script);
    assert_eq!(changes(&succeeds(&env)), "changes in the source: none\n");
    let commit =
        "git -c user.name=T -c user.email=t@example.com commit --quiet --allow-empty -m two";
    let env = env.build_command(commit);
    shell(
        &env.source(),
        "git -c user.name=T -c user.email=t@example.com commit --quiet -am b",
    );
    assert_eq!(
        changes(&succeeds(&env)),
        "changes in the source:\nM .git/\n"
    );
}

#[test]
fn a_failed_build_and_a_secondary_source_have_changes_too() {
    let env = project(&["echo x > \"$CODEBUILD_SRC_DIR_lib/new\"; false"]);
    std::fs::create_dir(env.path("lib")).unwrap();
    let own = env.source();
    let run = env
        .args(&["-s", own.to_str().unwrap(), "-s", "lib:lib"])
        .run();
    run.assert_failed();
    assert_eq!(
        changes(&run),
        "changes in the source: none\nchanges in the source `lib`:\nA new\n"
    );
}

#[test]
fn what_was_left_out_is_not_gone() {
    let env = project(&["mkdir dir; echo 1 > dir/a"]);
    let run = succeeds(&env.args(&["--exclude", "dir", "--exclude", "kept"]));
    assert_eq!(changes(&run), "changes in the source:\nA dir/\n");
}

#[test]
fn changes_come_as_an_event() {
    let run = succeeds(&project(&["rm kept"]).args(&["--format", "json"]));
    let line = run
        .stdout
        .lines()
        .find(|line| line.contains("\"source-changed\""))
        .unwrap();
    let event: serde_json::Value = serde_json::from_str(line).unwrap();
    let expected = serde_json::json!([{ "kind": "deleted", "path": "kept" }]);
    assert_eq!(event["changes"], expected, "{event}");
    let ready = run
        .stdout
        .lines()
        .find(|line| line.contains("\"source-ready\""));
    assert!(
        ready.unwrap().contains("\"way\":\"copy-on-write\""),
        "{run}"
    );
}

#[test]
fn without_a_view_there_is_nothing_to_tell() {
    for (transfer, way) in [(TAR, "a tar stream"), (&["-m"][..], "a mount")] {
        let env = TestEnv::new().build_command("true").arg("--show-changes");
        let run = env.args(transfer).run();
        run.assert_succeeded();
        assert!(changes(&run).contains(way), "{run}");
    }
    let silent = TestEnv::new().build_command("echo > new").run();
    assert_eq!(changes(&silent), "");
}
