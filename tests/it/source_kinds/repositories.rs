//! What a checkout is made of, and that nothing of it stays.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rustix::process::Signal;

use super::{Repository, TELL, git, left, planned};
use crate::engine;
use crate::env::TestEnv;
use crate::source::give_away;

#[test]
fn worktrees_submodules_and_bare_repositories_are_repositories_too() {
    let env = TestEnv::new().build_command(TELL);
    let repository = Repository::of(&env);
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let worktree = env.path("worktree");
    repository.git(&["worktree", "add", "--quiet", worktree.to_str().unwrap()]);
    repository.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let parent = Repository::new(env.path("parent"));
    parent.git(&["submodule", "--quiet", "add", "../source", "sub"]);
    parent.commit("with a submodule");
    repository.git(&["clone", "--quiet", "--shared", ".", "../shared"]);
    let address = format!("file://{}", env.source().display());
    git(
        &env.path(""),
        &["clone", "--quiet", "--depth=1", &address, "shallow"],
    );
    for (source, named) in [
        ("worktree", &[][..]),
        ("bare.git", &[]),
        ("parent/sub", &[]),
        ("shared", &["--git-dir", "source/.git"]),
        ("shallow", &[]),
        ("source/.git", &[]),
    ] {
        for depth in [&[][..], &["--git-clone-depth", "1"]] {
            let arguments = ["-s", source, "--source-version", &commit];
            let run = env.again(&arguments).args(named).args(depth).run();
            run.assert_succeeded();
            let told = format!("{commit}\nHEAD\nfirst\n");
            assert_eq!(run.output_of(TELL), told, "{source}: {run}");
        }
    }
    // Submodules are not fetched.
    let run = env
        .again(&["-s", "parent", "--source-version", "main"])
        .args(&[
            "-b",
            "version: 0.2\nphases: {build: {commands: [ls -A sub | wc -l]}}\n",
        ])
        .run();
    run.assert_succeeded();
    assert_eq!(run.output_of("ls -A sub | wc -l"), "0\n");
}

#[test]
fn a_repository_of_another_user_is_trusted() {
    let env = TestEnv::new()
        .build_command(TELL)
        .args(&["--source-version", "main"]);
    let commit = Repository::of(&env).git(&["rev-parse", "HEAD"]);
    give_away(&env.source());
    for depth in [&[][..], &["--git-clone-depth", "1"]] {
        let run = env.again(depth).run();
        run.assert_succeeded();
        let told = format!("{commit}\nHEAD\nfirst\n");
        assert_eq!(run.output_of(TELL), told, "{run}");
    }
}

#[test]
fn a_tree_without_a_repository_has_no_versions() {
    let env = TestEnv::new().build_command("echo never");
    for command in [TestEnv::run, |env: &TestEnv| planned(env).0] {
        let run = command(&env.again(&["--source-version", "main"]));
        run.assert_code(2);
        assert!(
            run.stderr.contains("not the root of a git repository"),
            "{run}"
        );
        assert!(run.stderr.contains("leave --source-version out"), "{run}");
    }
    Repository::new(env.path("")).commit("above");
    let run = env.again(&["--source-version", "main"]).run();
    run.assert_code(2);
    assert!(run.stderr.contains("is the root"), "{run}");

    let without_git = env.variable("PATH", "/nowhere");
    let run = without_git
        .again(&["-s", ".", "--source-version", "main"])
        .run();
    run.assert_code(3);
    assert!(run.stderr.contains("needs the command `git`"), "{run}");
}

#[test]
fn nothing_that_the_user_s_git_would_run_is_run() {
    let env = TestEnv::new()
        .file(".gitattributes", "text filter=mine\n")
        .build_command(TELL)
        .args(&["--source-version", "main"]);
    let marker = env.path("marker");
    let script = env.path("script");
    let text = format!("#!/bin/sh\necho $0 >> '{}'\ncat\n", marker.display());
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    let repository = Repository::of(&env);
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let script = script.to_str().unwrap();
    for place in ["hooks", "source/.git/hooks", "template/hooks"] {
        fs::create_dir_all(env.path(place)).unwrap();
        for hook in ["post-checkout", "reference-transaction", "pre-auto-gc"] {
            fs::copy(script, env.path(place).join(hook)).unwrap();
        }
    }
    let (hooks, template) = (env.path("hooks"), env.path("template"));
    fs::write(
        env.path("home/.gitconfig"),
        format!(
            "[core]\nhooksPath = {}\nfsmonitor = {script}\n[init]\ntemplateDir = {}\n\
             [filter \"mine\"]\nsmudge = {script}\nclean = {script}\nrequired = true\n\
             [uploadpack]\npackObjectsHook = {script}\n",
            hooks.display(),
            template.display(),
        ),
    )
    .unwrap();
    repository.git(&["config", "core.fsmonitor", script]);
    repository.git(&["config", "filter.mine.smudge", script]);
    let elsewhere = env.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let env = env
        .variable("GIT_DIR", elsewhere.to_str().unwrap())
        .variable("GIT_WORK_TREE", elsewhere.to_str().unwrap())
        .variable("GIT_TEMPLATE_DIR", template.to_str().unwrap());
    for depth in [&[][..], &["--git-clone-depth", "1"]] {
        let run = env.again(depth).run();
        run.assert_succeeded();
        let told = format!("{commit}\nHEAD\nfirst\n");
        assert_eq!(run.output_of(TELL), told, "{run}");
        let ran = fs::read_to_string(&marker).unwrap_or_default();
        assert_eq!(ran, "", "{run}");
    }
    assert_eq!(fs::read_dir(elsewhere).unwrap().count(), 0);
}

#[test]
fn a_stop_before_the_build_begins_leaves_nothing() {
    let env = TestEnv::new()
        .build_command("echo never")
        .variable("GIT_SSH_COMMAND", "sleep 60; false")
        .args(&["--source-version", "pr/7"]);
    let repository = Repository::of(&env);
    repository.git(&["remote", "add", "origin", "ssh://git@example.com/r.git"]);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let running = env.start();
        let begun = engine::eventually(Duration::from_secs(30), || left(&env) > 0);
        assert!(begun);
        running.signal(signal);
        let run = running.finish();
        run.assert_code(code);
        assert_eq!(run.stdout, "");
        assert_eq!(left(&env), 0);
    }
}

#[test]
fn an_origin_that_cannot_be_asked_is_told() {
    let env = TestEnv::new()
        .build_command("echo never")
        .variable("GIT_SSH_COMMAND", "echo no way in >&2; false")
        .args(&["--source-version", "pr/7"]);
    let repository = Repository::of(&env);
    let run = env.run();
    run.assert_failed();
    assert!(run.stderr.contains("no remote `origin`"), "{run}");
    repository.git(&["remote", "add", "origin", "ssh://git@example.com/r.git"]);
    let run = env.run();
    run.assert_failed();
    assert!(run.stdout.ends_with("source version pr/7\n"), "{run}");
    assert!(run.stderr.contains("cannot fetch `pr/7`"), "{run}");
}

#[test]
fn a_killed_run_leaves_its_checkout_to_the_next() {
    let env = TestEnv::new()
        .build_commands(&["echo begun", "sleep 60"])
        .args(&["--source-version", "main"]);
    Repository::of(&env);
    for signal in [Signal::INT, Signal::KILL] {
        let running = env.start();
        running.wait_for_line("begun");
        assert!(left(&env) > 2, "the checkout, the view of it, their locks");
        running.signal(signal);
        let run = running.finish();
        if signal == Signal::INT {
            run.assert_code(130);
            assert_eq!(left(&env), 0);
        }
    }
    assert!(left(&env) > 0);
    let next = env.again(&["--mock", "sleep"]);
    let swept = engine::eventually(Duration::from_secs(30), || {
        next.run().assert_succeeded();
        left(&env) == 0
    });
    assert!(swept, "{:?}", fs::read_dir(env.scratch()));
}

#[test]
fn a_container_that_is_kept_keeps_its_checkout() {
    let env = TestEnv::new()
        .build_commands(&["echo begun", "false"])
        .args(&["--source-version", "main", "--debug=keep"]);
    Repository::of(&env);
    let running = env.start();
    running.wait_for_line("begun");
    let container = running.container();
    running.finish().assert_failed();
    let seen = engine::docker(&[
        "exec",
        &container,
        "sh",
        "-c",
        "cat /codebuild/output/src*/src/text",
    ]);
    assert_eq!(seen, "first");
    // Other runs leave it alone.
    let other = env.again(&["--only", "install"]);
    let mut command = other.command();
    command.env("DOCKER_HOST", "unix:///nowhere.sock");
    assert_eq!(command.output().unwrap().status.code(), Some(3));
    assert!(left(&env) > 0);
    let mut clean = std::process::Command::new(env!("CARGO_BIN_EXE_cobuild"));
    clean.arg("clean").env("HOME", env.path("home"));
    clean.env_remove("XDG_CACHE_HOME");
    assert!(clean.output().unwrap().status.success());
    assert_eq!(left(&env), 0, "{:?}", fs::read_dir(env.scratch()));
}

#[test]
fn a_checkout_cannot_be_mounted() {
    let env =
        TestEnv::new()
            .build_command("echo never")
            .args(&["--mount", "--source-version", "main"]);
    Repository::of(&env);
    let run = env.run();
    run.assert_code(2);
    assert!(run.stderr.contains("leave --mount out"), "{run}");
    assert_eq!(left(&env), 0);
}
