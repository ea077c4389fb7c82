//! The source is root's, plain and whole, whichever way it comes in.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::{XattrFlags, setxattr};
use walkdir::WalkDir;

use crate::env::{Run, TestEnv};
use crate::source::shell;

/// The owners of a source: a developer, and root.
pub(crate) const OWNERS: [u32; 2] = [1000, 0];

/// A command of the build, and what it must print.
type Fact = (&'static str, &'static str);

/// What holds of the tree that [`lay`] makes, in an image with GNU's tools. The order counts: later ones
/// change the tree.
pub(crate) const FACTS: &[Fact] = &[
    ("find . ! -user 0 -o ! -group 0 | sort", ""),
    (
        "stat -c '%a %n' . tool group secret sticky",
        "755 .\n4755 tool\n2775 group\n600 secret\n1777 sticky\n",
    ),
    (
        "stat -c '%.Y %n' a.c a.o group/dated link",
        "1714979289.700000001 a.c\n1714979289.000000000 a.o\n1714979289.123456789 group/dated\n1714979289.500000000 link\n",
    ),
    (
        "tar --xattrs --format=pax -cf - noted | grep -ao 'SCHILY.xattr.user.note=text'",
        "SCHILY.xattr.user.note=text\n",
    ),
    ("git status --porcelain && git log --format=%s", "one\n"),
    ("git -C third_party/dep log --format=%s", "dep\n"),
    ("git -C libs/sub log --format=%s", "sub\n"),
    (
        "git -C libs/sub status --porcelain; git submodule status | cut -c1",
        " \n",
    ),
    ("stat -c %h hl1; echo more >> hl1; cat hl2", "2\nh\nmore\n"),
    (
        "git mv src/api src/api2 && git status --porcelain",
        " M hl1\n M hl2\nR  src/api/deep/file -> src/api2/deep/file\n",
    ),
    (
        "perl -e 'rename(\"made\", \"dist\") or die \"$!\\n\"' && cat dist/deep/file",
        "made\n",
    ),
    (
        "mv sticky moved && ls -d sticky moved 2>&1 | grep -c .",
        "2\n",
    ),
    (
        "mkdir gone/new && rm -r gone && test ! -e gone && mkdir gone && ls -A gone",
        "",
    ),
    ("chmod 700 tool && stat -c %a tool", "700\n"),
];

/// Lays out a tree with everything that could be lost on the way, and gives it to an owner.
pub(crate) fn lay(env: TestEnv, owner: u32) -> TestEnv {
    let env = env
        .file("app/package.json", "{}\n")
        .file("tool", "#!/bin/sh\n")
        .file("group/dated", "")
        .file("secret", "")
        .file("sticky/file", "")
        .file("a.c", "")
        .file("a.o", "")
        .file("noted", "")
        .file("hl1", "h\n")
        .file("src/api/deep/file", "")
        .file("made/deep/file", "made\n")
        .file("gone/deep/file", "")
        .file(".gitignore", "third_party\n");
    shell(&env.path(""), "rm -rf sub");
    shell(&env.source(), LAY);
    let noted = env.source().join("noted");
    setxattr(noted, "user.note", b"text", XattrFlags::empty()).unwrap();
    give(&env.source(), owner);
    env
}

const LAY: &str = "ln hl1 hl2; ln -s a.c link
export GIT_AUTHOR_NAME=T GIT_AUTHOR_EMAIL=t@example.com GIT_COMMITTER_NAME=T GIT_COMMITTER_EMAIL=t@example.com
make() { git init -q \"$1\" && echo 1 > \"$1/file\" && git -C \"$1\" add . && git -C \"$1\" commit -qm \"$2\"; }
make third_party/dep dep && make ../sub sub && git init -q &&
git -c protocol.file.allow=always submodule --quiet add \"$(cd ../sub && pwd)\" libs/sub &&
git add . && git commit -qm one &&
chmod 4755 tool && chmod 2775 group && chmod 600 secret && chmod 1777 sticky && chmod 755 . &&
git config core.fileMode false && touch -h -d '@1714979289.5' link && touch -d '@1714979289.700000001' a.c &&
touch -d '@1714979289' a.o && touch -d '@1714979289.123456789' group/dated";

/// Gives a tree to an owner, with the modes it had.
fn give(tree: &Path, owner: u32) {
    for entry in WalkDir::new(tree).into_iter().map(Result::unwrap) {
        let path = entry.path();
        let mode = entry.metadata().unwrap().permissions();
        std::os::unix::fs::lchown(path, Some(owner), Some(owner)).unwrap();
        // Who gives a program away takes its privileges.
        if entry.file_type().is_file() {
            File::open(path).unwrap().set_permissions(mode).unwrap();
        }
    }
}

/// Adds the buildspec that prints the facts.
pub(crate) fn ask(env: TestEnv, facts: &[Fact]) -> TestEnv {
    let commands: Vec<String> = facts.iter().map(|(command, _)| asked(command)).collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let env = env.build_commands(&commands);
    fs::rename(env.source().join("buildspec.yml"), env.path("facts.yml")).unwrap();
    let buildspec = env.path("facts.yml").display().to_string();
    env.args(&["--buildspec", &buildspec])
}

/// A command that does not end the build when it fails.
fn asked(command: &str) -> String {
    format!("{{ {command}; }} 2>&1 || echo \"status $?\"")
}

/// Fails when a fact does not hold, and names all that do not.
#[track_caller]
pub(crate) fn assert_hold(run: &Run, facts: &[Fact], way: &str) {
    run.assert_succeeded();
    let wrong: Vec<String> = facts
        .iter()
        .filter_map(|(command, expected)| {
            let printed = run.output_of(&asked(command));
            (printed != *expected).then(|| format!("{command}\n{printed}instead of\n{expected}"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{way}:\n{}\n{}",
        wrong.join("\n"),
        run.stderr
    );
}

#[test]
fn a_source_is_root_s_plain_and_whole() {
    for owner in OWNERS {
        for transfer in ["copy-on-write", "tar"] {
            let env = ask(lay(TestEnv::new(), owner), FACTS).args(&["--source-transfer", transfer]);
            let run = super::succeeds(&env);
            assert_hold(&run, FACTS, &format!("{transfer} of {owner}"));
        }
    }
}

#[test]
fn a_checkout_and_a_zip_file_are_root_s() {
    let facts = OWNERLESS;
    for owner in OWNERS {
        for transfer in ["copy-on-write", "tar"] {
            let ways = ["--source-transfer", transfer];
            let checkout = ask(lay(TestEnv::new(), owner), facts);
            let run = checkout
                .args(&ways)
                .args(&["--source-version", "HEAD"])
                .run();
            assert_hold(&run, facts, &format!("checkout by {transfer} of {owner}"));
            let env = ask(lay(TestEnv::new(), owner), facts);
            shell(
                &env.source(),
                "zip --quiet --recurse-paths ../source.zip src made gone app",
            );
            let zip = env.path("source.zip").display().to_string();
            let run = env.args(&ways).args(&["-s", &zip]).run();
            assert_hold(&run, facts, &format!("zip by {transfer} of {owner}"));
        }
    }
}

/// What holds of a tree that cobuild has made.
const OWNERLESS: &[Fact] = &[
    ("find . ! -user 0 -o ! -group 0 | sort", ""),
    (
        "perl -e 'rename(\"src/api\", \"src/api2\") or die \"$!\\n\"' && ls src/api2/deep",
        "file\n",
    ),
    ("mkdir gone/new && rm -r gone && test ! -e gone", ""),
];

#[test]
fn git_works_in_all_repositories_of_a_tree_that_keeps_its_owners() {
    let facts: &[Fact] = &[
        (
            "stat -c %u app/package.json .git third_party/dep",
            "1000\n1000\n1000\n",
        ),
        ("git status --porcelain && git log --format=%s", "one\n"),
        ("git -C third_party/dep log --format=%s", "dep\n"),
        ("git -C libs/sub log --format=%s", "sub\n"),
    ];
    for way in [&["-m"][..], &["--source-owner", "keep"]] {
        let env = ask(lay(TestEnv::new(), 1000), facts).args(way);
        // Git writes its index into a tree that is mounted.
        assert_hold(&env.run(), facts, &way.join(" "));
    }
}

#[test]
fn a_build_meets_none_of_cobuild_s_own_directories() {
    let facts: &[Fact] = &[(
        "find . | LC_ALL=C sort",
        ".\n./.cache\n./.cache/theirs\n./.state\n./file\n",
    )];
    for transfer in ["auto", "tar"] {
        let env = ask(
            TestEnv::new().file("file", "").file(".cache/theirs", ""),
            facts,
        );
        let cache = env.source().join(".cache").display().to_string();
        let state = env.source().join(".state").display().to_string();
        let env = env
            .variable("XDG_CACHE_HOME", &cache)
            .variable("XDG_STATE_HOME", &state)
            .args(&["--source-transfer", transfer]);
        assert_hold(&env.run(), facts, transfer);
    }
}
