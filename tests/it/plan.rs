//! `cobuild plan`: what would run, told without an engine.

use std::fs;
use std::process::{Command, Stdio};

use crate::engine;
use crate::env::{Run, TestEnv};

const BUILDSPEC: &str = "version: 0.2
env:
  variables: {OWN: $HOME, BEATEN: spec}
  parameter-store: {TOKEN: /my/token, GIVEN: /my/given}
phases:
  install: {runtime-versions: {python: 3.10}}
  build:
    on-failure: abort
    commands:
      - make
      - |
        echo one
        echo two
    finally: [make clean]
artifacts:
  base-directory: dist
  files: ['**/*']
  exclude-paths: ['**/.*']
  secondary-artifacts: {docs: {files: docs/*}}
reports: {unit: {files: '*.xml', file-format: CucumberJson, base-directory: out}}
cache: {paths: [/root/.m2/**/*], key: k-$HASH, fallback-keys: [k-], action: Restore}
";

fn plan(buildspec: &str, arguments: &[&str]) -> Run {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("my.app");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("buildspec.yml"), buildspec).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cobuild"))
        .arg("plan")
        .args(arguments)
        .args(["-i", "image:1", "-s"])
        .arg(&source)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", directory.path())
        // Nobody may be asked there.
        .env("DOCKER_HOST", "unix:///nowhere.sock")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        !directory.path().join(".local").exists(),
        "nothing is counted"
    );
    Run::new(output)
}

#[test]
fn the_commands_are_shown_phase_by_phase() {
    let run = plan(BUILDSPEC, &[]);
    run.assert_succeeded();
    assert!(
        run.stdout.contains(
            "\nBUILD (on-failure: ABORT)\n  1  make\n  2  echo one\n     echo two\n  finally 1  make clean\n"
        ),
        "{run}"
    );
    assert!(
        run.stdout
            .contains("project    my-app\nbuild      1\nimage      image:1\n"),
        "{run}"
    );
    assert!(
        run.stdout.contains("\nINSTALL\n  runtime  python: 3.10\n"),
        "{run}"
    );
    assert!(!run.stdout.contains("PRE_BUILD"), "{run}");
}

#[test]
fn every_variable_is_shown_with_its_origin() {
    let run = plan(
        BUILDSPEC,
        &["--env", "BEATEN=caller", "--env", "GIVEN=hunter2"],
    );
    for line in [
        "  buildspec  OWN=$HOME\n",
        "  override   BEATEN=caller\n",
        "  override   GIVEN=***\n",
        "  default    CODEBUILD_CI=true\n",
        "  secret     TOKEN  (parameter-store: /my/token)\n",
    ] {
        assert!(run.stdout.contains(line), "{line}{run}");
    }
    assert!(!run.stdout.contains("/my/given"), "{run}");
    let run = plan(BUILDSPEC, &["--format", "json", "--env", "GIVEN=hunter2"]);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let variables = document["environment"].as_array().unwrap();
    let secret = variables.iter().find(|it| it["name"] == "GIVEN").unwrap();
    assert_eq!(
        (&secret["isSecret"], secret.get("value")),
        (&true.into(), None)
    );
    assert!(!run.stdout.contains("hunter2"), "{run}");
}

#[test]
fn what_codebuild_sets_in_every_build_comes_last() {
    let run = plan(BUILDSPEC, &["--env", "CODEBUILD_MINE=1"]);
    run.assert_succeeded();
    let (rest, last) = run
        .stdout
        .split_once("\nenvironment of every build\n")
        .unwrap_or_else(|| panic!("{run}"));
    assert!(rest.contains("  override   CODEBUILD_MINE=1\n"), "{run}");
    assert!(!rest.contains("  default    CODEBUILD_"), "{run}");
    let variables = last.lines().take_while(|line| !line.is_empty());
    assert!(variables.count() > 20, "{run}");
}

#[test]
fn why_a_buildspec_is_refused_comes_before_the_plan() {
    let directory = tempfile::tempdir().unwrap();
    let text = "version: 0.2\nphases: {build: {commands: [a: b]}}\n";
    fs::write(directory.path().join("buildspec.yml"), text).unwrap();
    // Both streams go into one file.
    let both = fs::File::create(directory.path().join("both")).unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_cobuild"))
        .args(["plan", "-i", "image:1", "-s"])
        .arg(directory.path())
        .env("HOME", directory.path())
        .env("DOCKER_HOST", "unix:///nowhere.sock")
        .stdin(Stdio::null())
        .stdout(both.try_clone().unwrap())
        .stderr(both)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1));
    let told = fs::read_to_string(directory.path().join("both")).unwrap();
    assert!(told.starts_with("error: YAML_FILE_ERROR: "), "{told}");
    let problem = told.find(" --> buildspec.yml:2:").unwrap();
    assert!(problem < told.find("\nproject ").unwrap(), "{told}");
    assert_eq!(told.matches("YAML_FILE_ERROR").count(), 2, "{told}");
}

#[test]
fn a_step_that_the_buildspec_does_not_have_is_a_mistake_here_too() {
    let run = plan(BUILDSPEC, &["--from", "pre_build"]);
    run.assert_code(2);
    let told =
        "error: --from PRE_BUILD: the buildspec has no phase PRE_BUILD; it has INSTALL and BUILD\n";
    assert!(run.stderr.contains(told), "{run}");
}

#[test]
fn an_engine_that_has_the_image_tells_what_it_sets() {
    let image = "cobuild-test-plan";
    let dockerfile = format!("FROM {}\nENV FROM_IMAGE=image OWN=image\n", engine::IMAGE);
    engine::build_image(image, &dockerfile);
    let env = TestEnv::new().buildspec(BUILDSPEC);
    let mut command = Command::new(env!("CARGO_BIN_EXE_cobuild"));
    command.args(["plan", "-i", image, "-s"]).arg(env.source());
    let run = Run::new(command.stdin(Stdio::null()).output().unwrap());
    run.assert_succeeded();
    for line in [
        "  image      FROM_IMAGE=image\n",
        "  buildspec  OWN=$HOME\n",
    ] {
        assert!(run.stdout.contains(line), "{run}");
    }
    assert!(run.stdout.contains("/bin:/codebuild/user/bin\n"), "{run}");
}

#[test]
fn what_comes_of_a_build_is_shown() {
    let run = plan(BUILDSPEC, &[]);
    for part in [
        "\nreport unit\n  format     CUCUMBERJSON\n  from       out\n  files      *.xml\n",
        "\nartifacts\n  from       dist\n  files      **/*\n  but not    **/.*\n",
        "\nartifacts docs\n  files      docs/*\n",
        "\ncache (restore only)\n  key        k-$HASH\n  or         k-\n  paths      /root/.m2/**/*\n",
    ] {
        assert!(run.stdout.contains(part), "{part}{run}");
    }
}

#[test]
fn the_same_comes_as_json() {
    let run = plan(BUILDSPEC, &["--format", "json", "-d", "--timeout", "90s"]);
    run.assert_succeeded();
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(plan["engineImage"], "image:1");
    assert_eq!(plan["privileged"], true);
    assert_eq!(plan["timeout"], "1m 30s");
    assert_eq!(
        plan["work"]["phases"][2]["commands"][1],
        "echo one\necho two\n"
    );
    assert_eq!(plan["work"]["phases"][2]["onFailure"], "ABORT");
    assert_eq!(
        plan["work"]["runtimeVersions"],
        serde_json::json!([["python", "3.10"]])
    );
    assert_eq!(plan["work"]["stored"][0]["reference"], "/my/token");
    assert_eq!(
        plan["work"]["artifacts"]["sets"][0]["baseDirectory"],
        "dist"
    );
    assert_eq!(plan["work"]["artifacts"]["sets"][1]["identifier"], "docs");
    assert_eq!(plan["work"]["artifacts"]["sets"][1]["files"][0], "docs/*");
    assert_eq!(plan["work"]["reports"][0][1]["fileFormat"], "CUCUMBERJSON");
    assert_eq!(plan["work"]["cache"]["fallbackKeys"][0], "k-");
    assert_eq!(plan["work"]["cache"]["action"], "restore");
    let own = plan["environment"]
        .as_array()
        .unwrap()
        .iter()
        .find(|variable| variable["name"] == "OWN")
        .unwrap();
    assert_eq!(
        (own["value"].as_str(), own["origin"].as_str()),
        (Some("$HOME"), Some("buildspec"))
    );
}

#[test]
fn what_the_container_gets_is_shown() {
    let arguments = [
        "--compute-type",
        "BUILD_GENERAL1_LARGE",
        "--memory",
        "1.5g",
        "--network",
        "none",
        "--volume",
        "/tmp:cache:ro",
        "--file-system",
        "efs=/tmp",
        "--start-dockerd",
    ];
    let run = plan(BUILDSPEC, &arguments);
    run.assert_succeeded();
    let kind = if cfg!(target_arch = "aarch64") {
        "ARM_CONTAINER"
    } else {
        "LINUX_CONTAINER"
    };
    for line in [
        "privileged true\n",
        &format!("compute    BUILD_GENERAL1_LARGE ({kind})\n"),
        "cpus       8\n",
        "memory     1.5 GiB\n",
        "network    none\n",
        "/src/cache (read-only)\n",
        "volume     /tmp -> /mnt/efs\n",
        "dockerd    started before INSTALL\n",
        "  default    CODEBUILD_EFS=/mnt/efs\n",
    ] {
        assert!(run.stdout.contains(line), "{line}{run}");
    }
    let run = plan(BUILDSPEC, &[&arguments[..], &["--format", "json"]].concat());
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let container = &plan["container"];
    assert_eq!(container["compute"]["computeType"], "BUILD_GENERAL1_LARGE");
    assert_eq!(container["limits"]["cpus"], "8");
    assert_eq!(container["limits"]["memory"], 3_u64 << 29);
    assert_eq!(container["volumes"][0]["readOnly"], true);
    assert_eq!(container["volumes"][1]["target"], "/mnt/efs");
    assert_eq!(container["startDockerd"], true);
}

#[test]
fn a_refused_buildspec_is_told_as_codebuild_tells_it() {
    let run = plan("version: 0.2\nphases:\n  artifacts: {}\n", &[]);
    run.assert_failed();
    assert!(
        run.stderr.contains(
            "error: YAML_FILE_ERROR: Invalid buildspec phase name: artifacts. Expecting: build,install,post_build,pre_build"
        ),
        "{run}"
    );
}

/// Runs `cobuild COMMAND` in the directory of a buildspec.
fn called(command: &str, directory: &std::path::Path, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_cobuild"))
        .arg(command)
        .args(["-i", "image:1"])
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("HOME", directory)
        .env("DOCKER_HOST", "unix:///nowhere.sock")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Run::new(output)
}

#[test]
fn one_word_makes_a_plan_of_a_build_and_no_file_is_written() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("buildspec.yml"), BUILDSPEC).unwrap();
    let flags = [
        "-a",
        "out",
        "--packaging=zip",
        "--secrets=nowhere.env",
        "--debug",
        "--break-at=build",
        "--build-json=build.json",
        "--events=events.json",
        "--export-file=exports.env",
        "--show-changes",
        "--grace=3s",
        "--host=unix:///nowhere.sock",
        "--engine-timeout=3s",
    ];
    let plan = called("plan", directory.path(), &flags);
    plan.assert_succeeded();
    assert!(plan.stdout.contains("  artifacts"), "{plan}");
    let dry = called(
        "run",
        directory.path(),
        &[&flags[..], &["--dry-run"]].concat(),
    );
    dry.assert_succeeded();
    // What is drawn by lot for each plan is left out.
    let fixed = |run: &Run| -> Vec<String> {
        let lines = run.stdout.lines();
        let drawn = ["CODEBUILD_", "/codebuild/output/src"];
        let fixed = lines.filter(|line| !drawn.iter().any(|it| line.contains(it)));
        fixed.map(str::to_owned).collect()
    };
    assert_eq!(fixed(&dry), fixed(&plan));
    assert!(fixed(&plan).len() > 40, "{plan}");
    let dry = called("plan", directory.path(), &["--dry-run", "--format=json"]);
    dry.assert_succeeded();
    assert!(dry.stdout.starts_with('{'), "{dry}");
    let names = fs::read_dir(directory.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["buildspec.yml"], "a plan writes nothing");
}
