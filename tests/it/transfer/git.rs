//! Sources whose repository lies elsewhere.

use std::fs;
use std::path::Path;

use super::{BOTH, COPY_ON_WRITE, fingerprint, shell};
use crate::env::{Run, TestEnv};

const GIT: &str = "git -c user.name=T -c user.email=t@example.com -c protocol.file.allow=always";
const STATUS: &str = "git status --porcelain";
const LOG: &str = "git log --format=%H:%s";
const HEAD: &str = "git rev-parse HEAD && echo $CODEBUILD_RESOLVED_SOURCE_VERSION";
const BRANCH: &str = "git branch --show-current; git symbolic-ref -q HEAD || echo detached";
const DIFF: &str = "echo more >> file && git diff --stat | tail -1 && git checkout -q file";
const COMMIT: &str = "git -c user.name=B -c user.email=b@example.com commit -q --allow-empty -m new && git fsck --no-dangling 2>&1 | grep -v notice; git log -1 --format=%s";
const WHERE: &str = "cat .git 2>/dev/null || ls -d .git";

/// A repository `main` with two commits, one environment's own, and nothing in the source.
fn repository(name: &str, env: &TestEnv) {
    let spec = env.source().join("buildspec.yml");
    let spec = spec.display();
    let script = format!(
        "mkdir -p {name} && git init --quiet -b trunk {name} && cd {name} && echo 1 > file && mkdir sub && echo 2 > sub/x \
         && cp {spec} . && {GIT} add --all && {GIT} commit -q -m one \
         && echo 3 >> file && {GIT} commit -qam two && git remote add origin https://github.com/o/r.git"
    );
    shell(&env.path(""), &script);
}

/// An environment whose home lies elsewhere than its sources, of which this one is built.
fn env(transfer: &[&str], source: &str) -> TestEnv {
    TestEnv::new()
        .build_commands(&[STATUS, LOG, HEAD, BRANCH, DIFF, COMMIT, WHERE])
        .args(transfer)
        .args(&["-s", source])
}

/// Runs a build of `source`, a directory beside the repositories, and looks at all git says.
#[track_caller]
fn git_works(env: &TestEnv, source: &str) -> Run {
    let before = fingerprint(&env.path("trees"));
    let path = env.path(source);
    let on_host = |question: &str| {
        // Whoever owns the tree.
        shell(
            &path,
            &question.replacen("git", "git -c safe.directory='*'", 1),
        )
    };
    let head = on_host("git rev-parse HEAD");
    let log = on_host(LOG);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of(STATUS), "", "{run}");
    assert_eq!(run.output_of(LOG), log, "{run}");
    assert_eq!(run.output_of(HEAD), format!("{head}{head}"), "{run}");
    assert_eq!(run.output_of(BRANCH), "detached\n", "{run}");
    assert_eq!(
        run.output_of(DIFF),
        " 1 file changed, 1 insertion(+)\n",
        "{run}"
    );
    assert_eq!(run.output_of(COMMIT), "new\n", "{run}");
    assert_eq!(
        fingerprint(&env.path("trees")),
        before,
        "nothing of the host changes"
    );
    run
}

#[test]
fn a_working_tree_of_its_own() {
    for transfer in BOTH {
        let env = env(transfer, "trees/tree");
        repository("trees/main", &env);
        let add = "git worktree add --quiet -b topic ../tree HEAD";
        shell(&env.path("trees/main"), add);
        let run = git_works(&env, "trees/tree");
        let file = run.output_of(WHERE);
        let start = "gitdir: /codebuild/local-cache/workspace/";
        assert!(file.starts_with(start), "{run}");
        assert!(file.ends_with("/.git/worktrees/tree\n"), "{run}");
        assert!(run.log().contains("/src/github.com/o/r\n"), "{run}");
    }
}

#[test]
fn a_working_tree_with_a_configuration_of_its_own_that_belongs_to_somebody_else() {
    for transfer in BOTH {
        let env = env(transfer, "trees/tree");
        repository("trees/main", &env);
        let script = "git config extensions.worktreeConfig true && \
            git worktree add --quiet --detach ../tree HEAD && cd ../tree && \
            git config --worktree core.ignoreCase false";
        shell(&env.path("trees/main"), script);
        give_away(&env.path("trees"));
        git_works(&env, "trees/tree");
    }
}

#[test]
fn a_submodule() {
    for transfer in BOTH {
        let env = env(transfer, "trees/main/module");
        repository("trees/lib", &env);
        repository("trees/main", &env);
        let add = format!("{GIT} submodule --quiet add ../lib module && {GIT} commit -qam module");
        // The address of a remote that is a path would be relative to the other remote.
        shell(
            &env.path("trees/main"),
            &format!("git remote remove origin && {add}"),
        );
        let run = git_works(&env, "trees/main/module");
        let file = run.output_of(WHERE);
        assert!(file.ends_with("/.git\n"), "{run}");
    }
}

#[test]
fn a_repository_with_submodules_in_submodules() {
    let look = "git submodule foreach --quiet --recursive 'git status --porcelain && git log --format=%s -1 && git rev-parse --show-prefix'";
    for transfer in BOTH {
        // The last commit and the place of each: the middle one, and the inner one.
        let (all, inner) = ("module\n\ntwo\n\n", "two\n\n");
        for (source, link, expected) in [
            ("trees/main", "true", all),
            // The links of a tree that was moved by hand are absolute.
            (
                "trees/main",
                "echo \"gitdir: $PWD/.git/modules/module\" > module/.git",
                all,
            ),
            ("trees/main/module", "true", inner),
            (
                "trees/tree",
                "git worktree add -q ../tree && cd ../tree && git -c protocol.file.allow=always submodule --quiet update --init --recursive",
                all,
            ),
        ] {
            let env = env(transfer, source);
            for name in ["trees/inner", "trees/lib", "trees/main"] {
                repository(name, &env);
                shell(&env.path(name), "git remote remove origin");
            }
            let add = |name: &str, path: &str| {
                format!("{GIT} submodule --quiet add ../{name} {path} && {GIT} commit -qam module")
            };
            shell(&env.path("trees/lib"), &add("inner", "inner"));
            shell(&env.path("trees/main"), &add("lib", "module"));
            let update = format!("{GIT} submodule --quiet update --init --recursive");
            shell(&env.path("trees/main"), &format!("{update} && {link}"));
            give_away(&env.path("trees"));
            let env = env.args(&["-b", "spec.yml"]);
            fs::write(env.path(source).join("spec.yml"), spec(&[look, STATUS])).unwrap();
            let before = fingerprint(&env.path("trees"));
            let run = env.run();
            run.assert_succeeded();
            assert_eq!(
                run.output_of(look),
                expected,
                "{transfer:?} {source}: {run}"
            );
            assert_eq!(run.output_of(STATUS), "?? spec.yml\n", "{run}");
            assert_eq!(fingerprint(&env.path("trees")), before);
        }
    }
}

#[test]
fn a_git_directory_elsewhere() {
    for transfer in BOTH {
        for link in [
            "echo \"gitdir: ../elsewhere\" > .git",
            "ln -s ../elsewhere .git",
        ] {
            let env = env(transfer, "trees/main");
            repository("trees/main", &env);
            shell(
                &env.path("trees/main"),
                &format!("mv .git ../elsewhere && {link}"),
            );
            // It may be anybody's.
            let run = env.again(&[]).run();
            run.assert_failed();
            assert!(run.stderr.contains("allow it with `--git-dir "), "{run}");
            let env = env.args(&["--git-dir", "trees/elsewhere"]);
            git_works(&env, "trees/main");
        }
    }
}

#[test]
fn objects_that_are_borrowed() {
    for transfer in BOTH {
        let env = env(transfer, "trees/clone");
        repository("trees/main", &env);
        let clone = "git clone -q --shared main between && git clone -q --shared between clone && \
            git -C clone remote set-url origin https://github.com/o/r.git";
        shell(&env.path("trees"), clone);
        let run = env.again(&[]).run();
        run.assert_failed();
        assert!(run.stderr.contains("allow it with `--git-dir "), "{run}");
        let env = env.args(&["--git-dir", "trees"]);
        git_works(&env, "trees/clone");
        fs::rename(env.path("trees/main"), env.path("trees/gone")).unwrap();
        let run = env.run();
        assert!(
            run.stderr.contains("git objects are missing in the build"),
            "{run}"
        );
    }
}

#[test]
fn a_link_that_leads_nowhere_is_told() {
    let env = TestEnv::new()
        .build_command("ls")
        .file(".git", "gitdir: ../nowhere\n");
    let run = env.run();
    run.assert_succeeded();
    assert!(
        run.stderr.contains("git does not work in the build"),
        "{run}"
    );
    let run = env.arg("-m").run();
    run.assert_succeeded();
    assert!(
        run.stderr
            .contains("git does not work in a build with `-m`"),
        "{run}"
    );
}

#[test]
fn two_sources_that_share_a_repository() {
    let look = "git -C \"$CODEBUILD_SRC_DIR_other\" log --format=%s -1";
    for transfer in BOTH {
        let env = TestEnv::new().build_command(look);
        repository("trees/main", &env);
        let add = "git worktree add --quiet ../one && git worktree add --quiet ../two";
        shell(&env.path("trees/main"), add);
        let sources = ["-s", "trees/one", "-s", "other:trees/two"];
        let run = env.args(&sources).args(transfer).run();
        run.assert_succeeded();
        assert_eq!(run.output_of(look), "two\n", "{run}");
    }
}

#[test]
fn changes_of_a_linked_tree_are_those_of_the_build() {
    let env = env(COPY_ON_WRITE, "trees/tree").arg("--show-changes");
    repository("trees/main", &env);
    shell(&env.path("trees/main"), "git worktree add --quiet ../tree");
    let run = git_works(&env, "trees/tree");
    assert!(
        run.stderr.ends_with("changes in the source: none\n"),
        "{run}"
    );
}

fn spec(commands: &[&str]) -> String {
    serde_json::json!({ "version": 0.2, "phases": { "build": { "commands": commands } } })
        .to_string()
}

/// Gives a tree to a user who is not the build's.
fn give_away(tree: &Path) {
    shell(tree, "[ \"$(id -u)\" != 0 ] || chown -Rh 1000:1000 .");
}
