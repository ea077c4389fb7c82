//! Local caches: directories that are linked from their places, and Docker's layers.

use super::{archives, log_of_restore, summary, write};
use crate::engine;
use crate::env::{TestEnv, files};

const HASH: &str = "41cf6794ba4200b839c53531555f0f3998df4cbb01a4d5cb0b94e3ca5e23947d";

#[test]
fn a_directory_is_linked_and_hides_what_the_source_has_there() {
    for transfer in ["copy-on-write", "tar"] {
        let env = TestEnv::new()
            .file("kept/of-the-source", "source")
            .file("other", "source")
            .args(&["--cache", "local", "--source-transfer", transfer])
            // The directory has a name by the namespace.
            .args(&["--cache-namespace", "source"]);
        let add = "ls kept; echo x > kept/by-the-build; echo y > ~/.m2/jar";
        write(
            &env,
            "{paths: [kept/**/*, /root/.m2/*]}",
            &[add, "readlink kept ~/.m2", "cat other"],
        );
        let before = files(&env.source());
        let first = env.run();
        first.assert_succeeded();
        assert_eq!(first.output_of(add), "", "{first}");
        let target = format!("/codebuild/local-cache/custom/{HASH}");
        assert_eq!(
            first.output_of("readlink kept ~/.m2"),
            format!("{target}/kept\n{target}/root/.m2\n")
        );
        assert_eq!(first.output_of("cat other"), "source");
        assert_eq!(
            log_of_restore(&first),
            [
                "Expanded cache path kept/**/*".to_owned(),
                "Expanded cache path /root/.m2/*".to_owned(),
                format!("MkdirAll: {target}/kept"),
                format!("Symlinking: /codebuild/output/srcN/src/kept => {target}/kept"),
                format!("MkdirAll: {target}/root/.m2"),
                format!("Symlinking: /root/.m2 => {target}/root/.m2"),
            ]
        );
        assert!(
            first
                .stderr
                .contains("warning: the local cache hides the files that `kept/**/*` had"),
            "{first}"
        );
        assert!(summary(&first).starts_with("miss; saved "), "{first}");
        let list = "cat kept/* ~/.m2/*; ls kept";
        write(&env, "{paths: [kept/**/*, /root/.m2/*]}", &[list]);
        let second = env.run();
        second.assert_succeeded();
        assert_eq!(second.output_of(list), "x\ny\nby-the-build\n");
        assert!(summary(&second).starts_with("hit ("), "{second}");
        assert_eq!(archives(&env, "source"), 2, "each directory by itself");
        let after = files(&env.source());
        assert_eq!(after["kept/of-the-source"], before["kept/of-the-source"]);
        assert_eq!(after.len(), before.len());
        assert!(!env.source().join("kept").is_symlink());
    }
}

#[test]
fn a_directory_is_kept_by_itself_whatever_else_is_declared() {
    let env = TestEnv::new().args(&["--cache", "local"]);
    write(
        &env,
        "{paths: [one, two]}",
        &["echo 1 > one/f; echo 2 > two/f"],
    );
    env.run().assert_succeeded();
    write(&env, "{paths: [three, two]}", &["cat */f"]);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of("cat */f"), "2\n");
    assert!(
        summary(&run).starts_with("1 of 2 directories found"),
        "{run}"
    );
}

#[test]
fn what_is_no_directory_has_no_place_in_a_local_cache() {
    let env = TestEnv::new()
        .file("one.txt", "x")
        .args(&["--cache", "local"]);
    write(
        &env,
        "{paths: [one.txt, made.txt, '**/*.jar', '**/*', /usr/**/*, kept]}",
        &["cat one.txt; echo x > made.txt; readlink kept > /dev/null; ls /usr/bin/env"],
    );
    let run = env.run();
    run.assert_succeeded();
    let log = log_of_restore(&run);
    let reasons: Vec<&str> = log
        .iter()
        .filter_map(|line| {
            line.strip_prefix(
                "Unable to initialize cache download: only directories can be cached locally: ",
            )
        })
        .collect();
    assert_eq!(reasons, ["one.txt", "made.txt", "**/*.jar"]);
    for warning in [
        "the cache path `**/*` is not kept: it is the source directory itself",
        "the cache path `/usr/**/*` is not kept: the container needs this directory",
    ] {
        assert!(run.stderr.contains(warning), "{run}");
    }
    assert_eq!(
        log.iter()
            .filter(|line| line.starts_with("Symlinking"))
            .count(),
        1
    );
}

#[test]
fn a_mounted_tree_gets_no_link() {
    let env = TestEnv::new()
        .file("kept/file", "mine")
        .args(&["--cache", "local", "-m"]);
    write(
        &env,
        "{paths: [kept, /opt/kept]}",
        &["cat kept/file; test -L /opt/kept"],
    );
    let run = env.run();
    run.assert_succeeded();
    assert!(
        run.stderr
            .contains("the cache path `kept` is not kept: with `-m`"),
        "{run}"
    );
    assert!(!env.source().join("kept").is_symlink());
    assert_eq!(files(&env.source())["kept/file"], "mine");
}

#[test]
fn the_layers_of_docker_stay_for_the_next_build_and_are_one_build_s_at_a_time() {
    let name = format!("test-{}", std::process::id());
    let arguments = ["--cache", "local", "--cache-namespace", &name];
    let env = TestEnv::new().args(&arguments).arg("-d").build_commands(&[
        "touch /var/lib/docker/by-$CODEBUILD_BUILD_NUMBER; ls /var/lib/docker | grep by-",
        "until [ -e /go ]; do sleep 0.1; done",
    ]);
    let ls = "touch /var/lib/docker/by-$CODEBUILD_BUILD_NUMBER; ls /var/lib/docker | grep by-";
    let first = env.start();
    first.wait_for_line("by-1");
    // Another build at the same time begins without.
    let second = env.start();
    second.wait_for_line("by-2");
    let containers = [first.container(), second.container()];
    let volumes = engine::volumes(&containers[0]);
    for container in &containers {
        engine::docker(&["exec", container, "touch", "/go"]);
    }
    let first = first.finish();
    let second = second.finish();
    first.assert_succeeded();
    second.assert_succeeded();
    assert_eq!(second.output_of(ls), "by-2\n");
    assert!(
        second
            .stderr
            .contains("another build is using the kept Docker layers"),
        "{second}"
    );
    assert!(!first.stderr.contains("layers"), "{first}");
    let layers = volumes
        .iter()
        .find(|name| name.starts_with("cobuild-layers-"));
    let layers = layers.unwrap();
    assert!(engine::has_volume(layers));
    let third = env.start();
    third.wait_for_line("by-3");
    engine::docker(&["exec", &third.container(), "touch", "/go"]);
    let third = third.finish();
    assert_eq!(third.output_of(ls), "by-1\nby-3\n");
    // Nor does it go with what other builds of dead processes left.
    let other = TestEnv::new().build_command("true").run();
    other.assert_succeeded();
    assert!(engine::has_volume(layers), "{other}");
    // Not another namespace's, and not without privileges.
    let listed = cache(&env, &["list"]);
    let is_listed = |line: &str| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        cells.starts_with(&[&name, "docker-layer"])
    };
    assert!(listed.lines().any(is_listed), "{listed}");
    let cleared = cache(&env, &["clear", "--cache-namespace", &name]);
    assert!(cleared.contains("removed"), "{cleared}");
    assert!(!engine::has_volume(layers), "{cleared}");
}

#[test]
fn layers_need_a_privileged_build() {
    let env = TestEnv::new()
        .args(&[
            "--cache",
            "local",
            "--cache-mode",
            "LOCAL_DOCKER_LAYER_CACHE,custom",
        ])
        .build_command("true");
    let run = env.run();
    run.assert_succeeded();
    assert!(
        run.stderr
            .contains("the cache mode `docker-layer` needs a privileged build"),
        "{run}"
    );
}

fn cache(env: &TestEnv, arguments: &[&str]) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cobuild"));
    command.arg("cache").args(arguments);
    command.env("HOME", env.path("home"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn artifacts_have_what_is_in_a_linked_directory() {
    let spec = serde_json::json!({
        "version": 0.2,
        "cache": { "paths": ["modules/**/*"] },
        "phases": { "build": { "commands": ["echo 1 > modules/one"] } },
        "artifacts": { "files": ["**/*"], "exclude-paths": ["buildspec.yml"] },
    });
    let env = TestEnv::new().buildspec(&spec.to_string());
    let kept = env.path("kept");
    let env = env.args(&["--cache", "local", "--artifacts", kept.to_str().unwrap()]);
    env.run().assert_succeeded();
    let files = files(&kept);
    assert_eq!(files, [("modules/one".to_owned(), "1\n".to_owned())].into());
}
