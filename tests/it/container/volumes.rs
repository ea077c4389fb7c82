//! Directories of the host, and file systems of the project.

use std::fs;

use crate::env::{TestEnv, files};

#[test]
fn directories_of_the_host_are_seen_and_written() {
    let env = TestEnv::new();
    let kept = env.path("kept");
    fs::create_dir(&kept).unwrap();
    fs::write(kept.join("before"), "here\n").unwrap();
    let env = env
        .build_commands(&["cat /kept/before", "echo after > /kept/after"])
        // Relative to where cobuild runs.
        .args(&["--volume", "./kept:/kept"]);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of("cat /kept/before"), "here\n");
    assert_eq!(fs::read_to_string(kept.join("after")).unwrap(), "after\n");
}

#[test]
fn what_is_for_reading_alone_cannot_be_written() {
    let env = TestEnv::new();
    fs::create_dir(env.path("kept")).unwrap();
    let env = env
        .build_command("echo x > /kept/x")
        .args(&["--volume", "kept:/kept:ro"]);
    let run = env.run();
    run.assert_failed();
    assert!(run.stdout.contains("Read-only file system"), "{run}");
}

#[test]
fn a_directory_may_lie_within_the_source() {
    for transfer in ["copy-on-write", "tar"] {
        let env = TestEnv::new()
            .file("src/main", "main\n")
            .file("cache/stale", "stale\n")
            .build_commands(&[
                "cat src/main cache/held",
                "! test -e cache/stale",
                "echo new > cache/new",
            ]);
        let held = env.path("held");
        fs::create_dir(&held).unwrap();
        fs::write(held.join("held"), "held\n").unwrap();
        let env = env
            .args(&["--volume", "held:cache"])
            .args(&["--source-transfer", transfer]);
        let run = env.run();
        run.assert_succeeded();
        assert_eq!(run.output_of("cat src/main cache/held"), "main\nheld\n");
        let names: Vec<String> = files(&held).into_keys().collect();
        assert_eq!(names, ["held", "new"], "{transfer}");
        let names: Vec<String> = files(&env.source()).into_keys().collect();
        assert_eq!(
            names,
            ["buildspec.yml", "cache/stale", "src/main"],
            "{transfer}"
        );
    }
}

#[test]
fn a_directory_that_is_not_there_is_not_made() {
    let env = TestEnv::new()
        .build_command("true")
        .args(&["--volume", "nothing:/kept"]);
    let run = env.run();
    run.assert_code(2);
    assert!(
        run.stderr.contains("--volume: cannot use `nothing`"),
        "{run}"
    );
    assert!(!env.path("nothing").exists());
}

#[test]
fn two_directories_have_two_places() {
    let env = TestEnv::new().build_command("true");
    fs::create_dir(env.path("kept")).unwrap();
    let run = env
        .args(&["--volume", "kept:/kept", "--file-system", "fs=kept:/kept"])
        .run();
    run.assert_code(2);
    assert!(run.stderr.contains("cannot both be at `/kept`"), "{run}");
}

#[test]
fn file_systems_of_the_project_are_directories() {
    let env = TestEnv::new().build_commands(&[
        "echo \"$CODEBUILD_MY_EFS $CODEBUILD_DATA\"",
        "cat \"$CODEBUILD_MY_EFS/file\"",
        "echo written > /data/written",
    ]);
    for name in ["efs", "data"] {
        fs::create_dir(env.path(name)).unwrap();
    }
    fs::write(env.path("efs/file"), "kept\n").unwrap();
    let (data, efs) = (env.path("data"), env.path("efs"));
    let (run, build) = env
        .again(&[
            "--file-system",
            "my_efs=efs",
            "--file-system",
            "data=data:/data",
        ])
        .run_with_json();
    run.assert_succeeded();
    assert!(run.stdout.contains("\n/mnt/my_efs /data\n"), "{run}");
    assert!(run.stdout.contains("\nkept\n"), "{run}");
    let written = fs::read_to_string(data.join("written"));
    assert_eq!(written.unwrap(), "written\n");
    assert_eq!(
        build["fileSystemLocations"][0],
        serde_json::json!({
            "type": "EFS",
            "identifier": "my_efs",
            "location": efs,
            "mountPoint": "/mnt/my_efs",
        })
    );
}
