//! What a plan may say of the `.git` of a source, run through the library.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use cobuild::channel::{Message, channel};
use cobuild::engine::docker::Docker;
use cobuild::engine::endpoint::{Endpoint, Surroundings};
use cobuild::event::Event;
use cobuild::phase::Status;
use cobuild::plan::cache::CacheRequest;
use cobuild::plan::place::Storage;
use cobuild::plan::{
    self, BuildspecFile, Excludes, Facts, GitFacts, GitMetadata, Source, Transfer,
};
use cobuild::runner::{self, RunSettings};
use cobuild::secrets::Providers;
use jiff::Timestamp;

use super::{fingerprint, shell};
use crate::engine;
use crate::env::TestEnv;

const BOTH: [Transfer; 2] = [Transfer::CopyOnWrite, Transfer::Tar];

/// Runs commands in a repository whose `.git` comes in like this; returns their output.
#[track_caller]
fn output(git: GitMetadata, transfer: Transfer, commands: &[&str]) -> String {
    let env = TestEnv::new()
        .file("file", "1\n")
        .build_commands(commands)
        .file(".gitignore", "x\n");
    let commit = "git init --quiet && git add --all && \
        git -c user.name=T -c user.email=t@example.com commit --quiet -m one";
    shell(&env.source(), commit);
    let head = shell(&env.source(), "git rev-parse HEAD");
    let facts = Facts {
        start: Timestamp::now(),
        uuid: uuid::Uuid::new_v4().to_string(),
        auth_token: "1".into(),
        project_uuid: "2".into(),
        directory_numbers: vec![7],
        build_number: 1,
        user: "tester".into(),
        region: "us-east-1".into(),
        account: "000000000000".into(),
    };
    let facts_of_git = GitFacts {
        commit: Some(head.trim().to_owned()),
        ..GitFacts::default()
    };
    let request = plan::Request {
        image: engine::IMAGE.into(),
        privileged: false,
        timeout: Duration::from_mins(5),
        source: Source::directory(env.source(), facts_of_git),
        secondary: Vec::new(),
        kind: None,
        initiator: None,
        transfer,
        excludes: Excludes::default(),
        cache: CacheRequest::default(),
        overrides: Vec::new(),
        buildspec: Ok(BuildspecFile::InSource {
            path: "buildspec.yml".into(),
            text: fs::read(env.source().join("buildspec.yml")).unwrap(),
        }),
        part: plan::part::Part::default(),
        warnings: Vec::new(),
    };
    let mut plan = plan::make(request, &facts);
    plan.sources[0].git = git;
    let before = fingerprint(&env.source());
    let settings = RunSettings {
        scratch_root: env.path("home/runs"),
        labels: BTreeMap::new(),
        token: uuid::Uuid::new_v4().to_string(),
        grace: Duration::from_secs(10),
        artifacts: None,
        storage: Storage::default(),
        cache_root: env.path("home/caches"),
        secrets: Providers::default(),
        show_changes: true,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let (status, output) = runtime.unwrap().block_on(run(&plan, &settings));
    assert_eq!(status, Status::Succeeded, "{output}");
    assert_eq!(fingerprint(&env.source()), before);
    output
}

/// Runs a plan; returns its status, what its commands print, and its changes.
async fn run(plan: &plan::Plan, settings: &RunSettings) -> (Status, String) {
    let surroundings = Surroundings {
        docker_host: std::env::var("DOCKER_HOST").ok(),
        ..Surroundings::default()
    };
    let engine = Docker::connect(&Endpoint::resolve(&surroundings).unwrap()).unwrap();
    let (sender, mut receiver) = channel(Timestamp::now);
    let gathering = tokio::spawn(async move {
        let mut text = String::new();
        while let Some(message) = receiver.recv().await {
            let Message::Event(event) = message else {
                continue;
            };
            match event.event {
                Event::Output { bytes } => text.push_str(&String::from_utf8_lossy(&bytes)),
                Event::SourceChanged(changes) => {
                    for change in changes.changes.into_iter().flatten() {
                        let letter = change.kind.letter();
                        text.extend([letter.to_string().as_str(), " ", &change.path, "\n"]);
                    }
                }
                _ => {}
            }
        }
        text
    });
    let (_canceller, cancellation) = runner::cancellation();
    let outcome = runner::run(plan, &engine, settings, &sender, &cancellation, None).await;
    drop(sender);
    (outcome.status, gathering.await.unwrap())
}

#[test]
fn with_a_local_source_cache_git_s_directory_lies_elsewhere() {
    for transfer in BOTH {
        let text = output(
            GitMetadata::Linked,
            transfer,
            &[
                "[ -f .git ] && git rev-parse --git-dir",
                "git status --porcelain && git log --format=%s && git symbolic-ref -q HEAD || echo detached",
                "git -c user.name=B -c user.email=b@example.com commit -q --allow-empty -m two && git log --format=%s",
            ],
        );
        let (directory, rest) = text.split_once('\n').unwrap();
        let number = directory
            .strip_prefix("/codebuild/local-cache/workspace/")
            .and_then(|rest| rest.strip_suffix("/.git"))
            .unwrap_or_else(|| panic!("{text}"));
        assert_eq!(number.len(), 64);
        assert!(number.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(
            rest, "one\ndetached\ntwo\none\n",
            "nothing of it is a change"
        );
    }
}

#[test]
fn a_pipeline_s_source_has_no_git_directory() {
    for transfer in BOTH {
        let text = output(GitMetadata::LeftOut, transfer, &["ls -A"]);
        assert_eq!(text, ".gitignore\nbuildspec.yml\nfile\n");
        let text = output(GitMetadata::LeftOut, transfer, &["mkdir .git"]);
        let expected = if transfer == Transfer::Tar {
            ""
        } else {
            "A .git/\n"
        };
        assert_eq!(text, expected);
    }
}
