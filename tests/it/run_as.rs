//! `run-as`: commands of another user than root (contract §1.3, §1.5).

use crate::engine;
use crate::env::TestEnv;

/// Adds a user, also where there is no tool for it.
const ADD_USER: &str = "useradd -u 1234 builder || { mkdir -p /etc; echo 'builder:x:1234:1234::/:/bin/sh' >> /etc/passwd; }";

fn buildspec(head: &str, commands: &[&str]) -> String {
    format!(
        "version: 0.2\n{head}phases:
  install:
    run-as: root
    commands:
      - {ADD_USER}
  build:
    commands:
      - {}
",
        commands.join("\n      - ")
    )
}

#[test]
fn the_user_runs_the_commands_and_can_write_the_source() {
    // What switches the user differs: setpriv, chroot, su.
    for image in [
        engine::IMAGE.to_owned(),
        engine::busybox_image().to_owned(),
        engine::image_without(&["setpriv"]),
        engine::image_without(&["setpriv", "chroot"]),
    ] {
        let run = TestEnv::new()
            .image(&image)
            .file("there/already", "old")
            .buildspec(&buildspec("run-as: builder\n", &[WRITE, "touch /etc/mine"]))
            .run();
        run.assert_failed();
        assert_eq!(
            run.output_of(WRITE),
            "1234\n1234\nnew\n/codebuild/output/srcN/src\n/root\n",
            "{image} {run}"
        );
        let refused = run.output_of("touch /etc/mine");
        assert!(refused.contains("ermission denied"), "{image} {run}");
    }
}

const WRITE: &str =
    "id -u; id -g; echo new > there/already; echo x > file; cat there/already; pwd; echo $HOME";

#[test]
fn state_carries_between_users() {
    let spec = format!(
        "version: 0.2
run-as: root
phases:
  install:
    commands:
      - {ADD_USER}
      - mkdir sub; cd sub; A=of-root; export B='two words'
  pre_build:
    run-as: builder
    commands:
      - echo $A $B; pwd; cd ..; unset A; C=$(id -u)
  build:
    commands:
      - echo ${{A-unset}} $B $C; id -u; pwd
    finally:
      - echo $CODEBUILD_LAST_EXIT
  post_build:
    run-as: '1234'
    commands:
      - id -u
"
    );
    let run = TestEnv::new().buildspec(&spec).run();
    run.assert_succeeded();
    assert_eq!(
        run.output_of("echo $A $B; pwd; cd ..; unset A; C=$(id -u)"),
        "of-root two words\n/codebuild/output/srcN/src/sub\n"
    );
    assert_eq!(
        run.output_of("echo ${A-unset} $B $C; id -u; pwd"),
        "unset two words 1234\n0\n/codebuild/output/srcN/src\n"
    );
    assert_eq!(run.output_of("id -u"), "1234\n");
}

#[test]
fn git_works_for_both_users() {
    let spec = format!(
        "version: 0.2
phases:
  install:
    commands:
      - {ADD_USER}
  pre_build:
    run-as: builder
    commands:
      - HOME=/tmp git log --format=%s
  build:
    commands:
      - git log --format=%an
"
    );
    let env = TestEnv::new().buildspec(&spec);
    let made = std::process::Command::new("sh")
        .args(["-ec", "git init -q; git config user.name Me; git config user.email me@x; git add .; git commit -qm first"])
        .current_dir(env.source())
        .status()
        .unwrap();
    assert!(made.success());
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of("HOME=/tmp git log --format=%s"), "first\n");
    assert_eq!(run.output_of("git log --format=%an"), "Me\n");
}

#[test]
fn a_user_that_is_not_there_is_named() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2\nphases:\n  build:\n    run-as: nobody-there\n    commands: [id]\n",
        )
        .run();
    run.assert_failed();
    assert!(
        run.log().contains(
            "> Phase context status code: CLIENT_ERROR Message: run-as: user nobody-there does not exist in the build image\n"
        ),
        "{run}"
    );
    assert!(!run.log().contains("Running command"), "{run}");
}

#[test]
fn the_owner_of_a_mounted_source_stays() {
    use std::os::unix::fs::MetadataExt;
    let env = TestEnv::new()
        .file("mine", "")
        .buildspec(&buildspec("run-as: builder\n", &["cat mine"]))
        .args(&["-m"]);
    let run = env.run();
    run.assert_succeeded();
    let owner = std::fs::metadata(env.source().join("mine")).unwrap().uid();
    assert_eq!(owner, rustix::process::getuid().as_raw());
}

#[test]
fn the_log_is_open_to_the_user_and_keeps_its_order() {
    const SAY: &str =
        "echo 1 > /dev/stdout; echo 2 > /dev/stderr; echo 3; echo 4 >&2; echo 5 | tee /dev/stderr";
    for image in [
        engine::IMAGE.to_owned(),
        engine::busybox_image().to_owned(),
        engine::image_without(&["setpriv"]),
        engine::image_without(&["setpriv", "chroot"]),
    ] {
        let run = TestEnv::new()
            .image(&image)
            .buildspec(&buildspec("run-as: builder\n", &[SAY]))
            .run();
        run.assert_succeeded();
        assert_eq!(run.output_of(SAY), "1\n2\n3\n4\n5\n5\n", "{image} {run}");
    }
}

#[test]
fn caches_are_the_user_s_build_after_build() {
    const USE: &str = "mkdir -p kept ~dev/.cache/tool/new ~dev/.cache/beside && touch kept/x ~dev/.cache/tool/new/y && stat -c %U ~dev/.cache";
    for mode in ["s3", "local"] {
        let paths = match mode {
            "s3" => "['kept/**/*', '/home/dev/.cache/tool/**/*']",
            _ => "['kept/**/*']",
        };
        let env = TestEnv::new().args(&["--cache", mode]).buildspec(&format!(
            "version: 0.2
phases:
  install:
    commands: [useradd -m dev]
  build:
    run-as: dev
    commands:
      - {USE}
cache: {{paths: {paths}}}
"
        ));
        for _ in 0..3 {
            let run = env.run();
            run.assert_succeeded();
            assert_eq!(run.output_of(USE), "dev\n", "{mode} {run}");
        }
    }
}
