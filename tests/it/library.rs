//! Builds as values of the library, without the command.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cobuild::build::{self, Build, BuildError, Hooks, Installation, Request};
use cobuild::channel::Message;
use cobuild::engine::docker::Docker;
use cobuild::engine::endpoint::Endpoint;
use cobuild::event::{BuildEvent, CommandEvent, Event};
use cobuild::phase::Status;
use cobuild::plan::Settings;
use cobuild::runner::{CancelReason, Outcome};
use cobuild::settings::Environment;

use crate::engine;
use crate::env::{Run, TestEnv};

/// The installation of a test, and the engine of all tests.
fn start(env: &TestEnv) -> (Docker, Installation) {
    let variables = [("HOME", env.path("home").into_os_string())]
        .into_iter()
        .chain(std::env::var_os("DOCKER_HOST").map(|host| ("DOCKER_HOST", host)))
        .map(|(name, value)| (OsString::from(name), value));
    let environment = Environment::new(variables);
    let endpoint = Endpoint::resolve(&environment.surroundings(None, None)).unwrap();
    let engine = Docker::connect(&endpoint).unwrap();
    (engine, Installation::find(&environment).unwrap())
}

fn request(env: &TestEnv, settings: Settings) -> Request {
    Request::of_directory(env.source().to_str().unwrap(), settings).unwrap()
}

/// What came of a build, and what it put out.
async fn watch(build: Build) -> (Result<Outcome, BuildError>, String) {
    let Build {
        mut events, end, ..
    } = build;
    let watching = tokio::spawn(async move {
        let mut output = String::new();
        while let Some(message) = events.recv().await {
            if let Message::Event(event) = message
                && let Event::Command(CommandEvent::Output(output_bytes)) = event.event
            {
                output += &String::from_utf8_lossy(&output_bytes.bytes);
            }
        }
        output
    });
    let ended = end.wait().await;
    (ended, watching.await.unwrap())
}

#[test]
fn the_example_runs_a_build() {
    let env = TestEnv::new().build_command("echo from the example");
    let example = Path::new(env!("CARGO_BIN_EXE_cobuild")).with_file_name("examples/run_build");
    assert!(example.exists(), "`cargo build --examples` builds it");
    let mut command = Command::new(example);
    command.arg(engine::IMAGE).current_dir(env.source());
    command.env("HOME", env.path("home"));
    let run = Run::new(command.output().unwrap());
    run.assert_succeeded();
    assert_eq!(run.output_of("echo from the example"), "from the example\n");
}

#[tokio::test]
async fn ten_builds_in_one_process_have_each_its_own_events() {
    let env = TestEnv::new().build_command("echo \"I am $NUMBER\"; sleep \"$SECONDS_TO_GO\"");
    let (engine, installation) = start(&env);
    let build = |number: usize| {
        let overrides = [
            ("NUMBER", number.to_string()),
            // The last one would never end by itself.
            (
                "SECONDS_TO_GO",
                if number == 9 { "1000" } else { "1" }.to_owned(),
            ),
        ];
        let settings = Settings {
            overrides: overrides
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
            ..Settings::new(engine::IMAGE)
        };
        build::start(
            request(&env, settings),
            engine.clone(),
            &installation,
            Hooks::default(),
        )
    };
    let builds: Vec<Build> = (0..10).map(build).collect();
    let last = builds[9].canceller.clone();
    let watched: Vec<_> = builds
        .into_iter()
        .map(|it| tokio::spawn(watch(it)))
        .collect();
    for (number, watched) in watched.into_iter().enumerate() {
        if number == 9 {
            last.cancel(CancelReason::Stop);
        }
        let (ended, output) = watched.await.unwrap();
        let outcome = ended.unwrap();
        if number == 9 {
            assert_eq!(outcome.status, Status::Stopped);
            // The shell may say that it was stopped.
            assert!(output.starts_with("I am 9\n"), "{output}");
        } else {
            assert_eq!(outcome.status, Status::Succeeded, "{output}");
            assert_eq!(output, format!("I am {number}\n"));
        }
    }
    assert_eq!(std::fs::read_dir(env.scratch()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_build_whose_end_nobody_waits_for_is_stopped() {
    let env = TestEnv::new().build_command("echo begun; sleep 1000");
    let (engine, installation) = start(&env);
    let settings = Settings {
        grace: Duration::from_secs(1),
        ..Settings::new(engine::IMAGE)
    };
    let build = build::start(
        request(&env, settings),
        engine,
        &installation,
        Hooks::default(),
    );
    let Build {
        mut events, end, ..
    } = build;
    let mut end = Some(end);
    let mut status = None;
    while let Some(message) = events.recv().await {
        if let Message::Event(event) = message {
            match event.event {
                Event::Command(CommandEvent::Output(_)) => drop(end.take()),
                Event::Build(BuildEvent::Finished { status: last }) => status = Some(last),
                _ => {}
            }
        }
    }
    assert_eq!(status, Some(Status::Stopped));
}

#[tokio::test]
async fn a_build_that_cannot_begin_says_why() {
    let env = TestEnv::new().file("source.zip", "PK, and nothing of a zip file");
    let (engine, installation) = start(&env);
    let zip = env.source().join("source.zip");
    let settings = Settings::new(engine::IMAGE);
    let request = Request::of_directory(zip.to_str().unwrap(), settings).unwrap();
    let build = build::start(request, engine, &installation, Hooks::default());
    let (ended, output) = watch(build).await;
    assert!(matches!(ended, Err(BuildError::Zip { .. })), "{ended:?}");
    assert_eq!(output, "");
}
