//! The variables, directories and user that commands find.

mod git;

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::engine;
use crate::env::{Run, TestEnv};

/// The variables that `env` printed.
pub(crate) fn printed(run: &Run) -> BTreeMap<String, String> {
    let start = "Running command env\n";
    let after = run.stdout.split_once(start).unwrap().1;
    after
        .split("\n\n")
        .next()
        .unwrap()
        .lines()
        .map(|line| line.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The variables of the first command of a build.
#[track_caller]
fn variables(env: TestEnv) -> BTreeMap<String, String> {
    let run = env.build_command("env").run();
    run.assert_succeeded();
    printed(&run)
}

/// Digits, or hexadecimal ones, shown by their shape.
fn shape(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_hexdigit() { 'x' } else { c })
        .collect()
}

const UUID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

#[test]
fn a_build_has_the_variables_of_codebuild_and_no_others() {
    let env = TestEnv::new();
    let location = format!("file://{}", env.source().canonicalize().unwrap().display());
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let variables = variables(
        env.variable("AWS_ACCESS_KEY_ID", "AKIA")
            .variable("AWS_SECRET_ACCESS_KEY", "secret")
            .variable("AWS_SESSION_TOKEN", "token")
            .variable("LANG", "en_US.UTF-8")
            .variable("TERM", "xterm")
            .variable("CI", "1")
            .variable("LOGNAME", "tester"),
    );

    let id = &variables["CODEBUILD_BUILD_ID"];
    let uuid = id.strip_prefix("source:").unwrap();
    assert_eq!(shape(uuid), UUID);
    let root = &variables["CODEBUILD_GOPATH"];
    let number = root.strip_prefix("/codebuild/output/src").unwrap();
    assert!(
        (1..=10).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()),
        "{root}"
    );
    let start: u128 = variables["CODEBUILD_START_TIME"].parse().unwrap();
    assert!((before.as_millis()..before.as_millis() + 60_000).contains(&start));

    let arn = format!("arn:aws:codebuild:us-east-1:000000000000:build/{id}");
    let url = format!(
        "https://us-east-1.console.aws.amazon.com/codebuild/home?region=us-east-1#/builds/{id}/view/new"
    );
    let source = format!("{root}/src");
    let expected = [
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EXECUTION_ENV", "AWS_ECS_EC2"),
        ("AWS_REGION", "us-east-1"),
        ("CODEBUILD_AGENT_ENDPOINT", "http://127.0.0.1:7831"),
        ("CODEBUILD_AUTH_TOKEN", UUID),
        ("CODEBUILD_BMR_URL", "https://CODEBUILD_AGENT:3000"),
        ("CODEBUILD_BUILD_ARN", &arn),
        ("CODEBUILD_BUILD_ID", id),
        ("CODEBUILD_BUILD_IMAGE", engine::IMAGE),
        ("CODEBUILD_BUILD_NUMBER", "1"),
        ("CODEBUILD_BUILD_SUCCEEDING", "1"),
        ("CODEBUILD_BUILD_URL", &url),
        ("CODEBUILD_CI", "true"),
        ("CODEBUILD_CONTAINER_NAME", "default"),
        ("CODEBUILD_EXECUTION_ROLE_BUILD", ""),
        (
            "CODEBUILD_FE_REPORT_ENDPOINT",
            "https://codebuild.us-east-1.amazonaws.com/",
        ),
        ("CODEBUILD_GOPATH", root),
        ("CODEBUILD_INITIATOR", "tester"),
        (
            "CODEBUILD_KMS_KEY_ID",
            "arn:aws:kms:us-east-1:000000000000:alias/aws/s3",
        ),
        ("CODEBUILD_LAST_EXIT", "0"),
        ("CODEBUILD_LOG_PATH", uuid),
        (
            "CODEBUILD_PROJECT_ARN",
            "arn:aws:codebuild:us-east-1:000000000000:project/source",
        ),
        ("CODEBUILD_PROJECT_UUID", UUID),
        ("CODEBUILD_SCRIPT_DIR", "/codebuild/output/tmp"),
        ("CODEBUILD_SOURCE_REPO_URL", &location),
        ("CODEBUILD_SOURCE_VERSION", ""),
        ("CODEBUILD_SRC_DIR", &source),
        ("CODEBUILD_START_TIME", &start.to_string()),
        ("GOPATH", root),
        ("HOME", "/root"),
        ("HOSTNAME", "xxxxxxxxxxxx"),
        ("OLDPWD", "/codebuild/readonly"),
        (
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/codebuild/user/bin",
        ),
        ("PWD", &source),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let random = ["CODEBUILD_AUTH_TOKEN", "CODEBUILD_PROJECT_UUID", "HOSTNAME"];
    let found: BTreeMap<String, String> = variables
        .into_iter()
        .map(|(name, value)| {
            let value = if random.contains(&name.as_str()) {
                shape(&value)
            } else {
                value
            };
            (name, value)
        })
        .collect();
    assert_eq!(found, BTreeMap::from(expected));
}

#[test]
fn neither_ci_nor_an_account_nor_credentials_nor_a_locale_come_from_the_host() {
    let names = [
        "CI",
        "AWS_ACCOUNT_ID",
        "AWS_ACCESS_KEY_ID",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "LANG",
        "TERM",
        "LOGNAME",
    ];
    let env = names.iter().fold(TestEnv::new(), |env, name| {
        env.variable(name, "of the host")
    });
    let variables = variables(env);
    for name in names {
        assert_eq!(variables.get(name), None, "{name}");
    }
    assert_eq!(variables["CODEBUILD_CI"], "true");
}

#[test]
fn each_build_has_its_own_number_uuid_and_directory() {
    let env = TestEnv::new().build_command("env");
    let (first, second) = (printed(&env.run()), printed(&env.run()));
    assert_eq!(first["CODEBUILD_BUILD_NUMBER"], "1");
    assert_eq!(second["CODEBUILD_BUILD_NUMBER"], "2");
    for name in ["CODEBUILD_BUILD_ID", "CODEBUILD_SRC_DIR", "HOSTNAME"] {
        assert_ne!(first[name], second[name], "{name}");
    }
}

#[test]
fn the_region_of_the_host_is_the_region_of_the_build() {
    let variables = variables(TestEnv::new().variable("AWS_DEFAULT_REGION", "eu-west-1"));
    assert_eq!(variables["AWS_REGION"], "eu-west-1");
    assert_eq!(variables["AWS_DEFAULT_REGION"], "eu-west-1");
    for name in [
        "CODEBUILD_BUILD_ARN",
        "CODEBUILD_BUILD_URL",
        "CODEBUILD_KMS_KEY_ID",
    ] {
        assert!(variables[name].contains("eu-west-1"), "{name}");
        assert!(!variables[name].contains("us-east-1"), "{name}");
    }
}

#[test]
fn commands_run_one_shell_below_the_agent_s() {
    let run = TestEnv::new()
        .image(engine::bash_image())
        .build_commands(&["echo one $SHLVL", "echo two $SHLVL"])
        .run();
    assert_eq!(run.output_of("echo one $SHLVL"), "one 2\n");
    assert_eq!(run.output_of("echo two $SHLVL"), "two 2\n");
}

/// An image that says everything about how it wants to be run.
fn opinionated_image() -> &'static str {
    let name = "cobuild-test-opinions";
    let dockerfile = format!(
        "FROM {}
ENV A=image B=image C=image D=image E=image HOME=/home/app GOPATH=/go PATH=/opt/bin:/usr/bin:/bin
RUN mkdir -p /opt/bin && printf '#!/bin/sh\\necho tool of the image\\n' > /opt/bin/tool && chmod 755 /opt/bin/tool
USER nobody
WORKDIR /srv
ENTRYPOINT [\"false\"]
CMD [\"false\"]
",
        engine::IMAGE
    );
    engine::build_image(name, &dockerfile);
    name
}

#[test]
fn user_entry_point_and_working_directory_of_the_image_do_not_count() {
    let run = TestEnv::new()
        .image(opinionated_image())
        .build_commands(&["echo $(id -u) $(pwd) $HOME", "echo $PATH $GOPATH", "tool"])
        .run();
    run.assert_succeeded();
    assert_eq!(
        run.output_of("echo $(id -u) $(pwd) $HOME"),
        "0 /codebuild/output/srcN/src /root\n"
    );
    assert_eq!(
        run.output_of("echo $PATH $GOPATH"),
        "/opt/bin:/usr/bin:/bin:/codebuild/user/bin /go:/codebuild/output/srcN\n"
    );
    assert_eq!(run.output_of("tool"), "tool of the image\n");
}

#[test]
fn the_command_line_beats_the_buildspec_which_beats_the_image() {
    let env = TestEnv::new()
        .image(opinionated_image())
        .file(
            "../one.env",
            "C=first file\nD=first file\n# D=comment\n\nE=first file\n",
        )
        .file("../two.env", "D=\"second file\"\nE=second file\nF\n")
        .buildspec(
            "version: 0.2
env:
  variables:
    B: buildspec
    C: buildspec
    D: buildspec
    E: buildspec
phases:
  build:
    commands:
      - echo $A, $B, $C, $D, $E, $F, $G
",
        )
        .variable("F", "host's F")
        .variable("G", "host's G")
        .args(&["--env", "E=--env", "--env", "G"])
        .args(&["-e", "one.env", "--env-file", "two.env"]);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(
        run.output_of("echo $A, $B, $C, $D, $E, $F, $G"),
        "image, buildspec, first file, \"second file\", --env, host's F, host's G\n"
    );
}

#[test]
fn an_env_file_keeps_quotes_with_a_warning_and_loses_them_as_dotenv() {
    let env = TestEnv::new()
        .file("../x.env", "A=\"one two\"\nB='x'\nC=plain\n")
        .build_command("echo $A, $B, $C")
        .args(&["-e", "x.env"]);
    let warning = "the quotes around the value of `A` and of 1 more variable are part of it";
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(
        run.output_of("echo $A, $B, $C"),
        "\"one two\", 'x', plain\n"
    );
    assert_eq!(run.stderr.matches(warning).count(), 1, "{run}");
    let run = env.again(&["--env-file-format", "docker"]).run();
    run.assert_succeeded();
    assert!(!run.stderr.contains("the quotes around"), "{run}");
    let run = env.again(&["--env-file-format", "dotenv"]).run();
    run.assert_succeeded();
    assert_eq!(run.output_of("echo $A, $B, $C"), "one two, x, plain\n");
    assert!(!run.stderr.contains("the quotes around"), "{run}");
}

#[test]
fn values_are_literal_wherever_they_are_given() {
    let value = "$HOME `id` $(id) \\n 'one' \"two\" é = #";
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2
env:
  variables:
    X: \"$HOME\"
    LINES: |
      one
        two

    NUMBER: 3.10
    OCTAL: 010
    YES: yes
    EMPTY: ''
phases:
  build:
    commands:
      - echo $X
      - printf '%s|' \"$LINES\" $NUMBER $OCTAL $YES \"${EMPTY-unset}\"
      - printf '%s\\n' \"$ODD\" \"$FILE\"
",
        )
        .file("../odd.env", format!("FILE={value}\n"))
        .args(&["--env", &format!("ODD={value}\n\n"), "-e", "odd.env"])
        .run();
    run.assert_succeeded();
    assert_eq!(run.output_of("echo $X"), "$HOME\n");
    assert_eq!(
        run.output_of("printf '%s|' \"$LINES\" $NUMBER $OCTAL $YES \"${EMPTY-unset}\""),
        "one\n  two\n|3.10|010|yes||"
    );
    assert_eq!(
        run.output_of("printf '%s\\n' \"$ODD\" \"$FILE\""),
        format!("{value}\n\n\n{value}\n")
    );
}

#[test]
fn a_path_that_refers_to_itself_makes_commands_vanish() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2
env:
  variables:
    PATH: $PATH:/x
phases:
  build:
    commands:
      - echo \"$PATH\"
      - ls
",
        )
        .run();
    run.assert_failed();
    assert_eq!(run.output_of("echo \"$PATH\""), "$PATH:/x\n");
    assert!(
        run.log().contains("exit successfully ls exit status 127\n"),
        "{run}"
    );
}

#[test]
fn variables_of_codebuild_itself_can_be_given() {
    let variables = variables(TestEnv::new().args(&[
        "--env",
        "CODEBUILD_INITIATOR=codepipeline/mine",
        "--env",
        "CODEBUILD_CONFIG_AUTO_DISCOVER=false",
    ]));
    assert_eq!(variables["CODEBUILD_INITIATOR"], "codepipeline/mine");
    assert_eq!(variables["CODEBUILD_CONFIG_AUTO_DISCOVER"], "false");
}

#[test]
fn breakpoint_and_resume_are_there_and_do_nothing() {
    for image in [engine::IMAGE, engine::busybox_image()] {
        let run = TestEnv::new()
            .image(image)
            .build_commands(&[
                "codebuild-breakpoint && codebuild-resume",
                "command -v codebuild-breakpoint codebuild-resume | head -n 1",
            ])
            .run();
        run.assert_succeeded();
        assert_eq!(
            run.output_of("codebuild-breakpoint && codebuild-resume"),
            ""
        );
        assert_eq!(
            run.output_of("command -v codebuild-breakpoint codebuild-resume | head -n 1"),
            "/codebuild/user/bin/codebuild-breakpoint\n"
        );
    }
}

#[test]
fn no_value_shows_in_the_container_s_configuration() {
    let env = TestEnv::new()
        .file("../secret.env", "FILE=from-the-file-1\n")
        .buildspec(
            "version: 0.2
env:
  variables:
    SPEC: from-the-buildspec-2
phases:
  build:
    commands:
      - echo ready $FILE $SPEC $FLAG
      - until [ -f /go ]; do sleep 0.05; done
",
        )
        .args(&["-e", "secret.env", "--env", "FLAG=from-the-flag-3"]);
    let running = env.start();
    running.wait_for_line("ready from-the-file-1 from-the-buildspec-2 from-the-flag-3");
    let container = running.container();
    let inspected = engine::docker(&["inspect", &container]);
    let processes = engine::docker(&["top", &container, "-eo", "pid,args"]);
    engine::docker(&["exec", &container, "touch", "/go"]);
    running.finish().assert_succeeded();
    assert!(inspected.contains("\"Env\""), "{inspected}");
    for value in ["from-the-file", "from-the-buildspec", "from-the-flag"] {
        assert!(!inspected.contains(value), "{inspected}");
        assert!(!processes.contains(value), "{processes}");
    }
}

#[test]
fn the_directories_of_a_build_are_where_codebuild_has_them() {
    let library = tempfile::tempdir().unwrap();
    std::fs::write(library.path().join("lib.txt"), "library\n").unwrap();
    let env = TestEnv::new().build_commands(&[
        "env",
        "for path in /codebuild/readonly /codebuild/user/bin $CODEBUILD_SCRIPT_DIR; do test -d $path || echo no $path; done",
        "cat $CODEBUILD_SRC_DIR_lib/lib.txt",
        "touch ../beside here $CODEBUILD_SRC_DIR_lib/there; echo ../* *",
    ]);
    let (source, library) = (env.source(), library.path().display().to_string());
    let run = env
        .args(&[
            "-s",
            source.to_str().unwrap(),
            "-s",
            &format!("lib:{library}"),
        ])
        .run();
    run.assert_succeeded();
    let variables = printed(&run);
    let shaped = |name: &str| {
        variables[name]
            .chars()
            .filter(|c| !c.is_ascii_digit())
            .collect::<String>()
    };
    assert_eq!(shaped("CODEBUILD_SRC_DIR"), "/codebuild/output/src/src");
    assert_eq!(shaped("CODEBUILD_SRC_DIR_lib"), "/codebuild/output/src/src");
    assert_ne!(
        variables["CODEBUILD_SRC_DIR"],
        variables["CODEBUILD_SRC_DIR_lib"]
    );
    assert!(variables["CODEBUILD_SOURCE_REPO_URL_lib"].ends_with(&library));
    assert_eq!(variables["CODEBUILD_SOURCE_VERSION_lib"], "");
    assert_eq!(
        run.output_of("cat $CODEBUILD_SRC_DIR_lib/lib.txt"),
        "library\n"
    );
    assert!(!run.stdout.contains("\nno /codebuild"), "{run}");
    assert_eq!(
        run.output_of("touch ../beside here $CODEBUILD_SRC_DIR_lib/there; echo ../* *"),
        "../beside ../src buildspec.yml here\n"
    );
}
