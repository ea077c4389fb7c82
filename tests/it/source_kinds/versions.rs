//! `--source-version`: a clean checkout in place of the directory as it is.

use std::fs;

use super::{Repository, TELL, left, planned, variable};
use crate::env::TestEnv;
use crate::environment::printed;

/// A source whose working tree is far from any commit, and three commits by all the names they have.
fn many_names() -> (TestEnv, Vec<(String, String, &'static str)>) {
    let env = TestEnv::new().build_command(TELL);
    let repository = Repository::of(&env);
    let first = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["tag", "--annotate", "v1", "--message", "one"]);
    repository.git(&["tag", "a/light"]);
    let second = repository.commit("second");
    repository.git(&["update-ref", "refs/remotes/origin/theirs", &second]);
    repository.git(&["update-ref", "refs/pull/8/head", &second]);
    let third = repository.commit("third");
    // The own branch comes before that of `origin`.
    repository.git(&["update-ref", "refs/remotes/origin/main", &second]);
    repository.git(&["checkout", "--quiet", "-b", "other", "v1"]);
    let source = env.source();
    fs::write(source.join("buildspec.yml"), "not for this build").unwrap();
    fs::write(source.join("text"), "changed\n").unwrap();
    fs::write(source.join("untracked"), "").unwrap();
    repository.git(&["add", "text"]);
    let names = vec![
        (first.clone(), first.clone(), "first"),
        (second[..8].to_owned(), second.clone(), "second"),
        ("main".to_owned(), third.clone(), "third"),
        ("theirs".to_owned(), second.clone(), "second"),
        ("v1".to_owned(), first.clone(), "first"),
        ("a/light".to_owned(), first.clone(), "first"),
        ("pr/8".to_owned(), second.clone(), "second"),
        ("refs/heads/main".to_owned(), third, "third"),
        (format!("refs/heads/main^{{{second}}}"), second, "second"),
        ("HEAD".to_owned(), first, "first"),
    ];
    (env, names)
}

#[test]
fn a_version_by_any_name_is_a_clean_checkout() {
    let (env, names) = many_names();
    // The build is the same for all of them; some go all the way.
    let mut env = env.args(&["--source-version", "x"]);
    for (index, (version, commit, text)) in names.iter().enumerate() {
        env = env.last_arg(version);
        let (run, plan) = planned(&env);
        run.assert_succeeded();
        assert_eq!(
            variable(&plan, "CODEBUILD_RESOLVED_SOURCE_VERSION"),
            Some(commit.as_str()),
            "{version}"
        );
        assert_eq!(
            variable(&plan, "CODEBUILD_SOURCE_VERSION"),
            Some(version.as_str())
        );
        if index % 2 == 0 {
            let run = env.run();
            run.assert_succeeded();
            let told = format!("{commit}\nHEAD\n{text}\n");
            assert_eq!(run.output_of(TELL), told, "{version}: {run}");
        }
    }
    assert_eq!(left(&env), 0);
}

#[test]
fn the_build_is_told_of_its_version() {
    let env = TestEnv::new()
        .build_command("env")
        .args(&["--source-version", "v1"]);
    let repository = Repository::of(&env);
    repository.git(&["remote", "add", "origin", "git@github.com:owner/repo.git"]);
    repository.git(&["tag", "v1"]);
    let commit = repository.git(&["rev-parse", "HEAD"]);
    repository.commit("second");
    let (run, build) = env.run_with_json();
    run.assert_succeeded();
    let variables = printed(&run);
    assert_eq!(variables["CODEBUILD_SOURCE_VERSION"], "v1");
    assert_eq!(variables["CODEBUILD_RESOLVED_SOURCE_VERSION"], commit);
    assert_eq!(
        variables["CODEBUILD_SOURCE_REPO_URL"],
        "https://github.com/owner/repo.git"
    );
    assert!(variables["CODEBUILD_SRC_DIR"].ends_with("/src/github.com/owner/repo"));
    assert_eq!(build["sourceVersion"], "v1");
    assert_eq!(build["resolvedSourceVersion"], commit);
    assert_eq!(build["source"]["type"], "GITHUB");
}

#[test]
fn a_clone_is_as_deep_as_is_asked_for() {
    let ask = "git rev-list --count HEAD; git tag; git branch --remotes; git remote get-url origin";
    let env = TestEnv::new().build_command(ask);
    let repository = Repository::of(&env);
    repository.git(&["tag", "v1"]);
    repository.git(&["remote", "add", "origin", "https://example.com/r.git"]);
    repository.commit("second");
    let third = repository.commit("third");
    repository.git(&["update-ref", "refs/remotes/origin/theirs", &third]);
    let env = env.args(&["--source-version", "main", "--git-clone-depth", "0"]);
    let address = "https://example.com/r.git\n";
    let full = "3\nv1\n  origin/HEAD -> origin/main\n  origin/main\n  origin/theirs\n";
    let mut env = env;
    for (depth, told) in [
        ("0", format!("{full}{address}")),
        ("26", format!("{full}{address}")),
        ("2", format!("2\n{address}")),
        ("1", format!("1\n{address}")),
    ] {
        env = env.last_arg(depth);
        let run = env.run();
        run.assert_succeeded();
        assert_eq!(run.output_of(ask), told, "{depth}");
    }
}

#[test]
fn a_pull_request_is_fetched_from_origin() {
    for name in ["refs/pull/7/head", "refs/merge-requests/7/head"] {
        let env = TestEnv::new()
            .build_command(TELL)
            .args(&["--source-version", "pr/7"]);
        let repository = Repository::of(&env);
        let origin = Repository::new(env.path("origin.git"));
        // An address may be relative to the repository.
        repository.git(&["remote", "add", "origin", "../origin.git"]);
        repository.git(&["checkout", "--quiet", "-b", "work"]);
        let commit = repository.commit("asked to be pulled");
        repository.git(&["push", "--quiet", "origin", &format!("work:{name}")]);
        repository.git(&["checkout", "--quiet", "main"]);
        repository.git(&["branch", "--quiet", "-D", "work"]);
        repository.git(&["reflog", "expire", "--expire=now", "--all"]);
        repository.git(&["gc", "--quiet", "--prune=now"]);
        let before = repository.git(&["for-each-ref"]);

        // A directory of this machine is nobody's for the asking.
        let run = env.again(&[]).run();
        run.assert_failed();
        assert!(run.stderr.contains("--git-dir"), "{run}");

        for depth in [&[][..], &["--git-clone-depth", "1"]] {
            let env = env.again(depth).args(&["--git-dir", "origin.git"]);
            let (run, plan) = planned(&env);
            run.assert_succeeded();
            assert_eq!(
                variable(&plan, "CODEBUILD_RESOLVED_SOURCE_VERSION"),
                Some(commit.as_str())
            );
            let run = env.run();
            run.assert_succeeded();
            let told = format!("{commit}\nHEAD\nasked to be pulled\n");
            assert_eq!(run.output_of(TELL), told, "{name}: {run}");
        }
        // The user's own repository has learned nothing of it.
        assert_eq!(repository.git(&["for-each-ref"]), before);
        let objects = repository.git(&["cat-file", "--batch-check", "--batch-all-objects"]);
        assert!(!objects.contains(&commit), "{objects}");
        assert_eq!(left(&env), 0);
        drop(origin);
    }
}

#[test]
fn a_version_that_is_not_there_fails_the_build() {
    let env = TestEnv::new()
        .build_command("echo never")
        .args(&["--source-version", "nope"]);
    Repository::of(&env);
    let (run, build) = env.again(&[]).run_with_json();
    run.assert_failed();
    let message = "reference not found for primary source and source version nope";
    assert_eq!(
        run.log(),
        format!(
            "\
> Running on CodeBuild On-demand
> Waiting for agent ping
> Waiting for DOWNLOAD_SOURCE
CLIENT_ERROR: {message}
"
        )
    );
    assert!(
        run.stderr.contains("has no commit, branch or tag `nope`"),
        "{run}"
    );
    let phases = build["phases"].as_array().unwrap();
    let failed = phases
        .iter()
        .find(|phase| phase["phaseType"] == "DOWNLOAD_SOURCE")
        .unwrap();
    assert_eq!(failed["phaseStatus"], "FAILED");
    assert_eq!(failed["contexts"][0]["statusCode"], "CLIENT_ERROR");
    assert_eq!(failed["contexts"][0]["message"], message);
    assert_eq!(build["buildStatus"], "FAILED");
    assert_eq!(left(&env), 0);

    let (run, plan) = planned(&env);
    run.assert_failed();
    assert_eq!(plan["sourceFailed"]["context"]["message"], message);
    for version in [
        "pr/9",
        "main~1",
        "a b",
        "0000000000000000000000000000000000000000",
    ] {
        let env = env.again(&[]).last_arg(version);
        let (run, _) = planned(&env);
        run.assert_failed();
        assert!(
            run.stderr.contains("reference not found"),
            "{version}: {run}"
        );
    }
}

#[test]
fn the_buildspec_is_that_of_the_version() {
    let env = TestEnv::new()
        .file(
            "ci/x.yml",
            "version: 0.2\nphases: {build: {commands: [cat text]}}\n",
        )
        .args(&["-b", "ci/x.yml", "--source-version", "main"]);
    let repository = Repository::of(&env);
    fs::remove_dir_all(env.source().join("ci")).unwrap();
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of("cat text"), "first\n");
    assert!(
        run.log()
            .contains("> YAML location is /codebuild/output/srcN/src/ci/x.yml\n"),
        "{run}"
    );
    // Gone from the next one.
    repository.commit("second");
    let run = env.run();
    run.assert_failed();
    assert!(
        run.stdout
            .contains("/src/ci/x.yml: no such file or directory"),
        "{run}"
    );
    assert!(
        run.stderr.contains("cobuild looked for `main:ci/x.yml`"),
        "{run}"
    );
}

#[test]
fn a_secondary_source_has_a_version_of_its_own() {
    let ask = "cat $CODEBUILD_SRC_DIR_lib/text text; echo $CODEBUILD_SOURCE_VERSION_lib";
    let env = TestEnv::new().build_command(ask);
    Repository::of(&env);
    let library = Repository::new(env.path("lib"));
    library.commit("old");
    library.git(&["tag", "v1"]);
    library.commit("new");
    fs::write(env.source().join("text"), "changed\n").unwrap();
    let sources = ["-s", "source", "-s", "lib:lib"];
    let run = env
        .again(&sources)
        .args(&["--source-version", "lib:v1"])
        .run();
    run.assert_succeeded();
    assert_eq!(run.output_of(ask), "old\nchanged\nv1\n");
    let run = env
        .again(&sources)
        .args(&["--source-version", "lib:nope"])
        .run();
    run.assert_failed();
    assert!(
        run.stdout.ends_with(
            "CLIENT_ERROR: reference not found for secondary source lib and source version nope\n"
        ),
        "{run}"
    );
}
