//! How the source reaches the build, and that the build does not reach the source.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::engine;
use crate::env::TestEnv;

/// Arguments that choose how the source reaches the container.
const COPY_ON_WRITE: &[&str] = &["--source-transfer", "copy-on-write"];
const TAR: &[&str] = &["--source-transfer", "tar"];
const MOUNT: &[&str] = &["--mount"];

/// Prints kind, mode, size or target of everything below the working directory, and what is in it.
const LISTING: &str = "\
find . -mindepth 1 -type f -printf 'file %m %s %Ts %P\\0' -o -mindepth 1 -printf '%y %m %P -> %l\\0' \
| LC_ALL=C sort -z | tr '\\0\\n' '\\n?'; \
find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | cut -d ' ' -f 1";

/// Everything that can be wrong with the names and kinds of a tree.
fn odd_tree() -> TestEnv {
    let env = TestEnv::new()
        .build_command(LISTING)
        .file("-leading dash", "1")
        .file("spaces and, commas: colons", "2")
        .file("quotes ' \" `", "3")
        .file("back\\slash $HOME *", "4")
        .file("ünïcödé/☃", "5")
        .file("new\nline", "6")
        .file(".hidden/.file", "7")
        .file("bin/tool", "#!/bin/sh\n")
        .file("private", "8")
        .file("read-only", "9")
        .file("blob", (0..=255).cycle().take(100_000).collect::<Vec<u8>>())
        .file(&format!("{0}/{0}/{0}", "long".repeat(40)), "10");
    let source = env.source();
    for (name, mode) in [
        ("bin/tool", 0o755),
        ("private", 0o600),
        ("read-only", 0o444),
    ] {
        fs::set_permissions(source.join(name), PermissionsExt::from_mode(mode)).unwrap();
    }
    for directory in ["empty", "sticky", "closed"] {
        fs::create_dir(source.join(directory)).unwrap();
    }
    fs::set_permissions(source.join("sticky"), PermissionsExt::from_mode(0o1777)).unwrap();
    fs::set_permissions(source.join("closed"), PermissionsExt::from_mode(0o700)).unwrap();
    symlink("bin/tool", source.join("link")).unwrap();
    symlink("bin", source.join("link to directory")).unwrap();
    symlink("no/such file", source.join("dangling")).unwrap();
    symlink("/codebuild/readonly", source.join("absolute")).unwrap();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = fs::File::options().write(true).open(source.join("blob"));
    file.unwrap().set_modified(long_ago).unwrap();
    env
}

/// Runs a shell script on the host, in `directory`.
#[track_caller]
pub(crate) fn shell(directory: &Path, script: &str) -> String {
    let output = Command::new("sh")
        .args(["-c", script])
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn arrives_whole(transfer: &[&str]) {
    let env = odd_tree().args(transfer);
    let expected = shell(&env.source(), LISTING);
    assert!(expected.lines().count() > 30, "{expected}");
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of(LISTING), expected);
}

#[test]
fn a_tree_arrives_whole_by_copy_on_write() {
    arrives_whole(COPY_ON_WRITE);
}

#[test]
fn a_tree_arrives_whole_by_tar() {
    arrives_whole(TAR);
}

#[test]
fn a_tree_arrives_whole_by_mount() {
    arrives_whole(MOUNT);
}

/// Changes that a build can make to its source.
const CHANGES: [&str; 6] = [
    "rm private && rm -r .hidden",
    "echo changed > bin/tool && chmod 700 bin/tool",
    "mkdir made && echo made > made/file",
    "mv blob moved && ln -s moved new-link",
    "rm -r empty && touch empty",
    "chown 1234:1234 read-only",
];

#[test]
fn a_build_does_not_change_the_source() {
    for transfer in [COPY_ON_WRITE, TAR, &[]] {
        let env = odd_tree().build_commands(&CHANGES).args(transfer);
        let owners = "find . -printf '%U:%G %P\\0'";
        let before = shell(&env.source(), LISTING) + &shell(&env.source(), owners);
        env.run().assert_succeeded();
        let after = shell(&env.source(), LISTING) + &shell(&env.source(), owners);
        assert_eq!(after, before, "{transfer:?}");
    }
}

#[test]
fn a_build_changes_a_mounted_source() {
    let env = odd_tree().build_commands(&CHANGES).args(MOUNT);
    env.run().assert_succeeded();
    let read = |name: &str| fs::read_to_string(env.source().join(name)).ok();
    assert_eq!(read("private"), None);
    assert_eq!(read("bin/tool").as_deref(), Some("changed\n"));
    assert_eq!(read("made/file").as_deref(), Some("made\n"));
}

#[test]
fn nothing_of_a_build_stays_in_the_scratch_directory() {
    for transfer in [COPY_ON_WRITE, TAR, MOUNT] {
        let env = TestEnv::new()
            .file("old", "")
            // Leaves behind what is hard to remove.
            .build_command("rm old; mkdir -p a/b && touch a/b/c && chown -R 1234 a && chmod -R 0 a")
            .args(transfer);
        env.run().assert_succeeded();
        let left = fs::read_dir(env.scratch()).map_or(0, Iterator::count);
        assert_eq!(left, 0, "{transfer:?}");
    }
}

/// A clean clone with two commits.
fn repository(commands: &[&str]) -> TestEnv {
    let env = TestEnv::new()
        .build_commands(commands)
        .file("kept.txt", "kept\n")
        .file("bin/tool", "#!/bin/sh\n")
        .file("sub dir/ünï", "text\n");
    let script = "chmod +x bin/tool && ln -s nowhere dangling && git init --quiet \
        && git config user.name Tester && git config user.email tester@example.com \
        && git add --all && git commit --quiet -m first \
        && echo more >> kept.txt && git commit --quiet -am second";
    shell(&env.source(), script);
    env
}

const STATUS: &str = "git status --porcelain --ignored";
const HISTORY: &str = "git log --format='%H %s'";
const BELOW: &str = "cd 'sub dir' && git rev-parse --show-prefix";

#[track_caller]
fn git_works(transfer: &[&str]) {
    let env = repository(&[STATUS, HISTORY, BELOW]).args(transfer);
    let history = shell(&env.source(), HISTORY);
    assert_eq!(history.lines().count(), 2);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of(STATUS), "", "{run}");
    assert_eq!(run.output_of(HISTORY), history);
}

#[test]
fn git_works_in_the_build_by_copy_on_write() {
    git_works(COPY_ON_WRITE);
}

#[test]
fn git_works_in_the_build_by_tar() {
    git_works(TAR);
}

#[test]
fn git_works_in_the_build_by_mount() {
    git_works(MOUNT);
}

#[test]
fn a_commit_in_the_build_stays_there() {
    let commit = "git -c user.name=B -c user.email=b@example.com commit -qam third";
    let count = "git rev-list --count HEAD";
    for transfer in [COPY_ON_WRITE, TAR] {
        let env = repository(&["echo new > kept.txt", commit, count]).args(transfer);
        let run = env.run();
        run.assert_succeeded();
        assert_eq!(run.output_of(count), "3\n");
        assert_eq!(shell(&env.source(), count), "2\n");
        assert_eq!(shell(&env.source(), STATUS), "");
    }
}

/// Gives a tree to a user who is not the build's.
pub(crate) fn give_away(tree: &Path) {
    // Who is not root owns the tree already, and is not the build's user either.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    for entry in walkdir::WalkDir::new(tree) {
        let path = entry.unwrap().into_path();
        lchown(path, Some(1000), Some(1000)).unwrap();
    }
}

#[test]
fn git_trusts_a_source_that_belongs_to_somebody_else() {
    for transfer in [COPY_ON_WRITE, TAR] {
        let env = repository(&[STATUS, HISTORY, BELOW]).args(transfer);
        give_away(&env.source());
        let run = env.run();
        run.assert_succeeded();
        assert_eq!(run.output_of(STATUS), "", "{run}");
        assert_eq!(run.output_of(HISTORY).lines().count(), 2, "{run}");
        let owner = fs::metadata(env.source()).unwrap().uid();
        assert_ne!(owner, 0, "the host's tree keeps its owner");
    }
}

#[test]
fn git_trusts_a_secondary_source_that_belongs_to_somebody_else() {
    for transfer in [COPY_ON_WRITE, TAR] {
        let other = repository(&["true"]);
        give_away(&other.source());
        let log = "cd \"$CODEBUILD_SRC_DIR_other\" && git log --oneline";
        let env = TestEnv::new().build_command(log);
        let env = with_sources(env, &["", &format!("other:{}", other.source().display())]);
        let run = env.args(transfer).run();
        run.assert_succeeded();
        assert_eq!(run.output_of(log).lines().count(), 2, "{run}");
    }
}

/// Adds sources; an empty one is the environment's own.
fn with_sources(mut env: TestEnv, sources: &[&str]) -> TestEnv {
    for source in sources {
        let own = env.source();
        let source = if source.is_empty() {
            own.to_str().unwrap()
        } else {
            source
        };
        env = env.arg("--source").arg(source);
    }
    env
}

#[test]
fn secondary_sources_have_directories_of_their_own() {
    for transfer in [COPY_ON_WRITE, TAR, MOUNT] {
        let env = TestEnv::new().file("name", "primary\n").build_commands(&[
            "cat name",
            "cat \"$CODEBUILD_SRC_DIR_tools/name\"",
            "cat \"$CODEBUILD_SRC_DIR_data_2/name\"",
            "echo $CODEBUILD_SRC_DIR $CODEBUILD_SRC_DIR_tools $CODEBUILD_SRC_DIR_data_2 | tr ' ' '\\n' | sort -u | wc -l",
            "echo changed > \"$CODEBUILD_SRC_DIR_tools/name\"",
        ]);
        for name in ["tools", "data"] {
            fs::create_dir(env.path(name)).unwrap();
            fs::write(env.path(name).join("name"), format!("{name}\n")).unwrap();
        }
        let sources = ["", "tools:tools", "data_2:data"];
        let env = with_sources(env, &sources).args(transfer);
        let run = env.run();
        run.assert_succeeded();
        let log = run.log();
        assert!(
            log.contains("> Running command cat name\nprimary\n"),
            "{run}"
        );
        assert!(log.contains("tools/name\"\ntools\n"), "{run}");
        assert!(log.contains("data_2/name\"\ndata\n"), "{run}");
        assert!(log.contains("| wc -l\n3\n"), "{run}");
        assert!(
            log.contains("> CODEBUILD_SRC_DIR_tools=/codebuild/output/src"),
            "{run}"
        );
        let tools = fs::read_to_string(env.path("tools/name")).unwrap();
        let expected = if transfer == MOUNT {
            "changed\n"
        } else {
            "tools\n"
        };
        assert_eq!(tools, expected);
    }
}

#[test]
fn the_path_of_the_source_may_be_odd() {
    let odd = "a source: with, commas=\\ 'quotes' \"and\" ünïcödé";
    for transfer in [COPY_ON_WRITE, TAR, MOUNT] {
        let env = TestEnv::new()
            .build_command("cat file")
            .file("file", "found\n");
        let source = env.path(odd);
        fs::rename(env.source(), &source).unwrap();
        let run = with_sources(env, &[source.to_str().unwrap()])
            .args(transfer)
            .run();
        run.assert_succeeded();
        assert_eq!(run.output_of("cat file"), "found\n");
    }
}

#[test]
fn a_source_may_be_reached_through_a_link() {
    for transfer in [COPY_ON_WRITE, TAR, MOUNT] {
        let env = TestEnv::new()
            .build_command("cat file")
            .file("file", "found\n");
        symlink("source", env.path("link")).unwrap();
        let run = with_sources(env, &["link"]).args(transfer).run();
        run.assert_succeeded();
        assert_eq!(run.output_of("cat file"), "found\n");
    }
}

#[test]
fn a_source_may_hold_what_is_no_file() {
    for transfer in [COPY_ON_WRITE, TAR, MOUNT] {
        let env = TestEnv::new()
            .build_command("cat file")
            .file("file", "found\n");
        shell(&env.source(), "mkfifo fifo");
        let _socket = std::os::unix::net::UnixListener::bind(env.source().join("socket")).unwrap();
        let run = env.args(transfer).run();
        run.assert_succeeded();
        assert_eq!(run.output_of("cat file"), "found\n");
    }
}

#[test]
fn an_empty_source_needs_a_buildspec_from_elsewhere() {
    for transfer in [COPY_ON_WRITE, TAR, MOUNT] {
        let env = TestEnv::new();
        let elsewhere = env.path("spec.yml");
        fs::write(
            &elsewhere,
            "version: 0.2\nphases: {build: {commands: [ls -A]}}\n",
        )
        .unwrap();
        let run = env
            .args(transfer)
            .args(&["-b", elsewhere.to_str().unwrap()])
            .run();
        run.assert_succeeded();
        assert_eq!(run.output_of("ls -A"), "");
    }
}

#[test]
fn two_builds_of_one_source_do_not_see_each_other() {
    for transfer in [COPY_ON_WRITE, TAR] {
        let wait = "until [ -e /tmp/go ]; do sleep 0.1; done";
        let look = "cat shared own-* 2>&1";
        let env = TestEnv::new()
            .file("shared", "before\n")
            .build_commands(&[
                "echo $WHO > own-$WHO && echo $WHO >> shared",
                "echo made",
                wait,
                look,
            ])
            .args(transfer);
        let both = ["first", "second"].map(|who| {
            let mut command = env.command();
            command.args(["--env", &format!("WHO={who}")]);
            (who, crate::env::Running::start(command))
        });
        for (_, running) in &both {
            running.wait_for_line("made");
        }
        for (_, running) in &both {
            engine::docker(&["exec", &running.container(), "touch", "/tmp/go"]);
        }
        for (who, running) in both {
            let run = running.finish();
            run.assert_succeeded();
            assert_eq!(run.output_of(look), format!("before\n{who}\n{who}\n"));
        }
    }
}

#[test]
fn a_host_without_a_place_for_scratch_directories_gets_a_copy() {
    let env = TestEnv::new()
        .file("file", "content\n")
        .build_command("cat file")
        .arg("-v")
        .variable("XDG_CACHE_HOME", "/proc");
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of("cat file"), "content\n");
    assert!(run.stderr.contains("no place for copy-on-write"), "{run}");
    let forced = env.args(&["--source-transfer", "copy-on-write"]).run();
    forced.assert_code(3);
    assert!(
        forced.stderr.contains("cannot use `/proc/cobuild/runs`"),
        "{forced}"
    );
}
