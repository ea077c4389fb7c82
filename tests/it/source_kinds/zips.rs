//! A zip file as source.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{left, plan, planned, variable};
use crate::env::TestEnv;
use crate::environment::printed;

/// What an entry of a zip is to be.
enum Entry<'a> {
    File(&'a str, u32, &'a str),
    Link(&'a str, &'a str),
}

fn zip(path: &Path, entries: &[Entry<'_>]) {
    let mut zip = ZipWriter::new(File::create(path).unwrap());
    for entry in entries {
        let options = SimpleFileOptions::default();
        match entry {
            Entry::File(name, mode, content) => {
                let options = options.unix_permissions(*mode);
                zip.start_file(*name, options).unwrap();
                zip.write_all(content.as_bytes()).unwrap();
            }
            Entry::Link(name, target) => zip.add_symlink(*name, *target, options).unwrap(),
        }
    }
    zip.finish().unwrap();
}

/// A buildspec of one command.
fn buildspec(command: &str) -> String {
    let spec = serde_json::json!({
        "version": 0.2,
        "phases": { "build": { "commands": [command] } }
    });
    spec.to_string()
}

#[test]
fn a_zip_file_is_unpacked_as_one_from_s3() {
    let ask =
        "stat -c '%a %N' tool plain sub/link; cat sub/link; ls -A; cat $CODEBUILD_SRC_DIR_lib/x";
    let env = TestEnv::new().args(&["-s", "my.app.zip", "-s", "lib:lib.zip"]);
    zip(
        &env.path("my.app.zip"),
        &[
            Entry::File("./buildspec.yml", 0o644, &buildspec(ask)),
            Entry::File("tool", 0o755, "#!/bin/sh\n"),
            Entry::File("plain", 0o640, ""),
            Entry::Link("sub/link", "../tool"),
        ],
    );
    zip(&env.path("lib.zip"), &[Entry::File("x", 0o644, "of lib\n")]);
    for transfer in ["copy-on-write", "tar"] {
        let (run, build) = env.again(&["--source-transfer", transfer]).run_with_json();
        run.assert_succeeded();
        assert_eq!(
            run.output_of(ask),
            "755 'tool'\n640 'plain'\n777 'sub/link' -> '../tool'\n#!/bin/sh\n\
             buildspec.yml\nplain\nsub\ntool\nof lib\n",
            "{run}"
        );
        for line in [
            "CODEBUILD_SRC_DIR=/codebuild/output/srcN/src",
            "CODEBUILD_SRC_DIR_lib=/codebuild/output/srcN/src",
            "YAML location is /codebuild/output/srcN/src/buildspec.yml",
            "Setting HTTP client timeout to higher timeout for S3 source",
        ] {
            assert!(run.log().contains(&format!("> {line}\n")), "{line}: {run}");
        }
        assert_eq!(build["source"]["type"], "S3");
        assert_eq!(build["projectName"], "my-app");
        assert!(build.get("resolvedSourceVersion").is_none(), "{build}");
    }
    assert_eq!(left(&env), 0);
}

#[test]
fn a_zip_file_has_the_variables_of_one_from_s3() {
    let env = TestEnv::new().args(&["-s", "app.zip"]);
    zip(
        &env.path("app.zip"),
        &[Entry::File("buildspec.yml", 0o644, &buildspec("env"))],
    );
    let run = env.run();
    run.assert_succeeded();
    let variables = printed(&run);
    let url = "s3://codebuild-us-east-1-000000000000-input-bucket/app.zip";
    assert_eq!(variables["CODEBUILD_SOURCE_REPO_URL"], url);
    assert_eq!(variables["CODEBUILD_SOURCE_VERSION"], "");
    assert!(!variables.contains_key("CODEBUILD_RESOLVED_SOURCE_VERSION"));

    let (run, plan) = planned(&env);
    run.assert_succeeded();
    assert_eq!(variable(&plan, "CODEBUILD_SOURCE_REPO_URL"), Some(url));
    assert_eq!(plan["work"]["phases"][2]["commands"][0], "env");
    assert_eq!(
        plan["sources"][0]["host"],
        env.path("app.zip")
            .canonicalize()
            .unwrap()
            .to_str()
            .unwrap()
    );
}

#[test]
fn a_hostile_zip_file_writes_nothing_elsewhere_and_what_is_left_out_is_told() {
    let env = TestEnv::new().args(&["-s", "app.zip"]);
    zip(
        &env.path("app.zip"),
        &[
            Entry::File("buildspec.yml", 0o644, &buildspec("ls -A")),
            Entry::File("../../../../evil", 0o644, "x"),
            Entry::File("/evil", 0o644, "x"),
            Entry::Link("way", "../../.."),
            Entry::File("way/evil", 0o644, "x"),
        ],
    );
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of("ls -A"), "buildspec.yml\nway\n");
    assert_eq!(run.stderr.matches("is skipped").count(), 3, "{run}");
    assert!(!Path::new("/evil").exists());
    let evil = walkdir::WalkDir::new(env.path(""))
        .into_iter()
        .any(|entry| entry.unwrap().file_name() == "evil");
    assert!(!evil);
}

#[test]
fn a_buildspec_that_is_a_link_out_of_the_zip_file_is_not_read() {
    let env = TestEnv::new().args(&["-s", "app.zip"]);
    let secret = env.path("secret");
    fs::write(&secret, buildspec("echo leaked")).unwrap();
    zip(
        &env.path("app.zip"),
        &[Entry::Link("buildspec.yml", secret.to_str().unwrap())],
    );
    for run in [env.run(), plan(&env)] {
        run.assert_failed();
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains("YAML file does not exist"), "{run}");
        assert!(!told.contains("leaked"), "{run}");
    }
}

#[test]
fn a_file_that_is_no_good_zip_file_is_refused() {
    let env = TestEnv::new();
    zip(
        &env.path("good.zip"),
        &[Entry::File(
            "buildspec.yml",
            0o644,
            &buildspec("echo never"),
        )],
    );
    let good = fs::read(env.path("good.zip")).unwrap();
    fs::write(env.path("cut.zip"), &good[..good.len() / 2]).unwrap();
    fs::write(env.path("text.zip"), "not a zip file").unwrap();
    for (name, text) in [
        ("cut.zip", "damaged"),
        ("text.zip", "nor a zip file"),
        ("none.zip", "No such file"),
    ] {
        let env = env.again(&["-s", name]);
        for run in [env.run(), plan(&env)] {
            run.assert_code(2);
            assert!(run.stderr.contains(name), "{run}");
            assert!(run.stderr.contains(text), "{run}");
        }
    }
    let version = env.again(&["-s", "good.zip", "--source-version", "main"]);
    let run = version.run();
    run.assert_code(2);
    assert!(run.stderr.contains("leave --source-version out"), "{run}");
    assert_eq!(left(&env), 0);
}
