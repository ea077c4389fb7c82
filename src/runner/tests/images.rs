//! Which image a build runs in, and what is said of it.

use super::*;
use crate::event::{Notice, PullEvent};
use crate::project::image::{PullPolicy, Resolution};

const SPEC: &str = "version: 0.2\nphases: {build: {commands: [a]}}\n";

/// Runs with this engine and returns what it was asked about images, and what was said.
async fn ask(image: &str, pulling: Pulling, engine: &FakeEngine) -> (Ran, Vec<String>, String) {
    let mut plan = plan(SPEC, "debian");
    plan.identity.image = image.to_owned();
    plan.image = Resolution::of(image);
    plan.pulling = pulling;
    let ran = run_plan(&plan, engine, &[]).await;
    let about_images = |asked: &&String| asked.starts_with("inspect") || asked.starts_with("pull");
    let asked = ran.asked.iter().filter(about_images).cloned().collect();
    let said: Vec<&str> = ran
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Notice(Notice::Warning { message } | Notice::Hint { message }) => {
                Some(message.as_str())
            }
            _ => None,
        })
        .collect();
    let said = said.join("\n");
    (ran, asked, said)
}

fn pulling(policy: PullPolicy, platform: Option<&str>) -> Pulling {
    Pulling {
        policy,
        platform: platform.map(|platform| platform.parse().unwrap()),
    }
}

fn engine(images: &[(&str, &str)]) -> FakeEngine {
    FakeEngine::default().with_images("x86_64", images)
}

#[tokio::test]
async fn a_curated_image_is_local_under_any_of_its_names() {
    let name = "aws/codebuild/amazonlinux-x86_64-standard:5.0";
    for local in [
        name,
        "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
        "public.ecr.aws/codebuild/amazonlinux2-x86_64-standard:5.0",
    ] {
        let engine = engine(&[(local, "linux/amd64")]);
        let (ran, asked, said) = ask(name, Pulling::default(), &engine).await;
        assert_eq!(ran.outcome.status, Status::Succeeded);
        assert_eq!(asked.last().unwrap(), &format!("inspect {local}"));
        assert_eq!(said, "");
    }
}

#[tokio::test]
async fn a_curated_image_that_is_not_local_is_pulled_from_the_public_registry() {
    let engine = engine(&[("other", "linux/amd64")]).pulling(&[None]);
    let name = "aws/codebuild/amazonlinux-x86_64-standard:5.0";
    let (ran, asked, _) = ask(name, Pulling::default(), &engine).await;
    assert_eq!(ran.outcome.status, Status::Succeeded);
    let pull = "pull public.ecr.aws/codebuild/amazonlinux-x86_64-standard:5.0 for any";
    assert!(asked.iter().any(|asked| asked == pull), "{asked:?}");
}

#[tokio::test]
async fn an_image_that_aws_does_not_publish_is_never_pulled() {
    for (image, texts) in [
        (
            "aws/codebuild/standard:7.0",
            &[
                "git clone https://github.com/aws/aws-codebuild-docker-images`",
                "`docker build -t aws/codebuild/standard:7.0 aws-codebuild-docker-images/ubuntu/standard/7.0`",
                "`-i aws/codebuild/amazonlinux-x86_64-standard:5.0`",
            ][..],
        ),
        ("aws/codebuild/standard:99.0", &["`cobuild images`"]),
        ("0123456789ab", &["`docker images`"]),
    ] {
        for policy in [PullPolicy::Always, PullPolicy::Missing, PullPolicy::Never] {
            let fake = engine(&[("other", "linux/amd64")]).pulling(&[None]);
            let (ran, asked, said) = ask(image, pulling(policy, None), &fake).await;
            assert_eq!(asked, [format!("inspect {image}")]);
            let context = ran.context(PhaseType::Provisioning).unwrap();
            assert_eq!(context.status_code, "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE");
            assert_eq!(
                context.message,
                format!(
                    "Unable to pull customer's container image. CannotPullContainerError: Error response from daemon: No such image: {image}"
                )
            );
            for text in texts {
                assert!(said.contains(text), "{said}");
            }
            let fake = engine(&[(image, "linux/amd64")]);
            let (ran, ..) = ask(image, pulling(policy, None), &fake).await;
            assert_eq!(ran.outcome.status, Status::Succeeded);
        }
    }
}

#[tokio::test]
async fn the_policy_says_when_an_image_is_pulled() {
    for (policy, local, pulled, status) in [
        (PullPolicy::Always, true, 1, Status::Succeeded),
        (PullPolicy::Always, false, 1, Status::Succeeded),
        (PullPolicy::Missing, true, 0, Status::Succeeded),
        (PullPolicy::Missing, false, 1, Status::Succeeded),
        (PullPolicy::Never, true, 0, Status::Succeeded),
        (PullPolicy::Never, false, 0, Status::Failed),
    ] {
        let there = if local { "a:1" } else { "other" };
        let fake = engine(&[(there, "linux/amd64")]).pulling(&[None]);
        let (ran, asked, said) = ask("a:1", pulling(policy, None), &fake).await;
        let pulls = asked.iter().filter(|it| *it == "pull a:1 for any").count();
        assert_eq!(pulls, pulled, "{policy:?} {local} {asked:?}");
        assert_eq!(ran.outcome.status, status, "{policy:?} {local}");
        assert_eq!(status == Status::Failed, said.contains("`--pull missing`"));
    }
}

#[tokio::test]
async fn a_local_image_of_another_platform_is_not_used_when_one_is_named() {
    let arm = || pulling(PullPolicy::Missing, Some("linux/arm64"));
    let fake = engine(&[("a:1", "linux/amd64")]).pulling(&[None]);
    let (ran, asked, said) = ask("a:1", arm(), &fake).await;
    assert_eq!(ran.outcome.status, Status::Succeeded, "{said}");
    assert!(asked.contains(&"pull a:1 for linux/arm64".to_owned()));
    assert_eq!(said, "");
    // It is there for another one alone.
    let fake = engine(&[("a:1", "linux/amd64")]);
    let never = pulling(PullPolicy::Never, Some("linux/arm64"));
    let (ran, asked, said) = ask("a:1", never, &fake).await;
    assert_eq!(asked, ["inspect a:1"]);
    let context = ran.context(PhaseType::Provisioning).unwrap();
    assert!(
        context
            .message
            .ends_with("wanted linux/arm64, actual: linux/amd64")
    );
    assert!(said.contains("`--pull missing`"), "{said}");
}

#[tokio::test]
async fn a_local_image_for_another_processor_is_used_with_a_warning() {
    let fake = engine(&[("a:1", "linux/arm64")]);
    let (ran, asked, said) = ask("a:1", Pulling::default(), &fake).await;
    assert_eq!(ran.outcome.status, Status::Succeeded);
    assert_eq!(asked, ["inspect a:1"]);
    assert!(said.contains("`a:1` is for linux/arm64"), "{said}");
    assert!(said.contains("`--platform linux/amd64`"), "{said}");
}

#[tokio::test]
async fn the_curated_image_for_the_engine_s_processor_is_named() {
    let name = "aws/codebuild/amazonlinux-x86_64-standard:5.0";
    let fake = FakeEngine::default().with_images("aarch64", &[(name, "linux/amd64")]);
    let (_, _, said) = ask(name, Pulling::default(), &fake).await;
    let fitting = "use `-i aws/codebuild/amazonlinux-aarch64-standard:3.0`";
    assert!(said.contains(fitting), "{said}");
    assert!(said.contains("the engine runs on aarch64"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_pull_that_breaks_off_is_tried_again_and_one_that_is_refused_is_not() {
    let broken = Some("unexpected EOF");
    for (answers, pulls, status) in [
        (vec![broken, broken, None], 3, Status::Succeeded),
        (vec![broken, broken, broken, None], 3, Status::Failed),
        (vec![Some("manifest unknown"), None], 1, Status::Failed),
        (
            vec![Some("no basic auth credentials"), None],
            1,
            Status::Failed,
        ),
        (vec![Some("toomanyrequests: x"), None], 1, Status::Failed),
    ] {
        let fake = engine(&[("other", "linux/amd64")]).pulling(&answers);
        let (ran, asked, _) = ask("a:1", Pulling::default(), &fake).await;
        let count = asked.iter().filter(|it| it.starts_with("pull")).count();
        assert_eq!(count, pulls, "{answers:?}");
        assert_eq!(ran.outcome.status, status, "{answers:?}");
        let again = |event: &&Event| matches!(event, Event::Pull(PullEvent::Again { .. }));
        assert_eq!(ran.events.iter().filter(again).count(), pulls - 1);
    }
}

#[tokio::test]
async fn a_name_that_is_none_is_refused_before_the_engine_is_asked_for_it() {
    let (ran, asked, _) = ask("No Image", Pulling::default(), &engine(&[])).await;
    assert_eq!(asked, [""; 0]);
    let context = ran.context(PhaseType::Provisioning).unwrap();
    assert!(context.message.ends_with("invalid reference format"));
}

#[tokio::test]
async fn a_misspelt_local_image_is_named() {
    let local = [("team/tool:2", "linux/amd64"), ("node:20", "linux/amd64")];
    for (image, policy, meant) in [
        ("team/toll:2", PullPolicy::Missing, Some("team/tool:2")),
        ("team/toll:2", PullPolicy::Never, Some("team/tool:2")),
        ("team/tool", PullPolicy::Always, Some("team/tool:2")),
        ("node:18", PullPolicy::Missing, None),
    ] {
        let fake = engine(&local).pulling(&[Some("manifest unknown")]);
        let (ran, _, said) = ask(image, pulling(policy, None), &fake).await;
        assert_eq!(ran.outcome.status, Status::Failed);
        let tip = meant.map(|meant| format!("did you mean the local image `-i {meant}`? "));
        assert_eq!(tip.is_some(), said.contains("did you mean"), "{said}");
        assert!(tip.is_none_or(|tip| said.starts_with(&tip)), "{said}");
    }
}

#[tokio::test]
async fn a_local_image_for_another_platform_is_named_where_none_can_be_had() {
    let arm = Some("linux/arm64");
    for policy in [PullPolicy::Missing, PullPolicy::Never] {
        let fake = engine(&[("a:1", "linux/amd64")]).pulling(&[Some("manifest unknown")]);
        let (ran, _, said) = ask("a:1", pulling(policy, arm), &fake).await;
        assert_eq!(ran.outcome.status, Status::Failed);
        let told = "the local image `a:1` is for linux/amd64, and would be used without `--platform linux/arm64`; ";
        assert!(said.starts_with(told), "{said}");
    }
}
