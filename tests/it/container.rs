//! What the container gets of the machine: size, network, devices, directories.

mod memory;
mod network;
mod proxy;
mod trust;
mod volumes;

use crate::engine;
use crate::env::TestEnv;

#[test]
fn processors_and_memory_are_limited() {
    let env = TestEnv::new()
        .build_command("sleep 60")
        .args(&["--cpus", "0.5", "--memory", "256m", "--shm-size", "8m"])
        .args(&["--ulimit", "nofile=100:200"]);
    let running = env.start();
    running.wait_for_line("> Running command sleep 60");
    let format = "{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.ShmSize}}";
    let told = engine::docker(&["inspect", "--format", format, &running.container()]);
    assert_eq!(told, "500000000 268435456 268435456 8388608");
    running.signal(rustix::process::Signal::TERM);
    running.finish().assert_code(143);
}

#[test]
fn limits_hold_in_the_build() {
    let run = TestEnv::new()
        .build_commands(&[
            "ulimit -Sn; ulimit -Hn",
            "df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d ' ' -f 2",
            "test -c /dev/cobuild-zero && head -c 1 /dev/cobuild-zero | od -An -tx1",
        ])
        .args(&["--ulimit", "nofile=100:200", "--shm-size", "8m"])
        .args(&["--device", "/dev/zero:/dev/cobuild-zero:r"])
        .run();
    run.assert_succeeded();
    assert_eq!(run.output_of("ulimit -Sn; ulimit -Hn"), "100\n200\n");
    assert!(run.stdout.contains("\n8192\n"), "{run}");
    assert!(run.stdout.contains("\n 00\n"), "{run}");
}

#[test]
fn a_compute_type_is_a_size_within_the_machine_s() {
    let (run, build) = TestEnv::new()
        .build_command("cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2> /dev/null || :")
        .args(&["--compute-type", "BUILD_GENERAL1_2XLARGE"])
        .run_with_json();
    run.assert_succeeded();
    let machine = engine::docker(&["info", "--format", "{{.NCPU}}"]);
    let note = format!(
        "warning: BUILD_GENERAL1_2XLARGE (72 vCPU) is more than the engine's machine has: the build gets {machine} vCPU\n"
    );
    assert!(run.stderr.contains(&note), "{run}");
    assert!(
        run.stderr.contains("BUILD_GENERAL1_2XLARGE (144 GiB)"),
        "{run}"
    );
    assert_eq!(
        build["environment"]["computeType"],
        "BUILD_GENERAL1_2XLARGE"
    );
    let memory = engine::docker(&["info", "--format", "{{.MemTotal}}"]);
    assert!(run.stdout.contains(&format!("\n{memory}\n")), "{run}");
}

#[test]
fn a_small_compute_type_is_had_as_it_is() {
    let run = TestEnv::new()
        .build_command("cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2> /dev/null || :")
        .args(&["--compute-type", "build_lambda_1gb"])
        .run();
    run.assert_succeeded();
    assert!(run.stdout.contains("\n1073741824\n"), "{run}");
    assert!(run.stderr.contains("no root user, no Docker"), "{run}");
}

#[test]
fn what_cannot_be_meant_is_refused_with_what_to_write() {
    for (arguments, text) in [
        (["--memory", "lots"], "such as 512m, 1.5g or 2g"),
        (["--memory", "1m"], "a container needs at least 6 MiB"),
        (["--cpus", "0"], "such as 2 or 0.5"),
        (
            ["--compute-type", "BUILD_GENERAL1_TINY"],
            "BUILD_GENERAL1_SMALL",
        ),
        (["--device", "fuse"], "such as /dev/fuse"),
        (["--gpus", "some"], "`all`, a number, or device=ID"),
        (["--ulimit", "nofile=2:1"], "such as nofile=1024:2048"),
        (["--shm-size", "x"], "such as 512m"),
        (["--add-host", "db"], "such as db:10.0.0.5"),
        (["--dns", "there"], "such as 10.0.0.2"),
        (["--volume", "/tmp"], "HOST:CONTAINER[:ro]"),
        (
            ["--volume", "/tmp:/codebuild/output"],
            "cannot mount at `/codebuild/output`",
        ),
        (["--file-system", "a-b=/tmp"], "ID=DIR[:MOUNTPOINT]"),
    ] {
        let run = TestEnv::new().build_command("true").args(&arguments).run();
        run.assert_code(2);
        assert!(run.stderr.contains(text), "{arguments:?} {run}");
    }
}

#[test]
fn what_the_engine_refuses_is_told_with_what_to_do() {
    let cases = [
        (
            ["--network", "cobuild-nowhere"],
            "`docker network ls` lists the networks there are",
        ),
        (
            ["--device", "/dev/cobuild-nothing"],
            "`--device` names a path of the engine's host",
        ),
        (
            ["--gpus", "all"],
            "no GPUs: it takes the NVIDIA container toolkit",
        ),
    ];
    for (arguments, hint) in cases {
        let env = TestEnv::new().build_command("true").args(&arguments);
        let running = env.start();
        let label = running.label();
        let run = running.finish();
        run.assert_code(3);
        assert!(run.stderr.contains(hint), "{arguments:?} {run}");
        assert_eq!(engine::containers(&label), [""; 0], "{arguments:?}");
    }
}
