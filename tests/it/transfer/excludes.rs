//! What is left out of the source.

use std::fs;

use super::{BOTH, shell, succeeds};
use crate::env::TestEnv;

const FIND: &str = "find . -path ./.git -prune -o -type f -print | LC_ALL=C sort";

fn project() -> TestEnv {
    TestEnv::new()
        .build_command(FIND)
        .file("src/main.c", "")
        .file("src/main.o", "")
        .file("src/deep/other.o", "")
        .file("node_modules/a/index.js", "")
        .file("node_modules/b/index.js", "")
        .file("notes", "")
}

#[test]
fn patterns_hold_in_every_way_in() {
    for transfer in [BOTH[0], BOTH[1], &[]] {
        let env = project().args(transfer);
        let env = env.args(&["--exclude", "*.o", "--exclude", "/node_modules/"]);
        let run = succeeds(&env);
        let expected = "./buildspec.yml\n./notes\n./src/main.c\n";
        assert_eq!(run.output_of(FIND), expected, "{transfer:?}");
    }
}

#[test]
fn a_file_of_patterns_holds_and_takes_back() {
    for transfer in BOTH {
        let env = project()
            .file(
                ".cobuildignore",
                "*.o\n!main.o\nnode_modules/*\n!node_modules/b\n",
            )
            .file("src/deep/.cobuildignore", "!*.o\n")
            .args(transfer);
        let run = succeeds(&env);
        let expected = "./.cobuildignore\n./buildspec.yml\n./node_modules/b/index.js\n./notes\n\
            ./src/deep/.cobuildignore\n./src/deep/other.o\n./src/main.c\n./src/main.o\n";
        assert_eq!(run.output_of(FIND), expected, "{transfer:?}");
    }
}

#[test]
fn what_git_ignores_is_left_out_when_asked_for() {
    for transfer in BOTH {
        let status = "git status --porcelain";
        let env = project()
            .build_commands(&[FIND, status])
            .file(".gitignore", "*.o\nnode_modules\n")
            .args(transfer);
        let script = "git init --quiet && git add --all && git add -f src/main.o && \
            git -c user.name=T -c user.email=t@example.com commit --quiet -m one";
        shell(&env.source(), script);
        let all = succeeds(&env).output_of(FIND).lines().count();
        assert_eq!(all, 8);
        let run = succeeds(&env.arg("--respect-gitignore"));
        let expected = "./.gitignore\n./buildspec.yml\n./notes\n./src/main.c\n./src/main.o\n";
        assert_eq!(run.output_of(FIND), expected, "{transfer:?}");
        assert_eq!(
            run.output_of(status),
            "",
            "nothing that is tracked is missing"
        );
    }
}

#[test]
fn secondary_sources_have_patterns_too() {
    for transfer in BOTH {
        let look = "ls -A \"$CODEBUILD_SRC_DIR_lib\"";
        let env = project().build_command(look);
        fs::create_dir(env.path("lib")).unwrap();
        for name in ["kept", "left.o", "mine"] {
            fs::write(env.path("lib").join(name), "").unwrap();
        }
        fs::write(env.path("lib/.cobuildignore"), "mine\n").unwrap();
        let own = env.source();
        let env = env.args(&["-s", own.to_str().unwrap(), "-s", "lib:lib"]);
        let run = succeeds(&env.args(&["--exclude", "*.o"]).args(transfer));
        assert_eq!(run.output_of(look), ".cobuildignore\nkept\n");
    }
}

#[test]
fn directories_with_something_left_out_are_as_they_were() {
    let look = "stat -c '%a %u %Y' src src/deep && touch src/new src/main.o && rm -r src/deep";
    for transfer in BOTH {
        let env = project().build_command(look).args(transfer);
        shell(
            &env.source(),
            "chmod 750 src && chmod 2711 src/deep && touch -d @1000000000 src src/deep",
        );
        let run = succeeds(&env.args(&["--exclude", "*.o"]));
        let expected = "750 0 1000000000\n2711 0 1000000000\n";
        assert_eq!(run.output_of(look), expected, "{transfer:?}");
    }
}

#[test]
fn a_mounted_source_has_nothing_left_out() {
    for flag in [&["--exclude", "x"][..], &["--respect-gitignore"]] {
        let run = project().arg("-m").args(flag).run();
        run.assert_code(2);
        assert!(run.stderr.contains("cannot be used with"), "{run}");
    }
    let run = project().file(".cobuildignore", "notes\n").arg("-m").run();
    run.assert_succeeded();
    assert!(run.output_of(FIND).contains("./notes\n"));
    assert!(
        run.stderr
            .contains(".cobuildignore` has no effect with `-m`"),
        "{run}"
    );
}

#[test]
fn a_buildspec_that_is_left_out_is_run_all_the_same() {
    for transfer in BOTH {
        let look = "ls";
        let env = TestEnv::new()
            .build_command(look)
            .file("a", "")
            .args(transfer);
        let run = succeeds(&env.args(&["--exclude", "buildspec.yml"]));
        assert_eq!(run.output_of(look), "a\n");
        assert!(
            run.log()
                .contains("> YAML location is /codebuild/output/srcN/src/buildspec.yml\n")
        );
        assert!(
            run.stderr
                .contains("the buildspec `buildspec.yml` is excluded from the source"),
            "{run}"
        );
    }
}

#[test]
fn a_pattern_that_is_none_is_a_mistake_on_the_command_line() {
    let run = project().args(&["--exclude", "a{"]).run();
    run.assert_code(2);
    let run = project().file(".cobuildignore", "a{\n").run();
    run.assert_code(3);
    assert!(run.stderr.contains(".cobuildignore"), "{run}");
}
