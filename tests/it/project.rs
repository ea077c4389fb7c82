//! The name of a project: what is called after it, and what it shares.

use std::fs;

use crate::engine;
use crate::env::TestEnv;

#[test]
fn a_named_project_is_called_so_everywhere() {
    let env = TestEnv::new()
        .build_command("echo \"$CODEBUILD_BUILD_ID $CODEBUILD_BUILD_ARN\"; until [ -e go ]; do sleep 0.1; done")
        .args(&["--mount", "--project-name", "My_app-2"]);
    let running = env.start();
    running.wait_for_output(":build/My_app-2:");
    let container = running.container();
    let name = engine::docker(&["inspect", "--format", "{{.Name}}", &container]);
    assert!(name.starts_with("/cobuild-My_app-2-1-"), "{name}");
    fs::write(env.source().join("go"), "").unwrap();
    let run = running.finish();
    run.assert_succeeded();
    assert!(run.stdout.contains(":build/My_app-2:"), "{run}");
}

#[test]
fn a_name_that_codebuild_does_not_take_is_refused() {
    let env = TestEnv::new().build_command("true");
    for name in ["a", "my.app", "-app", "my app"] {
        let run = env.again(&[&format!("--project-name={name}")]).run();
        run.assert_code(2);
        assert!(run.stderr.contains("--project-name"), "{run}");
    }
}

#[test]
fn directories_of_one_name_share_no_cache_unless_their_project_has_a_name() {
    let env = TestEnv::new();
    let text = "version: 0.2
phases: {build: {commands: ['mkdir -p deps; ls deps; touch deps/$CODEBUILD_BUILD_NUMBER.$WHOSE']}}
cache: {paths: ['deps/**/*']}
";
    let run = |directory: &str, arguments: &[&str]| {
        let source = env.path(directory).join("api");
        fs::create_dir_all(&source).unwrap();
        fs::write(source.join("buildspec.yml"), text).unwrap();
        let whose = format!("WHOSE={directory}");
        let run = env
            .again(&[
                "--cache",
                "local",
                "--env",
                &whose,
                "-s",
                source.to_str().unwrap(),
            ])
            .again(arguments)
            .run();
        run.assert_succeeded();
        let cache = run.stderr.lines().find(|line| line.starts_with("  cache "));
        let cache = cache.unwrap_or_else(|| panic!("{run}")).to_owned();
        (cache, run)
    };
    let named = ["--project-name", "api"];
    for (directory, arguments, expected) in [
        ("t1", &[][..], "miss"),
        ("t2", &[], "miss"),
        ("t1", &[], "hit"),
        ("t1", &named, "miss"),
        ("t2", &named, "hit"),
    ] {
        let (cache, run) = run(directory, arguments);
        let found = cache.trim_start_matches("  cache").trim();
        assert!(
            found.starts_with(expected),
            "{directory} {arguments:?} {run}"
        );
    }
    // They count their builds together.
    let (_, last) = run("t1", &named);
    assert!(last.stdout.contains("1.t1\n2.t2\n"), "{last}");
}
