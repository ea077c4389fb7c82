//! Links that a repository has where a user names something: none points outside it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::env::{Run, TestEnv, files};

/// Marks what must not be shown or copied.
const SECRET: &str = "SECRET=outside";

/// A source that makes an artifact and exports a variable, beside a directory that is not its own.
fn env() -> TestEnv {
    let env = TestEnv::new().buildspec(
        "version: 0.2\nenv: {exported-variables: [A]}\nphases: {build: {commands: [A=b, echo new > made]}}\nartifacts: {files: [made]}\n",
    );
    let outside = env.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("made"), SECRET).unwrap();
    fs::set_permissions(outside.join("made"), PermissionsExt::from_mode(0o600)).unwrap();
    env
}

fn link(env: &TestEnv, name: &str, target: impl AsRef<Path>) {
    symlink(target, env.source().join(name)).unwrap();
}

/// What is outside of the source, and what lies beside it.
fn outside(env: &TestEnv) -> Vec<String> {
    let mut all: Vec<String> = files(&env.path("outside")).into_keys().collect();
    let beside = fs::read_dir(env.path("")).unwrap();
    all.extend(beside.map(|it| it.unwrap().file_name().into_string().unwrap()));
    all.sort();
    all
}

#[test]
fn whatever_is_named_stays_in_the_source() {
    let env = env();
    link(&env, "directory", "../outside");
    link(&env, "absolute", env.path("outside"));
    link(&env, "dangling", env.path("new"));
    link(&env, "chain", "directory");
    link(&env, "file", "../outside/made");
    let before = outside(&env);
    let run = |flag: &str, value: &str| {
        let run = env.again(&[flag, value]);
        let mut command = run.command();
        // Where a clone is built.
        command.current_dir(env.source());
        Run::new(command.output().unwrap())
    };
    let absolute = env.source().join("directory").display().to_string();
    let mut cases = Vec::new();
    for name in [
        "directory",
        "absolute",
        "dangling",
        "chain",
        "directory/new",
        &absolute,
    ] {
        cases.push(("--artifacts", name.to_owned()));
    }
    for flag in ["--build-json", "--events", "--export-file", "--log-file"] {
        for name in ["file", "directory/new", "dangling"] {
            cases.push((flag, name.to_owned()));
        }
    }
    cases.push(("--volume", "directory:/host".to_owned()));
    cases.push(("--volume", "./directory:/host:ro".to_owned()));
    for flag in ["--env-file", "--secrets", "--certificate"] {
        cases.push((flag, "file".to_owned()));
    }
    for (flag, value) in cases {
        let run = run(flag, &value);
        run.assert_code(2);
        assert!(
            run.stderr.contains("is a symlink that points outside"),
            "{flag} {value}: {run}"
        );
        assert!(run.stderr.contains(flag), "{flag} {value}: {run}");
        assert!(!run.stderr.contains(SECRET), "{flag} {value}: {run}");
    }
    assert_eq!(outside(&env), before);
    assert_eq!(
        fs::read_to_string(env.path("outside/made")).unwrap(),
        SECRET
    );
}

#[test]
fn the_repository_around_the_source_is_a_stranger_s_as_well() {
    let env = env();
    fs::create_dir(env.path(".git")).unwrap();
    symlink("outside", env.path("out")).unwrap();
    // What is outside of the source is outside of the repository too.
    fs::rename(env.path("outside"), env.path("home/outside")).unwrap();
    fs::remove_file(env.path("out")).unwrap();
    symlink("/tmp", env.path("out")).unwrap();
    let run = env.again(&["--artifacts", "out/cobuild-hostile"]).run();
    run.assert_code(2);
    assert!(run.stderr.contains("points outside"), "{run}");
    assert!(!Path::new("/tmp/cobuild-hostile").exists());
}

#[test]
fn links_of_the_user_s_own_are_followed() {
    let env = env();
    // Elsewhere than in a source, and within one.
    symlink("outside", env.path("mine")).unwrap();
    fs::create_dir(env.source().join("real")).unwrap();
    link(&env, "within", "real");
    for (artifacts, made) in [
        (env.path("mine/artifacts"), "outside/artifacts/made"),
        (env.source().join("within"), "source/real/made"),
    ] {
        let artifacts = artifacts.display().to_string();
        env.again(&["--artifacts", &artifacts])
            .run()
            .assert_succeeded();
        assert_eq!(fs::read_to_string(env.path(made)).unwrap(), "new\n");
    }
    let json = env.path("mine/build.json").display().to_string();
    env.again(&["--build-json", &json]).run().assert_succeeded();
    assert!(env.path("outside/build.json").exists());
}

#[test]
fn a_link_that_a_build_makes_of_the_place_of_artifacts_is_not_followed() {
    let env = env().args(&["-m", "--artifacts", "source/out"]);
    let spec = "version: 0.2\nphases: {build: {commands: [echo new > made, rmdir out, ln -s ../outside out]}}\nartifacts: {files: [made]}\n";
    fs::write(env.source().join("buildspec.yml"), spec).unwrap();
    let run = env.run();
    assert_ne!(run.code, Some(0), "{run}");
    assert_eq!(
        fs::read_to_string(env.path("outside/made")).unwrap(),
        SECRET
    );
}

/// `cobuild check` in a directory, with a limit of time.
fn check(directory: &Path, arguments: &[&str]) -> Run {
    let output = Command::new("timeout")
        .args(["20", env!("CARGO_BIN_EXE_cobuild"), "check"])
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Run::new(output)
}

#[test]
fn a_check_shows_nothing_from_outside_of_the_directory() {
    let place = tempfile::tempdir().unwrap();
    let clone = place.path().join("clone");
    fs::create_dir_all(clone.join("sub")).unwrap();
    fs::write(
        place.path().join("private"),
        format!("version: 0.2\n{SECRET}: [\n"),
    )
    .unwrap();
    let link = |target: &str, name: &str| symlink(target, clone.join(name)).unwrap();
    link("../private", "buildspec.yml");
    link("/dev/zero", "buildspec-device.yml");
    let pipe = clone.join("sub/buildspec-pipe.yml");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    for format in ["text", "json", "sarif", "github"] {
        let run = check(&clone, &["--format", format]);
        run.assert_failed();
        assert!(!run.stdout.contains(SECRET), "{run}");
        assert!(!run.stderr.contains(SECRET), "{run}");
        for (name, why) in [
            ("buildspec.yml", "points outside"),
            ("buildspec-device.yml", "points outside"),
            ("sub/buildspec-pipe.yml", "a pipe"),
        ] {
            let told = |line: &str| line.contains(&format!("`{name}`")) && line.contains(why);
            assert!(run.stderr.lines().any(told), "{name}: {run}");
        }
        assert!(
            run.stderr
                .contains("3 errors and no warnings in 3 buildspecs"),
            "{run}"
        );
    }
    // By its name, in a repository and without one, from above it as well.
    link("..", "up");
    for _ in 0..2 {
        for name in [
            "buildspec.yml",
            "./buildspec.yml",
            "up/private",
            "buildspec-device.yml",
            "up",
        ] {
            let run = check(&clone, &[name]);
            run.assert_code(2);
            assert!(!run.stderr.contains(SECRET), "{run}");
            assert!(run.stderr.contains("points outside"), "{run}");
        }
        let run = check(&clone, &["sub/buildspec-pipe.yml"]);
        run.assert_code(2);
        assert!(run.stderr.contains("a pipe"), "{run}");
        fs::create_dir_all(clone.join(".git")).unwrap();
    }
    let run = check(place.path(), &["clone/buildspec.yml"]);
    run.assert_code(2);
    assert!(!run.stderr.contains(SECRET), "{run}");
}

#[test]
fn a_check_reads_links_within_and_what_a_shell_connects() {
    let place = tempfile::tempdir().unwrap();
    let good = "version: 0.2\nphases: {build: {commands: [make]}}\n";
    fs::create_dir_all(place.path().join("deep")).unwrap();
    fs::write(place.path().join("deep/spec.yml"), good).unwrap();
    symlink("deep/spec.yml", place.path().join("buildspec.yml")).unwrap();
    check(place.path(), &[]).assert_succeeded();
    check(place.path(), &["buildspec.yml"]).assert_succeeded();
    let check = env!("CARGO_BIN_EXE_cobuild");
    for line in [
        format!("{check} check <(cat buildspec.yml)"),
        format!("cat buildspec.yml | {check} check /dev/stdin"),
        format!("cat buildspec.yml | {check} check -"),
        format!("{check} check /dev/fd/3 3< buildspec.yml"),
    ] {
        let output = Command::new("bash")
            .args(["-c", &line])
            .current_dir(place.path())
            .output()
            .unwrap();
        let run = Run::new(output);
        run.assert_succeeded();
        assert!(run.stderr.contains("in 1 buildspec"), "{line}: {run}");
    }
}

#[test]
fn a_source_is_what_it_seems_to_be() {
    let env = env();
    fs::create_dir_all(env.path("clone/.git")).unwrap();
    fs::copy(
        env.source().join("buildspec.yml"),
        env.path("outside/buildspec.yml"),
    )
    .unwrap();
    symlink("../outside", env.path("clone/app")).unwrap();
    let in_clone = |source: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cobuild"));
        command
            .args(["run", "--source", source, "--image", crate::engine::IMAGE])
            .env("HOME", env.path("home"))
            .current_dir(env.path("clone"));
        Run::new(command.output().unwrap())
    };
    for source in ["app", "lib:app"] {
        let run = in_clone(source);
        run.assert_code(2);
        assert!(run.stderr.contains("points outside"), "{source}: {run}");
    }
    // A link of the user's own, elsewhere.
    symlink("outside", env.path("mine")).unwrap();
    in_clone("../mine").assert_succeeded();
}
