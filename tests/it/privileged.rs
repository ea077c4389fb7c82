//! Builds that use Docker themselves (contract §5).

mod dockerd;

use std::path::Path;

use crate::engine;
use crate::env::{TestEnv, files};

#[test]
fn without_privileges_there_is_no_docker_in_the_build() {
    let run = TestEnv::new().build_command("docker info").run();
    run.assert_failed();
    assert!(
        run.stdout
            .contains("Cannot connect to the Docker daemon at unix:///var/run/docker.sock."),
        "{run}"
    );
    assert!(
        run.stderr
            .contains("hint: Docker in a build needs a privileged container: add `-d`"),
        "{run}"
    );
}

#[test]
fn a_privileged_build_without_a_daemon_is_told_how_to_get_one() {
    let run = TestEnv::new().build_command("docker info").arg("-d").run();
    run.assert_failed();
    assert!(
        run.stderr
            .contains("hint: no Docker daemon runs in this image: `--start-dockerd` starts one"),
        "{run}"
    );
}

#[test]
fn without_privileges_a_daemon_does_not_start() {
    let run = TestEnv::new()
        .build_command("timeout 20 dockerd --host=unix:///var/run/docker.sock")
        .run();
    run.assert_failed();
    assert!(
        run.stdout.contains("failed to start daemon") || run.stdout.contains("denied"),
        "{run}"
    );
}

#[test]
fn a_privileged_build_builds_and_runs_images() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/docker-in-docker");
    let env = TestEnv::new();
    let kept = env.path("kept");
    let env = env.args(&[
        "--privileged",
        "--source",
        example.to_str().unwrap(),
        "--artifacts",
        kept.to_str().unwrap(),
    ]);
    let before = files(&example);
    let running = env.start();
    running.wait_for_line("> Entering phase BUILD");
    let volumes = engine::volumes(&running.container());
    let run = running.finish();
    run.assert_succeeded();
    let info = run.output_of("docker info --format '{{.ServerVersion}} on {{.Driver}}'");
    assert!(info.ends_with(" on overlay2\n"), "{run}");
    let greeting = run.output_of("docker run --rm --network none \"$IMAGE\" | tee greeting.txt");
    let lines: Vec<&str> = greeting.lines().collect();
    assert!(
        lines.contains(&"Hello from inside, made at build time"),
        "{run}"
    );
    let kept = files(&kept);
    assert_eq!(
        kept["greeting.txt"],
        "Hello from inside, made at build time\n"
    );
    assert!(kept["image.tar"].contains("manifest.json"));
    assert!(!volumes.is_empty(), "the daemon's directory is a volume");
    for volume in volumes {
        assert!(!engine::has_volume(&volume), "{volume} is left");
    }
    assert_eq!(files(&example), before, "the example is as it was");
}
