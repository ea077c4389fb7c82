//! `--show-changes`.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use rustix::process::Signal;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{BOTH, COPY_ON_WRITE, TAR, shell, succeeds};
use crate::engine;
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

/// How a source comes in.
#[derive(Debug, Clone, Copy)]
enum Source {
    Directory(&'static [&'static str]),
    Checkout,
    Zip,
}

/// Every sort of change, with the tools of any image.
const EDITS: &[&str] = &[
    "echo 2 > changed && rm -r gone old && touch touched && chmod 700 mode",
    "touch -r stealthy /clock && printf 2 > stealthy && touch -r /clock stealthy",
    "mv tree moved && rm link && ln -s dir link && printf 1 > dir/c && rm dir/a",
    "mv kept away && printf 1 > kept && rm became && mkdir became && printf 1 > became/x",
    "printf x > \"$(printf 'odd\\nname\\033[31m\\377')\" && chown -R 12:12 dir && rm same && ln -s kept same",
    "mkfifo pipe && mkdir -p deep/er && chmod 711 dir",
];

const EDITED: &str = "changes in the source:\nA away\nD became\nA became/\nM changed\nA deep/\nM dir/\n\
    D dir/a\nA dir/c\nD gone\nM link\nM mode\nA moved/\nA odd\\nname\\u{1b}[31m\\xff\nD old/\n\
    A pipe\nM same\nM stealthy\nD tree/\n";

fn edited(source: Source, image: Option<&str>) -> TestEnv {
    let mut env = TestEnv::new().build_commands(EDITS).arg("--show-changes");
    for name in [
        "changed", "gone", "touched", "mode", "stealthy", "kept", "became", "same",
    ] {
        env = env.file(name, "1");
    }
    for name in ["old/x", "tree/a/b", "dir/a", "dir/b"] {
        env = env.file(name, "1");
    }
    std::os::unix::fs::symlink("kept", env.source().join("link")).unwrap();
    if let Some(image) = image {
        env = env.image(image);
    }
    match source {
        Source::Directory(arguments) => env.args(arguments),
        Source::Checkout => {
            let commit = "git init --quiet && git add --all && \
                git -c user.name=T -c user.email=t@example.com commit --quiet -m one";
            shell(&env.source(), commit);
            env.args(&["--source-version", "HEAD"])
        }
        Source::Zip => {
            pack(&env.source(), &env.path("source.zip"));
            env.args(&["-s", "source.zip"])
        }
    }
}

/// Packs a tree into a zip file.
fn pack(tree: &Path, zip: &Path) {
    let mut writer = ZipWriter::new(File::create(zip).unwrap());
    let options = SimpleFileOptions::default();
    for entry in walkdir::WalkDir::new(tree).min_depth(1) {
        let entry = entry.unwrap();
        let name = entry.path().strip_prefix(tree).unwrap().to_str().unwrap();
        if entry.path_is_symlink() {
            let target = std::fs::read_link(entry.path()).unwrap();
            writer
                .add_symlink(name, target.to_str().unwrap(), options)
                .unwrap();
        } else if entry.file_type().is_file() {
            writer
                .start_file(name, options.unix_permissions(0o644))
                .unwrap();
            writer
                .write_all(&std::fs::read(entry.path()).unwrap())
                .unwrap();
        }
    }
    writer.finish().unwrap();
}

#[test]
fn changes_are_listed_whatever_way_the_source_came() {
    for source in [
        Source::Directory(COPY_ON_WRITE),
        Source::Directory(TAR),
        Source::Directory(&["-m"]),
        Source::Directory(&["--as", "s3"]),
        Source::Checkout,
        Source::Zip,
    ] {
        let run = edited(source, None).run();
        run.assert_succeeded();
        assert_eq!(changes(&run), EDITED, "{source:?}: {run}");
    }
}

#[test]
fn changes_are_listed_with_the_tools_of_busybox() {
    for transfer in BOTH {
        let env = edited(Source::Directory(transfer), Some(engine::busybox_image()));
        let run = succeeds(&env);
        assert_eq!(changes(&run), EDITED, "{transfer:?}: {run}");
    }
}

#[test]
fn without_tools_the_engine_lists_the_changes() {
    for transfer in BOTH {
        let env = TestEnv::new()
            .image(engine::bash_only_image())
            .build_commands(&[
                "printf 2 > stealthy; printf 1 > same; printf 12 > longer; chmod 700 mode",
                "mkdir -p made/deep; printf 1 > made/deep/file; printf 1 > dir/new",
            ])
            .file("stealthy", "1")
            .file("same", "1")
            .file("longer", "1")
            .file("mode", "1")
            .file("dir/a", "1")
            .arg("--show-changes")
            .args(transfer);
        assert_eq!(
            changes(&succeeds(&env)),
            "changes in the source:\nA dir/new\nM longer\nA made/\nM mode\nM stealthy\n",
        );
    }
}

#[test]
fn what_stood_in_the_source_before_the_first_command_is_no_change() {
    let env = project(&["true"]).args(&["--cache", "local"]).buildspec(
        "version: 0.2\nphases: {build: {commands: [touch dir/x]}}\ncache: {paths: ['dir/**/*']}\n",
    );
    for _ in 0..2 {
        assert_eq!(changes(&succeeds(&env)), "changes in the source: none\n");
    }
}

#[test]
fn tools_that_the_build_took_away_are_missed() {
    let env = project(&["rm $(command -v stat); echo 2 > changed"]);
    let run = succeeds(&env);
    assert!(
        changes(&run).contains("cannot be listed: `find`, `stat`"),
        "{run}"
    );
}

#[test]
fn a_build_that_runs_out_of_time_has_changes_too() {
    for transfer in BOTH {
        let env = TestEnv::new()
            .build_command("echo 2 > new; sleep 600")
            .args(&["--show-changes", "--timeout", "5s", "--grace", "1s"])
            .args(transfer);
        let run = env.run();
        run.assert_failed();
        assert_eq!(changes(&run), "changes in the source:\nA new\n", "{run}");
    }
}

#[test]
fn a_build_that_is_stopped_has_changes_and_leaves_nothing() {
    for transfer in BOTH {
        let env = TestEnv::new()
            .build_command("echo 2 > new; echo started; sleep 600")
            .args(&["--show-changes", "--grace", "1s"])
            .args(transfer);
        let running = env.start();
        running.wait_for_line("started");
        let label = running.label();
        running.signal(Signal::INT);
        let run = running.finish();
        run.assert_code(130);
        assert_eq!(changes(&run), "changes in the source:\nA new\n", "{run}");
        assert_eq!(engine::containers(&label), [""; 0]);
    }
}

#[test]
fn changes_are_listed_when_they_are_asked_for_alone() {
    let silent = TestEnv::new().build_command("echo > new").run();
    silent.assert_succeeded();
    assert_eq!(changes(&silent), "");
}
