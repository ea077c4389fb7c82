//! The buildspecs and projects that cobuild comes with do what they say.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use crate::env::{Run, TestEnv, files};
use crate::events::run_with_events;

/// How many builds run at a time.
const AT_ONCE: usize = 4;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn entries(directory: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(repository(directory))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

/// The samples that run as they are; those in folders need more, and are checked as texts.
fn samples() -> Vec<PathBuf> {
    let mut samples = entries("buildspecs");
    samples.retain(|path| path.is_file());
    assert!(samples.len() > 20, "{samples:?}");
    samples
}

/// The outcome that a sample's first line declares, as an exit status.
fn outcome(sample: &Path) -> Result<i32, String> {
    let text = fs::read_to_string(sample).unwrap();
    match text.lines().next() {
        Some("# outcome: SUCCEEDED") => Ok(0),
        Some("# outcome: FAILED") => Ok(1),
        other => Err(format!(
            "{}: the first line must declare the outcome, and is {other:?}",
            sample.display()
        )),
    }
}

/// Runs a build of each path, several at a time, and returns what was wrong with them.
fn problems(
    paths: Vec<PathBuf>,
    check: impl Fn(&Path) -> Result<(), String> + Sync,
) -> Vec<String> {
    let waiting = Mutex::new(paths);
    let problems = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(path) = waiting.lock().unwrap().pop() else {
                        break;
                    };
                    if let Err(problem) = check(&path) {
                        problems.lock().unwrap().push(problem);
                    }
                }
            });
        }
    });
    problems.into_inner().unwrap()
}

fn expect(path: &Path, run: &Run, code: i32) -> Result<(), String> {
    let name = path.display();
    if run.code != Some(code) {
        return Err(format!("{name}: {code} was expected of\n{run}"));
    }
    // A build that fails must do so by what it shows, not because it cannot be read.
    if run.stdout.contains(" Registering with agent\n") {
        Ok(())
    } else {
        Err(format!("{name}: no command was reached by\n{run}"))
    }
}

#[test]
fn every_sample_declares_its_outcome() {
    let undeclared: Vec<String> = samples()
        .iter()
        .filter_map(|sample| outcome(sample).err())
        .collect();
    assert!(undeclared.is_empty(), "{}", undeclared.join("\n"));
}

#[test]
fn every_sample_has_the_outcome_that_it_declares_and_events_that_show_its_log() {
    let problems = problems(samples(), |sample| {
        let env = TestEnv::new()
            .arg("--buildspec")
            .arg(sample.to_str().unwrap());
        let (run, _) = run_with_events(&env);
        expect(sample, &run, outcome(sample)?)
    });
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The samples that need a privileged container, with the flag that their comments name.
fn privileged_samples() -> Vec<(PathBuf, &'static str)> {
    let flag = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        if text.contains(" --start-dockerd\n") {
            "--start-dockerd"
        } else {
            "--privileged"
        }
    };
    let samples = entries("buildspecs/privileged").into_iter();
    samples.map(|path| (path.clone(), flag(&path))).collect()
}

#[test]
fn samples_with_docker_build_and_run_an_image() {
    let samples = privileged_samples();
    assert!(samples.len() >= 2, "{samples:?}");
    for (sample, flag) in samples {
        let run = TestEnv::new()
            .args(&["--buildspec", sample.to_str().unwrap(), flag])
            .run();
        expect(&sample, &run, outcome(&sample).unwrap()).unwrap();
        let said = run.output_of("docker run --rm --network none hello:local");
        // A daemon that the buildspec starts speaks up in between.
        assert!(
            said.lines().any(|line| line == "Hello from inside"),
            "{run}"
        );
    }
}

#[test]
fn no_sample_has_a_key_that_is_not_known() {
    // Warnings of a run are for whoever wrote the buildspec; the samples give no cause.
    let problems = problems(samples(), |sample| {
        let text = fs::read_to_string(sample).unwrap();
        let read = cobuild::buildspec::parse(text.as_bytes());
        match read {
            Ok(read) if read.unknown_keys.is_empty() => Ok(()),
            Ok(read) => Err(format!("{}: {:?}", sample.display(), read.unknown_keys)),
            Err(refusal) => Err(format!("{}: {refusal:?}", sample.display())),
        }
    });
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_example_builds() {
    let examples: Vec<PathBuf> = entries("examples")
        .into_iter()
        .filter(|path| path.is_dir())
        .collect();
    assert!(examples.len() >= 4, "{examples:?}");
    let problems = problems(examples, |example| {
        let before = files(example);
        let env = TestEnv::new();
        let kept = env.path("kept");
        let mut env = env.args(&[
            "--source",
            example.to_str().unwrap(),
            "--artifacts",
            kept.to_str().unwrap(),
        ]);
        if example.ends_with("docker-in-docker") {
            env = env.arg("--privileged");
        }
        let run = env.run();
        expect(example, &run, 0)?;
        if files(&kept).is_empty() {
            return Err(format!("{}: no artifacts of\n{run}", example.display()));
        }
        if files(example) != before {
            return Err(format!("{} was changed", example.display()));
        }
        Ok(())
    });
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
