//! Builds that cannot run, and what cobuild says of them.

use crate::engine;
use crate::env::{Run, TestEnv};

/// Runs to the end and makes sure that nothing is left in the engine or on the host.
#[track_caller]
fn run(env: &TestEnv) -> Run {
    let running = env.start();
    let label = running.label();
    let run = running.finish();
    assert_eq!(engine::containers(&label), [""; 0], "{run}");
    let left = std::fs::read_dir(env.scratch()).map_or(0, Iterator::count);
    assert_eq!(left, 0, "left in {}: {run}", env.scratch().display());
    run
}

/// Asserts that nothing ran and that stderr holds each of these texts.
#[track_caller]
fn assert_refused(run: &Run, code: i32, texts: &[&str]) {
    run.assert_code(code);
    assert_eq!(run.stdout, "", "{run}");
    for text in texts {
        assert!(run.stderr.contains(text), "no `{text}` in: {run}");
    }
}

#[test]
fn an_engine_that_does_not_answer_is_named_with_its_origin_and_a_hint() {
    for (flag, variable, address, origin) in [
        (
            Some("unix:///nowhere.sock"),
            None,
            "unix:///nowhere.sock",
            "given as --host",
        ),
        (
            Some("tcp://127.0.0.1:1"),
            Some("unix:///nowhere.sock"),
            "tcp://127.0.0.1:1",
            "given as --host",
        ),
        (
            None,
            Some("unix:///nowhere.sock"),
            "unix:///nowhere.sock",
            "from the variable DOCKER_HOST",
        ),
        (
            None,
            Some("tcp://127.0.0.1:1"),
            "tcp://127.0.0.1:1",
            "from the variable DOCKER_HOST",
        ),
    ] {
        let mut env = TestEnv::new().build_command("true");
        if let Some(flag) = flag {
            env = env.args(&["--host", flag]);
        }
        if let Some(variable) = variable {
            env = env.variable("DOCKER_HOST", variable);
        }
        let named = format!("`{address}` ({origin})");
        assert_refused(&run(&env), 3, &["error: ", &named, "\nhint: "]);
    }
}

#[test]
fn an_address_that_is_none_is_refused_with_the_forms_there_are() {
    for address in ["ftp://engine", "/var/run/docker.sock"] {
        let env = TestEnv::new()
            .build_command("true")
            .args(&["--host", address]);
        assert_refused(
            &run(&env),
            3,
            &[address, "unix:///PATH, tcp://HOST:PORT or ssh://"],
        );
    }
}

#[test]
fn a_docker_context_that_is_not_there_is_named() {
    let env = TestEnv::new()
        .build_command("true")
        .variable("DOCKER_HOST", "")
        .variable("DOCKER_CONTEXT", "nowhere");
    assert_refused(&run(&env), 3, &["`nowhere`", "DOCKER_CONTEXT", "\nhint: "]);
}

#[test]
fn an_image_that_cannot_be_pulled_fails_provisioning() {
    let env = TestEnv::new()
        .image("127.0.0.1:1/none:1")
        .build_command("echo never")
        .args(&["--build-json", "build.json"]);
    let run = run(&env);
    run.assert_failed();
    let start = "\
> Phase complete: PROVISIONING State: FAILED
> Phase context status code: BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE Message: Unable to pull customer's container image. CannotPullContainerError: Error response from daemon: ";
    assert!(run.log().starts_with(start), "{run}");
    assert_eq!(run.log().lines().count(), 2, "{run}");
    assert!(
        run.stderr.contains("pulling image `127.0.0.1:1/none:1`"),
        "{run}"
    );

    let build = env.json("build.json");
    assert_eq!(build["buildStatus"], "FAILED");
    let phases = build["phases"].as_array().unwrap();
    assert_eq!(phases.len(), 4, "{build}");
    assert_eq!(phases[2]["phaseStatus"], "FAILED");
    assert_eq!(
        phases[2]["contexts"][0]["statusCode"],
        "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"
    );
    assert_eq!(phases[3]["phaseType"], "COMPLETED");
}

#[test]
fn an_image_name_that_cannot_be_one_fails_provisioning_as_well() {
    let env = TestEnv::new().image("No Image").build_command("echo never");
    let run = run(&env);
    run.assert_failed();
    assert!(
        run.log()
            .contains("> Phase context status code: BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE "),
        "{run}"
    );
}

#[test]
fn an_image_without_a_shell_is_found_dead() {
    let image = "cobuild-test-shellless";
    let dockerfile = format!(
        "FROM {} AS debian\nFROM scratch\nCOPY --from=debian /etc/debian_version /file\n",
        engine::IMAGE
    );
    engine::build_image(image, &dockerfile);
    let run = run(&TestEnv::new().image(image).build_command("echo never"));
    run.assert_failed();
    assert!(
        run.log()
            .contains("Message: Build container found dead before completing the build. build container died because it was out of memory, or the Docker image is not supported. ErrorCode: 500\n"),
        "{run}"
    );
    assert!(run.stderr.contains("has no `sh`"), "{run}");
}

#[test]
fn a_container_that_is_killed_fails_the_running_phase() {
    let env = TestEnv::new().build_commands(&["echo ready", "sleep 600", "echo never"]);
    let running = env.start();
    running.wait_for_line("> Running command sleep 600");
    let (label, container) = (running.label(), running.container());
    engine::docker(&["kill", &container]);
    let run = running.finish();
    run.assert_failed();
    assert!(
        run.log().contains(
            "\n> Phase complete: BUILD State: FAILED\n> Phase context status code: CLIENT_ERROR Message: Build container found dead before completing the build."
        ),
        "{run}"
    );
    assert!(!run.log().contains("Running command echo never"), "{run}");
    assert_eq!(engine::containers(&label), [""; 0]);
}

#[test]
fn a_command_that_kills_the_agent_s_shell_fails_its_phase_at_once() {
    let env = TestEnv::new()
        .build_commands(&["kill -KILL $PPID", "echo never"])
        .args(&["--timeout", "20s"]);
    let run = run(&env);
    run.assert_failed();
    assert!(
        run.log()
            .contains("\n> Phase complete: BUILD State: FAILED\n"),
        "{run}"
    );
    assert!(run.stdout.contains("found dead before completing"), "{run}");
}

/// What the log of a plain source says before the buildspec is found.
const BEFORE_BUILDSPEC: &str = "\
> Running on CodeBuild On-demand
> Waiting for agent ping
> Waiting for DOWNLOAD_SOURCE
> Phase is DOWNLOAD_SOURCE
> CODEBUILD_SRC_DIR=/codebuild/output/srcN/src
";

/// Asserts that the build fails in DOWNLOAD_SOURCE, with `lines` between the source directory and
/// the phase's end.
#[track_caller]
fn assert_download_source_fails(env: TestEnv, lines: &str, code: &str, message: &str) {
    let env = env.args(&["--build-json", "build.json"]);
    let run = run(&env);
    run.assert_failed();
    assert_eq!(
        run.log(),
        format!(
            "{BEFORE_BUILDSPEC}{lines}> Phase complete: DOWNLOAD_SOURCE State: FAILED\n> Phase context status code: {code} Message: {message}\n"
        ),
        "{run}"
    );
    let build = env.json("build.json");
    let phases: Vec<&str> = build["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| phase["phaseType"].as_str().unwrap())
        .collect();
    assert_eq!(
        phases[3..],
        ["DOWNLOAD_SOURCE", "FINALIZING", "COMPLETED"],
        "{build}"
    );
    assert_eq!(build["phases"][3]["contexts"][0]["statusCode"], code);
    assert_eq!(build["phases"][4]["phaseStatus"], "SUCCEEDED");
}

#[test]
fn a_missing_buildspec_is_told_by_whether_it_was_named() {
    let missing = |env: TestEnv, message: &str| {
        assert_download_source_fails(env, "", "YAML_FILE_ERROR", message);
    };
    missing(
        TestEnv::new().file("buildspec.yaml", "version: 0.2\n"),
        "YAML file does not exist",
    );
    let run = TestEnv::new()
        .file("buildspec.yaml", "version: 0.2\n")
        .file("buildspec-release.yml", "version: 0.2\n")
        .run();
    assert!(
        run.stderr.contains("did you mean `-b buildspec.yaml`?"),
        "{run}"
    );
    missing(
        TestEnv::new()
            .build_command("true")
            .args(&["-b", "ci/build.yml"]),
        "stat /codebuild/output/srcN/src/ci/build.yml: no such file or directory",
    );
    missing(
        TestEnv::new()
            .build_command("true")
            .args(&["-b", "/nowhere/build.yml"]),
        "stat /nowhere/build.yml: no such file or directory",
    );
}

#[test]
fn an_empty_name_means_the_default_buildspec() {
    let run = run(&TestEnv::new().build_command("true").args(&["-b", ""]));
    run.assert_succeeded();
    assert!(run.log().contains(LOCATION), "{run}");
}

const LOCATION: &str = "> YAML location is /codebuild/output/srcN/src/buildspec.yml\n";

#[test]
fn errors_of_the_buildspec_have_the_service_s_words() {
    for (spec, message) in [
        (
            "version: 0.2\n\nphases:\n  build:\n    commands:\n      - echo \"Hello: world\"\n",
            "Expected Commands[0] to be of string type: found subkeys instead at line 6, value of the key tag on line 5 might be empty",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands:\n      - echo one\n      - echo two\n      - echo \"a: b\"\n",
            "Expected Commands[2] to be of string type: found subkeys instead at line 7, value of the key tag on line 6 might be empty",
        ),
        (
            "version: 0.2\nphases:\n  artifacts:\n    files: ['**/*']\n",
            "Invalid buildspec phase name: artifacts. Expecting: build,install,post_build,pre_build",
        ),
        (
            "version: 0.2\n\nphases:\n\tbuild:\n",
            "found character that cannot start any token at line 3",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands: [a, b\n    finally: [c]\n",
            "did not find expected ',' or ']' at line 4",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands: echo: b\n",
            "mapping values are not allowed in this context at line 3",
        ),
        (
            "version: 0.2\nenv:\n  shell: {a: b}\n",
            "Cannot unmarshal map to string",
        ),
        ("# nothing\n", "wrong number of container tags, expected 1"),
        (
            "version: 1.0\nphases: {build: {commands: a}}\n",
            "invalid buildspec `version` specified: 1.0, see documentation",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    steps:\n      - uses: actions/checkout@v4\n",
            "unsupported field \"steps\" in buildspec. No GitHub token has been configured for your account",
        ),
    ] {
        let env = TestEnv::new().buildspec(spec);
        assert_download_source_fails(env, LOCATION, "YAML_FILE_ERROR", message);
    }
}

#[test]
fn a_parameter_that_nobody_can_look_up_fails_before_the_first_command() {
    let spec = "version: 0.2
env:
  parameter-store:
    PASSWORD: /app/password
phases:
  build:
    commands: [echo $PASSWORD]
";
    let lines = format!(
        "{LOCATION}> Setting HTTP client timeout to higher timeout for S3 source
> Processing environment variables
> Decrypting parameter store environment variables
"
    );
    assert_download_source_fails(
        TestEnv::new().buildspec(spec),
        &lines,
        "Decrypted Variables Error",
        "parameter does not exist: /app/password",
    );
    let given = run(&TestEnv::new()
        .buildspec(spec)
        .args(&["--env", "PASSWORD=given"]));
    given.assert_succeeded();
    assert_eq!(given.output_of("echo $PASSWORD"), "***\n");
}

#[test]
fn a_source_that_is_no_directory_is_refused() {
    for (source, text) in [
        ("nowhere", "No such file"),
        ("source/buildspec.yml", "not a directory"),
        ("lib:nowhere", "No such file"),
    ] {
        let env = TestEnv::new()
            .build_command("echo never")
            .args(&["-s", source]);
        let named = format!("`{}`", source.trim_start_matches("lib:"));
        assert_refused(&run(&env), 2, &[&named, text]);
    }
}

#[test]
fn sources_that_exclude_each_other_are_refused() {
    let primary = TestEnv::new().args(&["-s", "source", "-s", "home"]);
    assert_refused(
        &run(&primary),
        2,
        &["one primary source", "`home`", "-s ID:DIR"],
    );
    let secondary = TestEnv::new().args(&["-s", "lib:source", "-s", "lib:home"]);
    assert_refused(&run(&secondary), 2, &["two secondary sources `lib`"]);
}

#[test]
fn places_that_cannot_be_written_are_found_before_anything_runs() {
    for (flag, path) in [
        ("-a", "source/buildspec.yml/artifacts"),
        ("-a", "source/buildspec.yml"),
        ("--build-json", "nowhere/build.json"),
        ("--build-json", "source"),
        ("--log-file", "nowhere/build.log"),
        ("--log-file", "source"),
    ] {
        let env = TestEnv::new()
            .build_command("echo never")
            .args(&[flag, path]);
        assert_refused(&run(&env), 2, &["cannot write", &format!("`{path}`")]);
    }
}

#[test]
fn what_is_wrong_with_a_place_is_told_with_what_to_do() {
    let pipe = "/dev/fd/0";
    for (flag, path, cause, hint) in [
        (
            "-a",
            "source/buildspec.yml",
            "`source/buildspec.yml` is not a directory",
            "which is made when it is not there",
        ),
        (
            "-a",
            "source/buildspec.yml/in/it",
            "`source/buildspec.yml` is not a directory",
            "which is made when it is not there",
        ),
        (
            "--log-file",
            "no/where/log",
            "there is no directory `no/where`",
            "`mkdir -p`",
        ),
        (
            "--export-file",
            "source/buildspec.yml/x",
            "`source/buildspec.yml` is not a directory",
            "name a file in a directory",
        ),
        ("--build-json", "source", "it is a directory", "in it"),
        ("--log-file", pipe, "a pipe or a socket", "`tail -F FILE`"),
        ("--events", "/dev/null", "it is a device", "name a file"),
    ] {
        let env = TestEnv::new()
            .build_command("echo never")
            .args(&[flag, path]);
        let command = env.command();
        // In a shell whose stdin is a pipe.
        let mut piped = std::process::Command::new("sh");
        piped
            .args(["-c", "true | \"$@\"", "sh"])
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(command.get_current_dir().unwrap())
            .env("HOME", env.path("home"));
        let run = Run::new(piped.output().unwrap());
        let cause = format!("  caused by: {cause}");
        let cause = cause.replace(": a pipe", ": it is a device, a pipe");
        assert_refused(&run, 2, &[&format!("`{path}`\n"), &cause, "\nhint: ", hint]);
    }
}

#[test]
fn a_flag_without_effect_is_refused_with_what_it_needs() {
    for (flag, needs) in [
        ("--packaging=zip", "--artifacts <DIR>"),
        ("--override-artifact-name", "--artifacts <DIR>"),
        ("--artifact-namespace=build-id", "--artifacts <DIR>"),
        ("--cache-mode=custom", "--cache <TYPE>"),
        ("--cache-namespace=ours", "--cache <TYPE>"),
    ] {
        let env = TestEnv::new().build_command("echo never").arg(flag);
        let name = flag.split('=').next().unwrap();
        let text = format!("error: {name} has no effect without `{needs}`\nhint: ");
        assert_refused(&run(&env), 2, &[&text]);
    }
}

#[test]
fn help_that_cannot_be_written_is_no_success() {
    for argument in ["--help", "--version"] {
        let run = Run::new(
            std::process::Command::new("sh")
                .args(["-c", "exec \"$0\" \"$1\" > /dev/full"])
                .args([env!("CARGO_BIN_EXE_cobuild"), argument])
                .output()
                .unwrap(),
        );
        assert_refused(&run, 3, &["error: cannot write to stdout", "No space left"]);
    }
}

#[test]
fn a_bad_line_of_an_env_file_is_named_by_file_and_number() {
    for (line, text) in [
        ("not a name=x", "`not a name`"),
        ("export C=3", "leave `export` out"),
        ("=x", "no name"),
        ("NOT_SET_HERE", "`NOT_SET_HERE` has no value"),
    ] {
        let env = TestEnv::new()
            .build_command("echo never")
            .file("../bad.env", format!("A=1\n# comment\n{line}\n"))
            .args(&["-e", "bad.env"]);
        assert_refused(&run(&env), 2, &["`bad.env`", "line 3", text]);
    }
    let missing = TestEnv::new()
        .build_command("echo never")
        .args(&["-e", "none.env"]);
    assert_refused(&run(&missing), 2, &["`none.env`", "No such file"]);
}

#[test]
fn flags_that_cannot_be_used_are_refused_by_name() {
    for (arguments, texts) in [
        (&["--timeout", "soon"][..], &["'soon'", "--timeout", "90s"]),
        (&["--timeout", "0s"], &["'0s'", "--timeout", "longer"]),
        (&["--timeout", "10"], &["'10'", "--timeout", "90s"]),
        (&["--grace", "soon"], &["'soon'", "--grace", "90s"]),
        (&["--grace=-1s"], &["'-1s'", "--grace", "negative"]),
        (&["--env", "1A=x"], &["`1A`", "--env", "name"]),
        (&["--env", "NOT_SET"], &["`NOT_SET`", "--env", "no value"]),
        (&["--format", "yaml"], &["'yaml'", "--format", "json"]),
        (
            &["--frobnicate"],
            &["'--frobnicate'", "unexpected", "Usage:"],
        ),
        (&["stray"], &["'stray'", "unexpected", "Usage:"]),
        (&["--color", "blue"], &["'blue'", "--color", "never"]),
    ] {
        let env = TestEnv::new().build_command("echo never").args(arguments);
        assert_refused(&run(&env), 2, texts);
    }
}
