//! When an image is pulled, by which name, and for which platform.

use super::registry::{Pulled, Registry, TestImage, has};
use super::{assert_not_had, build};
use crate::engine::daemon::Daemon;
use crate::engine::{IMAGE, docker};

#[test]
fn an_image_that_is_missing_is_pulled_and_told_in_two_lines() {
    let registry = Registry::open();
    let image = TestImage::new(&[2_000_000]);
    registry.push(&image.name, "tool:1");
    drop(image);
    let name = registry.name("tool:1");
    let pulled = Pulled(name.clone());
    let env = build(&name);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(
        run.output_of("echo $CODEBUILD_BUILD_IMAGE"),
        format!("{name}\n")
    );
    let lines: Vec<&str> = run.stderr.lines().take(2).collect();
    assert_eq!(lines[0], format!("pulling image `{name}`"), "{run}");
    let end = lines[1]
        .strip_prefix(&format!("pulled image `{name}`: "))
        .unwrap_or_else(|| panic!("{run}"));
    let (size, seconds) = end.split_once(" in ").unwrap();
    assert!(size.ends_with(" MB"), "{end}");
    assert!(
        seconds.trim_end_matches(" s").parse::<f64>().is_ok(),
        "{end}"
    );
    assert!(run.log().starts_with("> Running on CodeBuild"), "{run}");
    // The second time it is there.
    let again = env.run();
    again.assert_succeeded();
    assert!(!again.stderr.contains("pull"), "{again}");
    drop(pulled);
}

#[test]
fn as_json_a_pull_is_events_on_stdout() {
    let registry = Registry::open();
    let image = TestImage::new(&[3_000_000, 10]);
    registry.push(&image.name, "tool:1");
    drop(image);
    let name = registry.name("tool:1");
    let _pulled = Pulled(name.clone());
    let run = build(&name).args(&["--format", "json"]).run();
    run.assert_succeeded();
    let events: Vec<serde_json::Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let named = |name: &'static str| events.iter().filter(move |event| event["event"] == name);
    assert_eq!(named("image-pull").next().unwrap()["image"], name);
    assert!(
        named("image-pulled").next().unwrap()["size"]
            .as_u64()
            .unwrap()
            > 3_000_000
    );
    let of_state =
        |state: &'static str| named("image-layer").filter(move |event| event["state"] == state);
    let complete: std::collections::BTreeSet<&str> = of_state("complete")
        .map(|event| event["layer"].as_str().unwrap())
        .collect();
    // Those of busybox are there already.
    assert_eq!(complete.len(), 2, "{run}");
    let largest = of_state("extracting").map(|event| event["total"].as_u64().unwrap());
    assert!(largest.max().unwrap() > 2_900_000, "{run}");
}

#[test]
fn the_policy_decides() {
    let registry = Registry::open();
    let name = registry.name("tool:1");
    let _pulled = Pulled(name.clone());
    let never = build(&name).args(&["--pull", "never"]);
    assert_not_had(
        &never.run(),
        &format!("No such image: {name}"),
        &["`--pull missing`", &format!("`docker pull {name}`")],
    );
    let old = TestImage::new(&[10]);
    registry.push(&old.name, "tool:1");
    let printed = |env: &crate::env::TestEnv| {
        let run = env.run();
        run.assert_succeeded();
        docker(&["image", "inspect", "--format", "{{.Id}}", &name])
    };
    let first = printed(&build(&name));
    let new = TestImage::new(&[11]);
    // The push leaves the engine without the name; it stays the old one's.
    let tagged = Pulled(format!("{}-kept", old.name));
    docker(&["tag", &name, &tagged.0]);
    registry.push(&new.name, "tool:1");
    docker(&["tag", &tagged.0, &name]);
    assert_eq!(printed(&build(&name)), first);
    assert_eq!(printed(&build(&name).args(&["--pull", "never"])), first);
    let latest = printed(&build(&name).args(&["--pull", "always"]));
    assert_ne!(latest, first);
}

#[test]
fn a_digest_pins_an_image() {
    let registry = Registry::open();
    let image = TestImage::new(&[10]);
    let digest = registry.push(&image.name, "tool:1");
    drop(image);
    for name in [
        registry.name(&format!("tool@{digest}")),
        registry.name(&format!("tool:1@{digest}")),
        registry.name(&format!("tool:other@{digest}")),
    ] {
        let _pulled = Pulled(registry.name(&format!("tool@{digest}")));
        let run = build(&name).run();
        run.assert_succeeded();
        assert!(run.stderr.contains("pulled image"), "{run}");
        let again = build(&name).args(&["--pull", "never"]).run();
        again.assert_succeeded();
    }
    let wrong = registry.name(&format!("tool@sha256:{}", "0".repeat(64)));
    assert_not_had(
        &build(&wrong).run(),
        "manifest unknown",
        &["has no image", &registry.host()],
    );
}

#[test]
fn an_id_is_that_of_a_local_image() {
    let id = docker(&["image", "inspect", "--format", "{{.Id}}", IMAGE]);
    let digits = id.strip_prefix("sha256:").unwrap();
    for name in [&id, digits, &digits[..12]] {
        for policy in ["missing", "always"] {
            let run = build(name).args(&["--pull", policy]).run();
            run.assert_succeeded();
            assert!(!run.stderr.contains("pull"), "{run}");
        }
    }
    let unknown = "0123456789ab";
    assert_not_had(
        &build(unknown).run(),
        &format!("No such image: {unknown}"),
        &["`docker images`"],
    );
}

#[test]
fn a_platform_that_is_named_is_had_or_nothing() {
    let registry = Registry::open();
    let name = registry.name("tool:1");
    let _pulled = Pulled(name.clone());
    let foreign = TestImage::for_platform("linux/arm64");
    registry.push(&foreign.name, "tool:1");
    let native = TestImage::new(&[10]);
    docker(&["tag", &native.name, &name]);
    let arm = ["--platform", "linux/arm64"];
    assert_not_had(
        &build(&name).args(&arm).args(&["--pull", "never"]).run(),
        "wanted linux/arm64, actual: linux/amd64",
        &["`--pull missing`"],
    );
    // The local one is for another platform; what is in this one runs here all the same.
    let run = build(&name).args(&arm).run();
    run.assert_succeeded();
    let pulling = format!("pulling image `{name}` for linux/arm64");
    assert!(run.stderr.starts_with(&pulling), "{run}");
    assert!(!run.stderr.contains("warning"), "{run}");
    // Now that one is local, and is taken with a warning where no platform is named.
    let run = build(&name).run();
    run.assert_succeeded();
    let warning = format!("warning: the image `{name}` is for linux/arm64");
    assert!(run.stderr.contains(&warning), "{run}");
    // A registry that has one image alone gives it for any platform.
    registry.push(&native.name, "native:1");
    let native = registry.name("native:1");
    let _pulled = Pulled(native.clone());
    assert_not_had(
        &build(&native).args(&arm).run(),
        "wanted linux/arm64, actual: linux/amd64",
        &["not available for linux/arm64", "`--platform`"],
    );
}

#[test]
fn an_image_that_the_engine_cannot_execute_fails_the_build_with_the_reason() {
    let image = TestImage::foreign();
    let run = build(&image.name).run();
    run.assert_failed();
    assert!(run.stdout.contains("found dead before completing"), "{run}");
    assert!(run.stderr.contains("is for linux/arm64"), "{run}");
    let hint = format!("hint: the image `{}` is for another processor", image.name);
    assert!(run.stderr.contains(&hint), "{run}");
}

#[test]
fn curated_images_that_are_local_are_used_by_any_of_their_names() {
    let daemon = Daemon::start(&[]);
    let image = daemon.load_busybox();
    for (tag, named) in [
        ("aws/codebuild/standard:7.0", "aws/codebuild/standard:7.0"),
        (
            "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
            "aws/codebuild/amazonlinux-x86_64-standard:5.0",
        ),
        (
            "public.ecr.aws/codebuild/amazonlinux-x86_64-standard:4.0",
            "aws/codebuild/amazonlinux2-x86_64-standard:4.0",
        ),
    ] {
        daemon.docker(&["tag", image, tag]);
        let run = build(named).args(&["--host", &daemon.host()]).run();
        run.assert_succeeded();
        assert_eq!(
            run.output_of("echo $CODEBUILD_BUILD_IMAGE"),
            format!("{named}\n")
        );
        assert!(!run.stderr.contains("pulling"), "{run}");
    }
    let here = ["--host", &daemon.host()];
    assert_not_had(
        &build("aws/codebuild/standard:8.0").args(&here).run(),
        "No such image: aws/codebuild/standard:8.0",
        &[
            "aws/aws-codebuild-docker-images",
            "`docker build -t aws/codebuild/standard:8.0 aws-codebuild-docker-images/ubuntu/standard/8.0`",
            "`-i aws/codebuild/amazonlinux-x86_64-standard:6.0`",
        ],
    );
    let arm = "aws/codebuild/amazonlinux-aarch64-standard:3.0";
    let run = build(arm).args(&here).run();
    run.assert_failed();
    let fitting = "use `-i aws/codebuild/amazonlinux-x86_64-standard:5.0`";
    assert!(run.stderr.contains(fitting), "{run}");
}

#[test]
fn images_for_other_systems_are_refused_before_anything_runs() {
    for (image, system) in [
        ("aws/codebuild/windows-base:2022-1.0", "Windows"),
        ("aws/codebuild/macos-arm-base:14", "macOS"),
    ] {
        let run = build(image).args(&["-a", "artifacts"]).run();
        run.assert_code(2);
        assert_eq!(run.stdout, "");
        assert!(
            run.stderr.contains(&format!("an image for {system}")),
            "{run}"
        );
    }
}

#[test]
fn names_and_platforms_that_are_none_are_refused() {
    for (name, words) in [
        ("Debian:12", "repository name must be lowercase"),
        ("a:b:c", "the tag is invalid"),
        ("a@sha256:00", "the digest is not"),
    ] {
        let run = build(name).run();
        assert_not_had(&run, words, &["[HOST[:PORT]/]PATH[:TAG]"]);
        assert!(!run.stderr.contains("pulling"), "{run}");
    }
    for (platform, words) in [
        ("arm64", "linux/ARCHITECTURE"),
        ("windows/amd64", "Linux images only"),
    ] {
        let run = build(IMAGE).args(&["--platform", platform]).run();
        run.assert_code(2);
        assert!(run.stderr.contains(words), "{run}");
    }
    assert!(!has("debian:12"));
}
