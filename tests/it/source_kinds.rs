//! The kinds of source: versions of repositories, zip files, what pipelines hand over, nothing.

mod layouts;
mod nothing;
mod pipeline;
mod repositories;
mod versions;
mod without_git;
mod zips;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::env::{Run, TestEnv};

/// What a build says of its checkout.
const TELL: &str =
    "git rev-parse HEAD; git rev-parse --abbrev-ref HEAD; git status --short; cat text";

/// A git repository of a test.
struct Repository {
    directory: PathBuf,
}

impl Repository {
    /// Makes one, on the branch `main`.
    fn new(directory: PathBuf) -> Self {
        fs::create_dir_all(&directory).unwrap();
        let repository = Self { directory };
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository
    }

    /// The repository that the source is; what is there is committed.
    fn of(env: &TestEnv) -> Self {
        let repository = Self::new(env.source());
        repository.commit("first");
        repository
    }

    #[track_caller]
    fn git(&self, arguments: &[&str]) -> String {
        git(&self.directory, arguments)
    }

    /// Commits everything, with this content of the file `text`; returns the commit.
    #[track_caller]
    fn commit(&self, text: &str) -> String {
        fs::write(self.directory.join("text"), format!("{text}\n")).unwrap();
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", text]);
        self.git(&["rev-parse", "HEAD"])
    }
}

#[track_caller]
fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(["-c", "user.name=Tester"])
        .args(["-c", "user.email=tester@example.com"])
        .args(["-c", "protocol.file.allow=always"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// How much is left in the directory of running builds.
fn left(env: &TestEnv) -> usize {
    fs::read_dir(env.scratch()).map_or(0, Iterator::count)
}

/// What `cobuild plan` says, as JSON, for the arguments of a run.
#[track_caller]
fn planned(env: &TestEnv) -> (Run, serde_json::Value) {
    let run = plan(env);
    let plan = serde_json::from_str(&run.stdout).unwrap_or_default();
    (run, plan)
}

fn plan(env: &TestEnv) -> Run {
    let run = env.command();
    let mut command = Command::new(run.get_program());
    command.arg("plan").args(run.get_args().skip(1));
    command.args(["--format", "json"]);
    command
        .current_dir(run.get_current_dir().unwrap())
        .env_clear();
    for (name, value) in run.get_envs() {
        command.env(name, value.unwrap());
    }
    // Nobody may be asked there.
    command.env("DOCKER_HOST", "unix:///nowhere.sock");
    Run::new(command.output().unwrap())
}

/// The value that a plan has for a variable.
fn variable<'a>(plan: &'a serde_json::Value, name: &str) -> Option<&'a str> {
    let all = plan["environment"].as_array().unwrap();
    let found = all.iter().find(|it| it["name"] == name)?;
    found["value"].as_str()
}
