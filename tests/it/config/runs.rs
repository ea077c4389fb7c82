//! Builds that run as a file of settings says.

use std::fs;
use std::os::unix::fs::chown;

use crate::env::TestEnv;

const COMMANDS: &str = "version: 0.2
phases:
  build:
    commands:
      - echo $A $B; cat left-out; cat ../../readonly; true
      - ls
      - cat /proc/self/limits | grep 'open files'
";

/// An environment whose source has blanks in its path and belongs to user 1000.
fn env(settings: &str) -> TestEnv {
    let env = TestEnv::new();
    let source = env.path("my source");
    fs::create_dir(&source).unwrap();
    for (name, text) in [
        ("buildspec.yml", COMMANDS),
        ("left-out", "here"),
        ("cobuild.toml", settings),
    ] {
        fs::write(source.join(name), text).unwrap();
        if rustix::process::geteuid().is_root() {
            chown(source.join(name), Some(1000), Some(1000)).unwrap();
            chown(&source, Some(1000), Some(1000)).unwrap();
        }
    }
    let source = source.display().to_string();
    env.args(&["-s", &source])
}

#[test]
fn a_build_is_as_its_file_says() {
    let env = env(
        "env = { A = 'of the file', B = 'file' }\nexclude = ['left-out']\nulimit = ['nofile=100']\n[profile.ci]\nenv.B = 'of ci'\n",
    );
    let run = env.run();
    run.assert_succeeded();
    assert!(run.stdout.contains("\nof the file file\n"), "{run}");
    assert!(!run.stdout.contains("\nhere"), "{run}");
    assert!(run.stdout.contains("100 "), "{run}");
    let run = env
        .again(&["--config-profile", "ci", "--env", "A=of the flag"])
        .run();
    run.assert_succeeded();
    assert!(run.stdout.contains("\nof the flag of ci\n"), "{run}");
    let run = env.again(&["--no-config", "--env", "A=x"]).run();
    assert!(run.stdout.contains("\nhere"), "{run}");
}

#[test]
fn nothing_runs_that_reaches_beyond_the_container() {
    let env = env("mount = true\nartifacts = 'out'\n");
    let run = env.run();
    run.assert_code(2);
    assert_eq!(run.stdout, "", "{run}");
    assert!(
        run.stderr
            .contains("cobuild.toml:1: `mount` reaches beyond"),
        "{run}"
    );
    assert!(!env.path("my source/out").exists());
    let run = env.again(&["--no-config"]).run();
    run.assert_succeeded();
}

#[test]
fn a_variable_of_this_machine_says_what_a_flag_says() {
    let env = env("").variable("COBUILD_ENV", "A=1\nB=two words");
    let run = env.run();
    run.assert_succeeded();
    assert!(run.stdout.contains("\n1 two words\n"), "{run}");
    // The build itself sees none of them.
    let env = TestEnv::new()
        .build_command("env | grep COBUILD_ || echo none")
        .variable("COBUILD_GRACE", "1s");
    let run = env.run();
    assert_eq!(
        run.output_of("env | grep COBUILD_ || echo none"),
        "none\n",
        "{run}"
    );
}
