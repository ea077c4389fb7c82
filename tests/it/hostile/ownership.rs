//! What belongs to others: caches of other projects, and what is in the engine and not cobuild's.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::engine;
use crate::engine::daemon::Daemon;
use crate::engine::proof::{Labels, NO_PID, arguments, labels_of, prove};
use crate::env::{Run, TestEnv};

const COUNT: &str = "cat kept/file 2>/dev/null; mkdir -p kept; echo x >> kept/file; echo $CODEBUILD_BUILD_NUMBER > number; cat number";

/// Two directories that are both called `app`.
fn two_of_one_name(env: &TestEnv, cache: &str) -> [PathBuf; 2] {
    ["a/app", "b/app"].map(|name| {
        let directory = env.path(name);
        fs::create_dir_all(&directory).unwrap();
        let spec = serde_json::json!({
            "version": 0.2,
            "phases": { "build": { "commands": [COUNT] } },
            "cache": { "paths": ["kept/**/*"], "key": cache },
        });
        let mut spec = spec;
        if cache.is_empty() {
            spec["cache"].as_object_mut().unwrap().remove("key");
        }
        fs::write(directory.join("buildspec.yml"), spec.to_string()).unwrap();
        directory
    })
}

#[test]
fn projects_of_one_name_share_neither_cache_nor_numbers() {
    for (kind, key) in [("s3", ""), ("s3", "k"), ("local", "")] {
        let env = TestEnv::new().args(&["--cache", kind]);
        let [mine, theirs] = two_of_one_name(&env, key);
        let built = |source: &Path, more: &[&str]| {
            let source = source.display().to_string();
            let run = env.again(&["--source", &source]).again(more).run();
            run.assert_succeeded();
            run.output_of(COUNT)
        };
        assert_eq!(built(&theirs, &[]), "1\n");
        assert_eq!(built(&mine, &[]), "1\n", "{kind} {key}");
        assert_eq!(built(&mine, &[]), "x\n2\n", "{kind} {key}");
        // By another way to the same place it is the same project.
        symlink(&mine, env.path("way")).unwrap();
        let again = built(&env.path("way"), &[]);
        assert!(
            again.starts_with("x\n") && again.ends_with("3\n"),
            "{again}"
        );
        // Whoever names one shares it.
        let shared = ["--cache-namespace", "ours"];
        built(&theirs, &shared);
        assert!(built(&mine, &shared).starts_with("x\n"), "{kind} {key}");
    }
}

#[test]
fn a_store_of_plain_names_is_nobody_s_by_itself() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    let [mine, _] = two_of_one_name(&env, "k");
    let mine = mine.display().to_string();
    let env = env.args(&["--source", &mine]);
    env.again(&["--cache-namespace", "app"])
        .run()
        .assert_succeeded();
    assert_eq!(
        env.again(&["--only", "BUILD"])
            .run()
            .output_of(COUNT)
            .lines()
            .count(),
        1
    );
    let listed = Command::new(env!("CARGO_BIN_EXE_cobuild"))
        .args(["cache", "explain", "--source", &mine])
        .env("HOME", env.path("home"))
        .output()
        .unwrap();
    Run::new(listed).assert_succeeded();
    let run = env.again(&["--cache-namespace", "app"]).run();
    assert!(run.output_of(COUNT).starts_with("x\n"), "{run}");
}

/// Puts something else into the place of a file.
type Planting = fn(&Path);

#[test]
fn what_somebody_put_into_the_store_is_not_believed() {
    assert!(
        rustix::process::geteuid().is_root(),
        "these tests make users"
    );
    let plantings: [Planting; 4] = [
        |path| chown(path, Some(65534), None).unwrap(),
        |path| fs::set_permissions(path, Permissions::from_mode(0o666)).unwrap(),
        |path| {
            let elsewhere = path.with_extension("elsewhere");
            fs::rename(path, &elsewhere).unwrap();
            symlink(elsewhere, path).unwrap();
        },
        |path| {
            fs::remove_file(path).unwrap();
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        },
    ];
    for (index, plant) in plantings.iter().enumerate() {
        for kind in ["zst", "json"] {
            let env = TestEnv::new().args(&["--cache", "s3"]);
            let [mine, _] = two_of_one_name(&env, "k");
            let env = env.args(&["--source", &mine.display().to_string()]);
            env.run().assert_succeeded();
            let caches = walkdir::WalkDir::new(env.path("home/.cache/cobuild/caches"));
            let planted = caches.into_iter().map(Result::unwrap).find(|entry| {
                entry.path().extension().is_some_and(|it| it == kind)
                    && entry.file_name() != "last-run.json"
            });
            plant(planted.unwrap().path());
            let run = env.run();
            run.assert_succeeded();
            assert_eq!(run.output_of(COUNT), "2\n", "{index} {kind}: {run}");
        }
    }
}

#[test]
fn a_volume_of_layers_that_somebody_else_made_is_not_used() {
    let env = TestEnv::new()
        .args(&["--cache", "local", "-d"])
        .build_command("touch /var/lib/docker/mine; ls /var/lib/docker");
    let first = env.start();
    let label = first.label();
    let mut layers = None;
    let made = engine::eventually(std::time::Duration::from_mins(1), || {
        let containers = engine::containers(&label);
        layers = containers
            .iter()
            .flat_map(|id| engine::volumes(id))
            .find(|name| name.starts_with("cobuild-layers-"));
        layers.is_some()
    });
    first.finish().assert_succeeded();
    assert!(made);
    let layers = layers.unwrap();
    engine::docker(&["volume", "rm", &layers]);
    engine::docker(&[
        "volume",
        "create",
        "--label",
        "cobuild.cache.layers=x",
        &layers,
    ]);
    let run = env.run();
    run.assert_succeeded();
    assert!(
        run.stderr
            .contains(&format!("the volume `{layers}` was not created by cobuild")),
        "{run}"
    );
    let cleared = Command::new(env!("CARGO_BIN_EXE_cobuild"))
        .args(["cache", "clear"])
        .current_dir(env.source())
        .env("HOME", env.path("home"))
        .output()
        .unwrap();
    let cleared = Run::new(cleared);
    cleared.assert_succeeded();
    assert!(engine::has_volume(&layers), "{cleared}");
    engine::docker(&["volume", "rm", &layers]);
}

/// `cobuild clean` at home in an environment.
fn clean(env: &TestEnv, daemon: &Daemon, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_cobuild"))
        .arg("clean")
        .args(arguments)
        .env_clear()
        .env("HOME", env.path("home"))
        .env("DOCKER_HOST", daemon.host())
        .output()
        .unwrap();
    Run::new(output)
}

fn env(daemon: &Daemon) -> TestEnv {
    let image = daemon.load_busybox();
    TestEnv::new()
        .image(image)
        .variable("DOCKER_HOST", &daemon.host())
        .build_command("true")
}

/// Makes an image with labels and gives it a name.
fn derive(daemon: &Daemon, name: &str, labels: &Labels) {
    let mut words = vec!["--host".to_owned(), daemon.host(), "commit".to_owned()];
    for (label, value) in labels {
        words.push("--change".to_owned());
        words.push(format!("LABEL \"{label}\"=\"{value}\""));
    }
    let container = daemon.docker(&["create", daemon.load_busybox(), "true"]);
    words.extend([container.clone(), name.to_owned()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    engine::docker(&words);
    daemon.docker(&["rm", &container]);
}

/// Everything in an engine.
fn everything(daemon: &Daemon) -> Vec<String> {
    let lists = [
        ["ps", "--all", "--no-trunc"].as_slice(),
        &["volume", "ls"],
        &["network", "ls", "--no-trunc"],
        &["images", "--no-trunc"],
    ];
    let lines = lists.map(|list| {
        let listed = daemon.docker(&[list, &["--quiet"]].concat());
        // What was made within one second has no order.
        let mut lines: Vec<String> = listed.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    });
    lines.concat()
}

/// Networks of a daemon's, which do not go with it.
struct Networks<'a> {
    daemon: &'a Daemon,
    names: Vec<String>,
}

impl Drop for Networks<'_> {
    fn drop(&mut self) {
        let mut remove = Command::new("docker");
        remove.args(["--host", &self.daemon.host(), "network", "rm"]);
        let _ = remove.args(&self.names).output();
    }
}

#[test]
fn labels_prove_nothing() {
    let daemon = Daemon::start(&[]);
    let env = env(&daemon);
    env.run().assert_succeeded();
    let host = daemon.docker(&["info", "--format", "{{.Name}}"]);
    let mut networks = Networks {
        daemon: &daemon,
        names: Vec::new(),
    };
    let mut forged = Vec::new();
    // As in the report: a process that no kernel has.
    let bare = [
        ("cobuild.host", &*host),
        ("cobuild.pid", "4194303"),
        ("cobuild.build", "x"),
    ];
    let bare: Labels = bare
        .map(|(name, it)| (name.to_owned(), it.to_owned()))
        .into();
    forged.push(bare);
    forged.push(labels_of(NO_PID, &host));
    // A proof for something else, which anybody can read there.
    forged.push(prove(
        &env,
        "container",
        "cobuild-0123",
        &labels_of(NO_PID, &host),
    ));
    forged.push(prove(
        &env,
        "image",
        "cobuild-trial:0123",
        &labels_of(NO_PID, &host),
    ));
    for (index, labels) in forged.iter().enumerate() {
        for is_trial in [false, true] {
            let mut labels = labels.clone();
            if is_trial {
                labels.insert("cobuild.trial".to_owned(), "1".to_owned());
            }
            let name = format!("derived-{index}-{is_trial}");
            derive(&daemon, &name, &labels);
            daemon.docker(&["create", &name, "true"]);
            daemon.docker(&["run", "--detach", &name, "sleep", "600"]);
            networks.names.push(name.clone());
            for kind in ["volume", "network"] {
                let mut words = vec![kind.to_owned(), "create".to_owned()];
                words.extend(arguments(&labels));
                words.push(name.clone());
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                daemon.docker(&words);
            }
        }
    }
    let before = everything(&daemon);
    env.run().assert_succeeded();
    assert_eq!(everything(&daemon), before);
    for arguments in [[].as_slice(), &["--all"], &["--all", "--format", "json"]] {
        let run = clean(&env, &daemon, arguments);
        run.assert_succeeded();
        assert_eq!(everything(&daemon), before, "{run}");
    }
    let text = clean(&env, &daemon, &[]).stdout;
    assert!(
        text.contains("nothing proves that your cobuild made them"),
        "{text}"
    );
    assert!(text.contains("volume rm derived-0-false"), "{text}");
    let json: Value =
        serde_json::from_str(&clean(&env, &daemon, &["--format", "json"]).stdout).unwrap();
    let volumes = json["unproven"].as_array().unwrap().iter();
    assert_eq!(volumes.filter(|it| it["kind"] == "volume").count(), 8);
}

#[test]
fn a_copy_of_the_labels_of_a_build_proves_nothing() {
    for transfer in ["copy-on-write", "tar"] {
        copy_the_labels_of_a_build(transfer);
    }
}

/// Copies them while it runs, and looks whether the copies stay when it was killed.
fn copy_the_labels_of_a_build(transfer: &str) {
    let daemon = Daemon::start(&[]);
    let env = env(&daemon)
        .build_command("sleep 600")
        .args(&["--source-transfer", transfer]);
    let running = env.start();
    running.wait_for_line("> Running command sleep 600");
    let labels_of =
        |words: &[&str]| -> Labels { serde_json::from_str(&daemon.docker(words)).unwrap() };
    let format = "{{json .Config.Labels}}";
    let build = daemon.docker(&["ps", "-q"]);
    let labels = labels_of(&["inspect", "--format", format, &build]);
    let volume = daemon.docker(&["volume", "ls", "-q"]);
    let of_volume = labels_of(&["volume", "inspect", "--format", "{{json .Labels}}", &volume]);
    derive(&daemon, "copy", &labels);
    daemon.docker(&["run", "--detach", "--name", "copy", "copy", "sleep", "600"]);
    daemon.docker(&["create", "--name", "created", "copy", "true"]);
    for name in ["", "named"] {
        let mut words = vec!["volume".to_owned(), "create".to_owned()];
        words.extend(arguments(&of_volume));
        words.extend((!name.is_empty()).then(|| name.to_owned()));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        daemon.docker(&words);
    }
    running.signal(Signal::KILL);
    running.finish();
    let gone = || !daemon.docker(&["ps", "-aq", "--no-trunc"]).contains(&build);
    assert!(engine::eventually(std::time::Duration::from_secs(20), gone));
    let before = everything(&daemon);
    let env = env.build_command("true");
    env.run().assert_succeeded();
    assert_eq!(everything(&daemon), before);
    for env in [env, env_of(&daemon)] {
        clean(&env, &daemon, &["--all"]).assert_succeeded();
        assert_eq!(everything(&daemon), before, "{transfer}");
    }
}

/// Another environment at the same engine: another user's cobuild.
fn env_of(daemon: &Daemon) -> TestEnv {
    TestEnv::new().variable("DOCKER_HOST", &daemon.host())
}

#[test]
fn what_another_user_s_cobuild_keeps_is_left_to_him() {
    let daemon = Daemon::start(&[]);
    let env = env(&daemon).build_command("false").arg("--debug=keep");
    env.run().assert_failed();
    let before = everything(&daemon);
    let other = env_of(&daemon);
    for arguments in [[].as_slice(), &["--all"]] {
        let run = clean(&other, &daemon, arguments);
        run.assert_succeeded();
        assert_eq!(everything(&daemon), before, "{run}");
        assert!(run.stdout.contains("nothing proves"), "{run}");
    }
    clean(&env, &daemon, &[]).assert_succeeded();
    assert_eq!(daemon.docker(&["ps", "-aq"]), "");
}
