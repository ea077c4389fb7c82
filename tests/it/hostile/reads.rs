//! Builds and images that answer without end, or not at all: cobuild takes little memory, and ends when
//! it is to.

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::measured::run;
use crate::engine;
use crate::env::TestEnv;

/// A build that prints for ever behind cobuild's back, while a value is asked for that never comes.
const FLOOD: &str =
    "sh -c \"sleep 1; exec yes\" & echo \"sleep 600\" > /codebuild/output/tmp/env.sh; exit 0";

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A build with these sections besides its one command.
fn build(command: &str, sections: &Value) -> TestEnv {
    let mut spec = json!({
        "version": 0.2,
        "phases": { "build": { "commands": [command] } },
    });
    for (name, section) in sections.as_object().unwrap() {
        spec[name] = section.clone();
    }
    // JSON is YAML.
    TestEnv::new().buildspec(&spec.to_string())
}

/// A command that puts another program in the place of a tool.
fn replacing(tool: &str, script: &str) -> String {
    format!(
        "tool=$(command -v {tool}); rm -f $tool; cat > $tool <<'END'\n{script}\nEND\nchmod 755 $tool"
    )
}

/// The build image with another `sh`; what is left of the old one is `/bin/dash`.
fn image_with_shell(name: &str, script: &str) -> String {
    let name = format!("cobuild-test-shell-{name}");
    let script = STANDARD.encode(format!("#!/bin/bash\n{script}\n"));
    let dockerfile = format!(
        "FROM {}\nRUN echo {script} | base64 -d > /bin/sh.new && chmod 755 /bin/sh.new && mv /bin/sh.new /bin/sh\n",
        engine::IMAGE,
    );
    engine::build_image(&name, &dockerfile);
    name
}

#[test]
fn what_background_processes_print_is_shown_and_not_gathered() {
    let all = json!({ "artifacts": { "files": ["**/*"] } });
    for (arguments, signals, code, said) in [
        (["--timeout", "15s"], &[][..], 1, "State: TIMED_OUT"),
        (
            ["--timeout", "1h"],
            &[(seconds(8), Signal::INT)],
            130,
            "State: STOPPED",
        ),
        (
            ["--timeout", "1h"],
            &[(seconds(8), Signal::INT), (seconds(8), Signal::INT)],
            130,
            "STOPPED",
        ),
    ] {
        let env = build(FLOOD, &all).args(&arguments).args(&["-a", "out"]);
        let measured = run(&env, seconds(60), signals);
        measured.assert_ended(code, said);
        assert!(measured.took < seconds(40), "{:?}", measured.took);
        assert!(measured.run.stdout.contains("y\ny\ny\n"));
        measured.assert_nothing_left(&env);
    }
}

#[test]
fn a_flood_does_not_hold_up_values_that_are_asked_for() {
    let env = build(
        "export NAME=found; touch mine; yes & sleep 1",
        &json!({
            "env": { "exported-variables": ["NAME"] },
            "artifacts": { "files": ["$(echo mine)"], "name": "$NAME" },
        }),
    )
    .args(&["-a", "out", "--override-artifact-name", "--timeout", "2m"]);
    let measured = run(&env, seconds(60), &[]);
    measured.assert_ended(0, "SUCCEEDED in");
    assert!(env.path("out/found/mine").exists() || env.path("out/mine").exists());
    measured.assert_nothing_left(&env);
}

#[test]
fn a_value_without_measure_fails_the_build() {
    let long = "$(head -c 3000000 /dev/zero | tr '\\0' x)";
    let longer = long.replace("3000000", "200000000");
    for (command, sections) in [
        (
            "true".to_owned(),
            json!({ "artifacts": { "files": [longer] } }),
        ),
        (
            "touch x".to_owned(),
            json!({ "artifacts": { "files": ["x"], "base-directory": long } }),
        ),
        (
            format!("LONG={long}"),
            json!({ "env": { "exported-variables": ["LONG"] } }),
        ),
    ] {
        let env = build(&command, &sections);
        let measured = run(&env, seconds(60), &[]);
        measured.assert_ended(1, "is longer than 1048576 bytes");
        measured.assert_nothing_left(&env);
    }
}

#[test]
fn a_shell_that_prints_for_ever_is_given_up() {
    let image = image_with_shell("endless", "exec yes");
    let env = TestEnv::new().image(&image).build_command("true");
    let measured = run(&env, seconds(40), &[(seconds(5), Signal::INT)]);
    measured.assert_ended(130, "STOPPED");
    assert!(measured.took < seconds(25), "{:?}", measured.took);
    measured.assert_nothing_left(&env);
}

#[test]
fn a_shell_that_answers_and_then_never_reads_again_is_given_up() {
    // It learns the token and answers as the worker does, then neither reads nor ends.
    let script = "if [ \"$1\" = -c ]; then exec /bin/dash \"$@\"; fi\nread -r token; printf \"\\x1e$token find tar\\x1e\\x1e$token 1\\x1e\\x1e$token absent\\x1e\"; trap : TERM INT HUP; while :; do sleep 1; done";
    let image = image_with_shell("deaf", script);
    let long = format!("# {}", "x".repeat(1_000_000));
    for (arguments, signals, code) in [
        (["--timeout", "15s"], &[][..], 1),
        (["--timeout", "1h"], &[(seconds(6), Signal::INT)], 130),
    ] {
        let env = TestEnv::new()
            .image(&image)
            .build_command(&long)
            .args(&arguments)
            .args(&["--grace", "2s"]);
        let measured = run(&env, seconds(60), signals);
        measured.assert_ended(code, "");
        assert!(measured.took < seconds(40), "{:?}", measured.took);
        measured.assert_nothing_left(&env);
    }
}

#[test]
fn a_fence_that_never_ends_is_output() {
    // Root reads the token from the worker's memory; here the shell is told it.
    let image = image_with_shell(
        "fences",
        "if [ \"$1\" = -c ]; then exec /bin/dash \"$@\"; fi\nread -r token; printf \"\\x1e$token \"; exec yes",
    );
    let env = TestEnv::new()
        .image(&image)
        .build_command("true")
        .args(&["--timeout", "5s"]);
    let measured = run(&env, seconds(60), &[]);
    measured.assert_ended(1, "PROVISIONING TIMED_OUT");
    assert!(measured.took < seconds(30), "{:?}", measured.took);
    measured.assert_nothing_left(&env);
}

#[test]
fn names_without_number_are_refused() {
    let listing = |times: usize| {
        let program = format!(
            "#!/usr/bin/perl\nfor (my $i = 0; $i < 5000000; $i++) {{ print ((\"/$ENV{{CODEBUILD_SRC_DIR}}/file$i\\0\" =~ s(^//)(/)r) x {times}); }}"
        );
        replacing("find", &program)
    };
    for (times, said) in [
        (1, "there are too many files to collect"),
        (3, "there are too many links to collect"),
    ] {
        let command = format!(
            "{}; sed -i \"s#.ENV{{CODEBUILD_SRC_DIR}}#$CODEBUILD_SRC_DIR#\" $tool",
            listing(times)
        );
        let all = json!({ "artifacts": { "files": ["**/*"] } });
        let env = build(&command, &all).args(&["-a", "out", "--timeout", "3m"]);
        let measured = run(&env, seconds(120), &[]);
        measured.assert_ended(1, said);
        measured.assert_nothing_left(&env);
    }
}

#[test]
fn a_cache_of_links_without_number_is_not_kept() {
    // A tar that sends links for ever, all of them within the path of the cache.
    let links = "#!/usr/bin/perl
binmode STDOUT;
for (my $i = 0; ; $i++) {
    my $head = pack('a100a8a8a8a12a12a8a1a100a6a2', \"./kept/link$i\", '0000777', '0000000', '0000000', '00000000000', '00000000000', '        ', '2', '/etc', 'ustar', '00') . \"\\0\" x 247;
    my $sum = unpack('%32C*', $head);
    substr($head, 148, 8) = sprintf(\"%06o\\0 \", $sum);
    print $head;
}";
    let command = format!("mkdir kept && touch kept/a; {}", replacing("tar", links));
    let env = build(&command, &json!({ "cache": { "paths": ["kept/**/*"] } })).args(&[
        "--cache",
        "s3",
        "--timeout",
        "4m",
    ]);
    let measured = run(&env, seconds(200), &[]);
    measured.assert_ended(0, "the archive has more than 1000000 links");
    assert_eq!(archives(&env), 0);
    measured.assert_nothing_left(&env);
}

#[test]
fn the_unfinished_archive_of_a_build_that_is_cut_short_is_gone() {
    let command = format!(
        "mkdir kept && head -c 50000000 /dev/urandom > kept/a; cp $(command -v tar) /bin/tar.real; {}",
        replacing(
            "tar",
            "#!/bin/sh\n/bin/tar.real -c -f - ./kept\nexec sleep 600"
        )
    );
    for (arguments, signals, code) in [
        (["--timeout", "15s"], &[][..], 1),
        (["--timeout", "1h"], &[(seconds(8), Signal::INT)], 130),
    ] {
        let env = build(&command, &json!({ "cache": { "paths": ["kept"] } }))
            .args(&["--cache", "s3"])
            .args(&arguments);
        let measured = run(&env, seconds(60), signals);
        measured.assert_ended(code, "");
        assert!(measured.run.stdout.contains("UPLOAD_ARTIFACTS State: "));
        assert_eq!(archives(&env), 0, "{}", measured.run);
        measured.assert_nothing_left(&env);
    }
}

/// How many archives there are in the cache.
fn archives(env: &TestEnv) -> usize {
    walkdir::WalkDir::new(env.path("home/.cache/cobuild"))
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "zst"))
        .count()
}

#[test]
fn changes_that_lead_to_what_has_no_end_are_listed() {
    let env = TestEnv::new()
        .build_command(
            "rm -rf .git/HEAD a b c d; ln -s /dev/zero .git/HEAD; mkfifo a; ln -s /dev/zero b; mknod c c 1 5; ln -s / d; truncate -s 1T e; (while :; do ln -s / f; rm f; mkdir f; touch f/x; rm -r f; done) > /dev/null 2>&1 &",
        )
        .file("a", "1")
        .file("b", "1")
        .file("c", "1")
        .file("d/x", "1")
        .file("f/x", "1")
        .file(".git/HEAD", "ref: refs/heads/main\n")
        .file(".git/objects/x", "")
        .file(".git/refs/x", "")
        .args(&["--show-changes", "--source-transfer", "copy-on-write"]);
    let measured = run(&env, seconds(60), &[]);
    measured.assert_ended(
        0,
        "changes in the source:\nM .git/\nM a\nM b\nM c\nA d\nD d/\nA e\n",
    );
    measured.assert_nothing_left(&env);
}

#[test]
fn changes_without_number_are_listed_to_a_bound() {
    let env = TestEnv::new()
        .build_command("cd d && seq -f file%.0f 300000 | xargs touch")
        .file("d/a", "1")
        .args(&["--show-changes", "--source-transfer", "copy-on-write"]);
    let measured = run(&env, seconds(120), &[]);
    measured.assert_ended(0, "the list is limited to");
    measured.assert_nothing_left(&env);
}

#[test]
fn files_that_take_ages_to_compare_hold_up_no_stop() {
    let env = TestEnv::new()
        .build_command("touch holes && echo done")
        .args(&["--show-changes", "--source-transfer", "copy-on-write"])
        .args(&["--timeout", "10s"]);
    fs::File::create(env.source().join("holes"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    // Copied up, a hole stays one with few file systems: the build makes its own.
    let env = env.build_command("rm holes && truncate -s 1T holes && echo done");
    for signals in [
        &[(seconds(4), Signal::INT)][..],
        &[(seconds(4), Signal::INT), (seconds(5), Signal::INT)],
    ] {
        let measured = run(&env, seconds(40), signals);
        assert!(measured.took < seconds(20), "{:?}", measured.took);
        measured.assert_nothing_left(&env);
    }
}

#[test]
fn processes_without_number_end_with_the_build() {
    let bomb = "bomb() { bomb | bomb & }; bomb; sleep 2; sh -c 'sh -c true' && echo alive";
    let env = TestEnv::new()
        .build_commands(&[bomb, "sh -c 'sh -c true; exit 1'"])
        .args(&["--pids-limit", "64", "--timeout", "60s", "--grace", "1s"]);
    let measured = run(&env, seconds(100), &[]);
    measured.assert_ended(1, "State: ");
    measured.assert_nothing_left(&env);
}

#[test]
fn a_container_may_have_so_many_processes() {
    let command = "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2> /dev/null || :";
    for (arguments, said) in [
        (&[][..], "\n16384\n"),
        (&["--pids-limit", "100"], "\n100\n"),
        (&["--pids-limit", "-1"], "\nmax\n"),
        (&["--pids-limit=unlimited"], "\nmax\n"),
    ] {
        let run = TestEnv::new().build_command(command).args(arguments).run();
        run.assert_succeeded();
        assert!(run.stdout.contains(said), "{arguments:?}: {run}");
    }
    let run = TestEnv::new()
        .build_command("true")
        .args(&["--pids-limit", "0"])
        .run();
    run.assert_code(2);
    assert!(
        run.stderr
            .contains("write the number of processes, such as 4096, or `unlimited`"),
        "{run}"
    );
}
