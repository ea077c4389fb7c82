//! Sources that lead to what is not theirs: nothing of it comes into the build.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::env::{Run, TestEnv};
use crate::transfer::{BOTH, COPY_ON_WRITE};

/// What no build may see.
const SECRET: &str = "eyes-only";

/// Looks for the secret wherever it could have come in.
const LOOK: &str = "grep -rlF eyes-only /codebuild 2>/dev/null | grep -v /codebuild/output/tmp; \
    git log --all --format=%s 2>/dev/null; git cat-file -p refs/heads/main:secret 2>/dev/null; \
    git show $(cat commit 2>/dev/null) 2>/dev/null; true";

fn shell(directory: &Path, script: &str) {
    let output = Command::new("sh")
        .args(["-ec", script])
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
}

/// An environment with a private repository beside the source, and a private file.
fn env() -> TestEnv {
    let env = TestEnv::new().build_command(LOOK);
    let make = format!(
        "git init -q private && cd private && echo {SECRET} > secret && git add . && \
         git -c user.name=T -c user.email=t@e commit -qm {SECRET} && git branch -f main && \
         git update-ref refs/pull/7/head HEAD && git rev-parse HEAD > ../source/commit"
    );
    shell(&env.path(""), &make);
    env
}

#[track_caller]
fn assert_secret(run: &Run, way: &str) {
    let seen = format!("{}{}", run.stdout, run.stderr).replace(LOOK, "");
    assert!(!seen.contains(SECRET), "{way}: {run}");
}

/// What leads from the source to the private repository or to a directory that is none.
const LEADS: &[(&str, &str)] = &[
    (
        "a .git that is a file",
        "echo 'gitdir: ../private/.git' > .git",
    ),
    (
        "one with the full path",
        "echo \"gitdir: $(cd ../private/.git && pwd)\" > .git",
    ),
    (
        "one to no repository",
        "echo \"gitdir: $(cd ../private && pwd)\" > .git",
    ),
    ("one to the root's home", "echo 'gitdir: /root' > .git"),
    ("a .git that is a link", "ln -s ../private/.git .git"),
    ("a link to a tree", "ln -s ../private .git"),
    (
        "a directory that shares another",
        "mkdir .git && echo 'ref: refs/heads/main' > .git/HEAD && echo ../../private/.git > .git/commondir",
    ),
    (
        "a working tree that nobody made",
        "mkdir -p meta && echo 'ref: refs/heads/main' > meta/HEAD && echo ../../private/.git > meta/commondir && \
         echo \"$PWD/.git\" > meta/gitdir && echo 'gitdir: meta' > .git",
    ),
    (
        "borrowed objects",
        "git init -q . && echo ../../../private/.git/objects > .git/objects/info/alternates && \
         cp ../private/.git/refs/heads/main .git/refs/heads/main && echo 'ref: refs/heads/main' > .git/HEAD",
    ),
    (
        "objects that are a link",
        "git init -q . && rm -rf .git/objects && ln -s ../../private/.git/objects .git/objects && \
         cp ../private/.git/refs/heads/main .git/refs/heads/main && echo 'ref: refs/heads/main' > .git/HEAD",
    ),
    (
        "objects of links",
        "git init -q . && for d in ../private/.git/objects/??; do ln -s ../../$d .git/objects/; done && \
         cp ../private/.git/refs/heads/main .git/refs/heads/main && echo 'ref: refs/heads/main' > .git/HEAD",
    ),
    (
        "single objects that are links",
        "git init -q . && for d in ../private/.git/objects/??; do n=${d##*/}; mkdir .git/objects/$n; \
         for f in $d/*; do ln -s ../../../$f .git/objects/$n/; done; done && \
         cp ../private/.git/refs/heads/main .git/refs/heads/main && echo 'ref: refs/heads/main' > .git/HEAD",
    ),
    (
        "a list of lenders in a link",
        "git init -q . && echo ../../../private/.git/objects > list && rm -rf .git/objects/info && mkdir .git/objects/info && \
         ln -s ../../../list .git/objects/info/alternates && cp ../private/.git/refs/heads/main .git/refs/heads/main && \
         echo 'ref: refs/heads/main' > .git/HEAD",
    ),
    (
        "refs that are links",
        "git init -q . && rm -rf .git/refs && ln -s ../../private/.git/refs .git/refs && echo 'ref: refs/heads/main' > .git/HEAD",
    ),
    (
        "a HEAD that is a link",
        "git init -q . && rm .git/HEAD && ln -s ../../private/.git/HEAD .git/HEAD && ln -s ../../private/.git/config .git/packed-refs",
    ),
    (
        "an index that is a link",
        "git init -q . && ln -s ../../private/.git/index .git/index && mkdir .git/modules",
    ),
    (
        "a submodule that is a link",
        "git init -q . && git update-index --add --cacheinfo 160000,$(cat commit),sub && ln -s ../private sub && mkdir .git/modules",
    ),
    (
        "a submodule that leads elsewhere",
        "git init -q . && git update-index --add --cacheinfo 160000,$(cat commit),sub && mkdir sub .git/modules && \
         echo 'gitdir: ../../private/.git' > sub/.git",
    ),
];

#[test]
fn no_git_directory_comes_in_that_is_not_the_source_s() {
    for (way, lead) in LEADS {
        let env = env();
        shell(&env.source(), lead);
        let builds = BOTH.map(|transfer| env.again(transfer));
        let more = [
            &["--respect-gitignore"][..],
            &["--cache", "local", "--cache-mode", "source"],
        ];
        for env in builds.into_iter().chain(more.map(|more| env.again(more))) {
            let run = env.run();
            assert_secret(&run, way);
            assert!(
                run.stderr.contains("cannot list the files that git tracks") || run.code == Some(0),
                "{way}: {run}"
            );
        }
        let commit = fs::read_to_string(env.source().join("commit")).unwrap();
        let env = env.args(COPY_ON_WRITE);
        for version in [&["main"][..], &[commit.trim(), "--git-clone-depth", "1"]] {
            let run = env.again(&["--source-version"]).args(version).run();
            assert_secret(&run, way);
        }
    }
}

#[test]
fn a_zip_brings_in_nothing_but_itself() {
    for (way, lead) in LEADS {
        let env = env();
        shell(&env.source(), lead);
        // With the full path, since it is unpacked elsewhere.
        let private = env.path("private");
        let link = format!(
            "[ ! -f .git ] || echo 'gitdir: {0}/.git' > .git; \
             [ ! -d .git/objects/info ] || echo '{0}/.git/objects' > .git/objects/info/alternates",
            private.display()
        );
        shell(&env.source(), &link);
        shell(
            &env.source(),
            "python3 - <<'END'
import os, zipfile
with zipfile.ZipFile('../source.zip', 'w') as z:
    for here, directories, files in os.walk('.'):
        for name in directories + files:
            path = os.path.join(here, name)
            info = zipfile.ZipInfo(os.path.relpath(path))
            if os.path.islink(path):
                info.external_attr = 0o120777 << 16
                z.writestr(info, os.readlink(path))
            elif os.path.isfile(path):
                info.external_attr = 0o100644 << 16
                z.writestr(info, open(path, 'rb').read())
END",
        );
        // Not even when the directory is named.
        for named in [&[][..], &["--git-dir", "private"]] {
            let run = env.again(&["-s", "source.zip"]).args(named).run();
            assert_secret(&run, way);
            run.assert_succeeded();
        }
    }
}

#[test]
fn an_origin_on_this_machine_takes_the_user_s_word() {
    for address in [
        "../private",
        "file://PLACE/private",
        "PLACE/private/.git",
        "./link",
    ] {
        let env = env();
        let place = env.path("");
        let address = address.replace("PLACE", place.to_str().unwrap().trim_end_matches('/'));
        symlink("../private", env.source().join("link")).unwrap();
        shell(
            &env.source(),
            &format!("git init -q . && git remote add origin '{address}'"),
        );
        let run = env.again(&["--source-version", "pr/7"]).run();
        run.assert_failed();
        assert_secret(&run, &address);
        assert!(run.stderr.contains("--git-dir"), "{run}");
    }
}

#[test]
fn a_plain_user_s_source_shows_nothing_that_the_user_cannot_read() {
    let env = env();
    fs::set_permissions(env.path("private"), PermissionsExt::from_mode(0o700)).unwrap();
    shell(&env.source(), "echo 'gitdir: ../private/.git' > .git");
    let run = env.run();
    run.assert_succeeded();
    assert_secret(&run, "closed");
    assert!(run.stderr.contains("does not point back"), "{run}");
}

#[test]
fn a_buildspec_that_leads_out_of_the_source_is_not_read() {
    for lead in [
        "ln -sf ../private/secret buildspec.yml",
        "mkdir -p d && ln -sfn ../../private d/p && ln -sf d/p/secret buildspec.yml",
        "ln -sf /proc/self/environ buildspec.yml",
    ] {
        let env = env().variable("LEAK", SECRET);
        shell(&env.source(), lead);
        let run = env.run();
        run.assert_failed();
        assert_secret(&run, lead);
        assert!(
            run.stderr.contains("points outside") || run.stdout.contains("points outside"),
            "{run}"
        );
    }
}
