//! What a registry is shown, and where that is found.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::registry::{PASSWORD, Pulled, Registry, TestImage, USER, write_login};
use super::{assert_not_had, build};
use crate::env::{Run, TestEnv};

/// A registry with a password, and the name of an image in it.
fn private() -> (Registry, String, Pulled) {
    let registry = Registry::with_password();
    let image = TestImage::new(&[10]);
    registry.push(&image.name, "tool:1");
    let name = registry.name("tool:1");
    let pulled = Pulled(name.clone());
    (registry, name, pulled)
}

/// Runs, and makes sure that no secret shows.
#[track_caller]
fn run(env: &TestEnv) -> Run {
    let run = env.again(&["-vvv"]).run();
    for secret in [PASSWORD, "hunter2"] {
        assert!(!run.stdout.contains(secret), "{run}");
        assert!(!run.stderr.contains(secret), "{run}");
    }
    run
}

/// Makes a helper whose program is this script, and returns the PATH that has it.
fn helper(env: &TestEnv, script: &str) -> String {
    let directory = env.path("helpers");
    fs::create_dir_all(&directory).unwrap();
    let program = directory.join("docker-credential-test");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    format!("{}:{path}", directory.display())
}

fn write_config(env: &TestEnv, config: &serde_json::Value) {
    fs::create_dir_all(env.path("home/.docker")).unwrap();
    fs::write(env.path("home/.docker/config.json"), config.to_string()).unwrap();
}

#[test]
fn without_credentials_and_with_wrong_ones_the_way_to_them_is_told() {
    let (registry, name, _pulled) = private();
    let host = registry.host();
    let log_in = format!("`docker login {host}`");
    let env = build(&name);
    assert_not_had(
        &run(&env),
        "no basic auth credentials",
        &["this machine has none", &log_in],
    );
    write_login(&env.path("home/.docker/config.json"), &host, "hunter2");
    assert_not_had(
        &run(&env),
        "unauthorized",
        &["rejected the credentials", &log_in],
    );
}

#[test]
fn credentials_are_found_in_the_files_of_docker_and_of_podman() {
    let (registry, name, _pulled) = private();
    let host = registry.host();
    for (file, variable) in [
        ("home/.docker/config.json", None),
        (
            "elsewhere/config.json",
            Some(("DOCKER_CONFIG", "elsewhere")),
        ),
        (
            "runtime/containers/auth.json",
            Some(("XDG_RUNTIME_DIR", "runtime")),
        ),
        ("auth.json", Some(("REGISTRY_AUTH_FILE", "auth.json"))),
    ] {
        let mut env = build(&name).args(&["--pull", "always"]);
        write_login(&env.path(file), &host, PASSWORD);
        if let Some((variable, path)) = variable {
            let path = env.path(path);
            env = env.variable(variable, path.to_str().unwrap());
        }
        let run = run(&env);
        run.assert_succeeded();
        assert!(run.stderr.contains("pulled image"), "{run}");
    }
}

#[test]
fn helpers_are_asked_for_their_registry_and_for_all() {
    let (registry, name, _pulled) = private();
    let host = registry.host();
    for config in [
        serde_json::json!({ "credHelpers": { host.as_str(): "test" } }),
        serde_json::json!({ "credsStore": "test", "auths": { host.as_str(): {} } }),
    ] {
        let env = build(&name).args(&["--pull", "always"]);
        write_config(&env, &config);
        let answer = serde_json::json!({ "Username": USER, "Secret": PASSWORD });
        let script = format!("[ \"$1 $(cat)\" = 'get {host}' ] && echo '{answer}'");
        let path = helper(&env, &script);
        let run = run(&env.variable("PATH", &path));
        run.assert_succeeded();
        assert!(!run.stderr.contains("warning"), "{run}");
    }
}

#[test]
fn what_cannot_be_read_is_told_and_done_without() {
    let registry = Registry::open();
    let image = TestImage::new(&[10]);
    registry.push(&image.name, "tool:1");
    let name = registry.name("tool:1");
    let _pulled = Pulled(name.clone());
    let store = serde_json::json!({ "credsStore": "test" }).to_string();
    for (config, script, words) in [
        ("{\"auths\": hunter2", "", "not valid JSON"),
        (store.as_str(), "echo hunter2; exit 3", "exit status: 3"),
        (store.as_str(), "echo hunter2", "not valid JSON"),
        (
            "{\"credsStore\": \"nowhere\"}",
            "",
            "`docker-credential-nowhere` was not found in PATH",
        ),
    ] {
        let env = build(&name).args(&["--pull", "always"]);
        fs::create_dir_all(env.path("home/.docker")).unwrap();
        fs::write(env.path("home/.docker/config.json"), config).unwrap();
        let path = helper(&env, script);
        let run = run(&env.variable("PATH", &path));
        run.assert_succeeded();
        let warning = run
            .stderr
            .lines()
            .find(|line| line.starts_with("warning: "))
            .unwrap_or_else(|| panic!("{run}"));
        assert!(warning.contains(words), "{run}");
        assert!(warning.ends_with("pulling without credentials"), "{run}");
    }
}

#[test]
fn nobody_is_asked_for_an_image_that_is_local() {
    let env = TestEnv::new().build_command("true");
    write_config(&env, &serde_json::json!({ "credsStore": "test" }));
    let asked = env.path("asked");
    let path = helper(&env, &format!("touch {}", asked.display()));
    let run = run(&env.variable("PATH", &path));
    run.assert_succeeded();
    assert!(!asked.exists());
}
