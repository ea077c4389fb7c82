//! Caches as in S3.

use std::fs;

use super::{LIST, MAKE, archives, log_of_restore, stored, summary, write};
use crate::env::{TestEnv, files};

const COUNT: &str = "cat kept/count 2> /dev/null; mkdir -p kept; echo x >> kept/count";

#[test]
fn a_build_finds_what_the_one_before_left_and_the_host_s_tree_stays_as_it_is() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    write(&env, "{paths: [kept/**/*]}", &[COUNT]);
    let before = files(&env.source());
    let first = env.run();
    first.assert_succeeded();
    assert_eq!(first.output_of(COUNT), "");
    assert_eq!(
        log_of_restore(&first),
        ["Expanded cache path kept/**/*", "Downloading S3 cache..."]
    );
    assert!(summary(&first).starts_with("miss; saved "), "{first}");
    let second = env.run();
    second.assert_succeeded();
    assert_eq!(second.output_of(COUNT), "x\n");
    assert_eq!(
        log_of_restore(&second),
        [
            "Expanded cache path kept/**/*",
            "Downloading S3 cache...",
            "Unarchiving cache..."
        ]
    );
    assert!(summary(&second).starts_with("hit ("), "{second}");
    // Without a key the last build's is what the next one finds.
    assert_eq!(env.run().output_of(COUNT), "x\nx\n");
    assert_eq!(archives(&env, "source"), 1);
    assert_eq!(files(&env.source()), before);
}

#[test]
fn everything_about_files_comes_back() {
    for paths in ["[tree]", "[tree/**/*]", "['t*e', /nowhere]"] {
        let env = TestEnv::new().args(&["--cache", "s3"]);
        write(&env, &format!("{{paths: {paths}}}"), &[MAKE, LIST]);
        let first = env.run();
        first.assert_succeeded();
        write(&env, &format!("{{paths: {paths}}}"), &[LIST]);
        let second = env.run();
        second.assert_succeeded();
        let made = first.output_of(LIST);
        assert!(made.contains("./a b/empty\n"), "{first}");
        assert!(!second.log().contains("Skipping cache entry"), "{second}");
        assert_eq!(second.output_of(LIST), made, "{paths}");
    }
}

#[test]
fn directories_come_back_as_they_were_build_after_build() {
    const FILL: &str = "mkdir -p c/empty c/private /opt/mine/tool/sub && touch c/private/f && chmod 700 c/private && chown 12:34 c/empty /opt/mine /opt/mine/tool/sub && chmod 2750 /opt/mine && git init -q --bare c/bare";
    const SHOW: &str = "find c /opt/mine -type d -printf '%p %m %U:%G\\n' | sort; git -C c/bare rev-parse --is-bare-repository";
    let env = TestEnv::new().args(&["--cache", "s3"]);
    let cache = "{paths: ['c/**/*', '/opt/mine/tool/**/*']}";
    write(&env, cache, &[FILL, SHOW]);
    let first = env.run();
    first.assert_succeeded();
    let made = first.output_of(SHOW);
    assert!(made.contains("c/private 700 0:0\n") && made.ends_with("true\n"));
    assert!(made.contains("/opt/mine 2750 12:34\n"), "{made}");
    write(&env, cache, &[SHOW]);
    for _ in 0..3 {
        let run = env.run();
        run.assert_succeeded();
        assert_eq!(run.output_of(SHOW), made);
    }
}

#[test]
fn paths_are_absolute_or_home_s_or_files_or_patterns_too() {
    let env = TestEnv::new()
        .args(&["--cache", "s3"])
        .args(&["--env", "DIR=from-variable"]);
    let cache = "{paths: [/opt/tool/**/*, ~/.m2, $DIR, one.txt, '**/cached/**/*', 'a/*.jar']}";
    let made = "mkdir -p /opt/tool ~/.m2 from-variable x/y/cached/z a/b other && for file in /opt/tool/1 ~/.m2/2 from-variable/3 one.txt x/y/cached/z/5 a/6.jar a/7.txt a/b/8.jar other/9; do echo content > $file; done";
    let list = "find /opt/tool ~/.m2 . -type f ! -name buildspec.yml | sort";
    write(&env, cache, &[made]);
    env.run().assert_succeeded();
    write(&env, cache, &[list]);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(
        run.output_of(list),
        "./a/6.jar\n./from-variable/3\n./one.txt\n./x/y/cached/z/5\n/opt/tool/1\n/root/.m2/2\n"
    );
}

#[test]
fn a_key_follows_what_is_in_files_and_its_entry_never_changes() {
    let env = TestEnv::new()
        .args(&["--cache", "local"])
        .file("lock", "1")
        .file("sub/other", "");
    let cache = "{key: 'npm-$(sha256sum lock | cut -c1-8)', fallback-keys: [nothing-, npm-], paths: [kept]}";
    write(&env, cache, &[COUNT]);
    let first = env.run();
    let one = format!("npm-{}", "6b86b273");
    assert_eq!(first.output_of(COUNT), "");
    assert!(
        summary(&first).starts_with(&format!("miss for {one}; saved")),
        "{first}"
    );
    // The key is there: what this build adds is not kept.
    for _ in 0..2 {
        let hit = env.run();
        hit.assert_succeeded();
        assert_eq!(hit.output_of(COUNT), "x\n");
        assert!(summary(&hit).starts_with(&format!("hit {one} (")), "{hit}");
        assert!(
            summary(&hit).ends_with("; not saved: the key is there"),
            "{hit}"
        );
    }
    // Another lock: the newest entry that begins alike will do, and the new key is kept.
    fs::write(env.source().join("lock"), "2").unwrap();
    let other = env.run();
    assert_eq!(other.output_of(COUNT), "x\n");
    assert!(
        summary(&other).starts_with(&format!("found {one} for npm-d4735e3a (")),
        "{other}"
    );
    let again = env.run();
    assert_eq!(again.output_of(COUNT), "x\nx\n");
    assert!(summary(&again).starts_with("hit npm-d4735e3a ("), "{again}");
    assert_eq!(archives(&env, "source"), 2);
    // Other paths are another cache.
    write(&env, &cache.replace("[kept]", "[kept, more]"), &[COUNT]);
    let paths = env.run();
    assert_eq!(paths.output_of(COUNT), "");
    assert!(
        summary(&paths).starts_with("miss for npm-d4735e3a; saved"),
        "{paths}"
    );
}

#[test]
fn the_program_that_hashes_files_makes_a_key() {
    let env = TestEnv::new().args(&["--cache", "s3"]).file("lock", "1");
    let cache = "{key: 'k-$(codebuild-hash-files lock)', paths: [kept]}";
    write(&env, cache, &[COUNT]);
    let run = env.run();
    run.assert_succeeded();
    let line = summary(&run);
    let key = line.strip_prefix("miss for k-").unwrap();
    let digits = key.split(';').next().unwrap();
    assert_eq!(digits.len(), 64, "{line}");
}

#[test]
fn an_action_does_one_half() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    let restore = "{paths: [kept], key: k, action: restore}";
    let save = "{paths: [kept], key: k, action: save}";
    write(&env, restore, &[COUNT]);
    let run = env.run();
    assert_eq!(summary(&run), "miss for k; not saved: `action: restore`");
    assert_eq!(archives(&env, "source"), 0);
    write(&env, save, &[COUNT]);
    for outcome in [
        "not restored: `action: save`; saved ",
        "not restored: `action: save`; not saved: the key is there",
    ] {
        let run = env.run();
        assert_eq!(run.output_of(COUNT), "");
        assert_eq!(log_of_restore(&run), ["Expanded cache path kept"]);
        assert!(summary(&run).starts_with(outcome), "{run}");
    }
    write(&env, restore, &[COUNT]);
    assert_eq!(env.run().output_of(COUNT), "x\n");
}

#[test]
fn a_failed_build_keeps_nothing() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    write(&env, "{paths: [kept]}", &[COUNT, "false"]);
    let run = env.run();
    run.assert_failed();
    assert!(
        stored(&env, "source").is_empty(),
        "{:?}",
        stored(&env, "source")
    );
    assert_eq!(summary(&run), "miss; not saved: the build failed");
    // Artifacts that are missing fail a build as well.
    let text = super::buildspec("{paths: [kept]}", &[COUNT]) + "artifacts: {files: [missing]}\n";
    fs::write(env.source().join("buildspec.yml"), text).unwrap();
    env.run().assert_failed();
    assert!(stored(&env, "source").is_empty());
}

#[test]
fn nothing_to_keep_is_no_entry() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    write(
        &env,
        "{paths: [missing/**/*, '**/*.none'], key: k}",
        &["true"],
    );
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(summary(&run), "miss for k; nothing to save");
    assert_eq!(archives(&env, "source"), 0);
}

#[test]
fn without_a_cache_of_the_project_nothing_is_kept_and_a_hint_says_so() {
    let env = TestEnv::new();
    write(&env, "{paths: [kept]}", &[COUNT]);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(log_of_restore(&run), ["Expanded cache path kept"]);
    assert!(
        run.stderr.contains(
            "hint: the cache of the buildspec is not kept: enable it with `--cache local`"
        ),
        "{run}"
    );
    assert!(!env.path("home/.cache/cobuild/caches").exists());
    let again = env.run();
    assert!(!again.stderr.contains("hint"), "it is told once: {again}");
    let other = env.again(&["--project-name", "other"]).run();
    assert!(other.stderr.contains("hint: the cache of"), "{other}");
    write(&env, "{paths: []}", &[COUNT]);
    let run = env.args(&["--cache", "s3"]).run();
    assert_eq!(
        log_of_restore(&run),
        ["Skip cache due to: no paths specified to be cached"]
    );
    assert!(!run.stderr.contains("hint"), "{run}");
}

#[test]
fn projects_share_a_cache_by_its_name() {
    let env = TestEnv::new().args(&["--cache", "s3", "--source", "."]);
    write(&env, "{paths: [kept]}", &[COUNT]);
    let second = env.path("second");
    fs::create_dir(&second).unwrap();
    fs::copy(
        env.source().join("buildspec.yml"),
        second.join("buildspec.yml"),
    )
    .unwrap();
    let run = |source: &std::path::Path, namespace: Option<&str>| {
        let mut command = env.command();
        command.current_dir(source);
        if let Some(name) = namespace {
            command.args(["--cache-namespace", name]);
        }
        let run = crate::env::Run::new(command.output().unwrap());
        run.assert_succeeded();
        run.output_of(COUNT)
    };
    // Each project has its own, unless it shares.
    assert_eq!(run(&second, None), "");
    assert_eq!(run(&second, None), "x\n");
    assert_eq!(run(&second, Some("our/caches")), "");
    assert_eq!(run(&second, Some("our/caches")), "x\n");
    assert_eq!(archives(&env, "second"), 1);
    assert_eq!(archives(&env, "our%2Fcaches"), 1);
}

#[test]
fn a_key_whose_command_fails_is_told() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    write(&env, "{paths: [kept], key: 'k-$(cat missing)'}", &[COUNT]);
    let run = env.run();
    run.assert_succeeded();
    assert!(
        run.stderr.contains(
            "warning: the cache value `k-$(cat missing)` expands to `k-`, but its command failed with exit status 1"
        ),
        "{run}"
    );
}
