//! Settings in layers: flags, variables, the project's cobuild.toml and the user's.

mod files;
mod hostile;
mod layers;
mod origins;
mod runs;
mod schema;
mod trust;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::env::Run;

const BUILDSPEC: &str = "version: 0.2\nphases: {build: {commands: [make]}}\n";

/// A repository whose path has blanks, a home, and what cobuild is called with.
struct Place {
    root: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let place = Self {
            root,
            variables: Vec::new(),
        };
        for directory in ["home/.config/cobuild", "my repo/.git", "my repo/sub dir"] {
            fs::create_dir_all(place.path(directory)).unwrap();
        }
        fs::write(place.repo().join("buildspec.yml"), BUILDSPEC).unwrap();
        fs::write(place.repo().join("sub dir/buildspec.yml"), BUILDSPEC).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().canonicalize().unwrap().join(name)
    }

    fn repo(&self) -> PathBuf {
        self.path("my repo")
    }

    /// Writes the project's file.
    fn project(self, text: impl AsRef<[u8]>) -> Self {
        fs::write(self.repo().join("cobuild.toml"), text).unwrap();
        self
    }

    /// Writes the user's file.
    fn user(self, text: &str) -> Self {
        fs::write(self.path("home/.config/cobuild/cobuild.toml"), text).unwrap();
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A command line of cobuild, called in the repository.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cobuild"));
        command
            .args(arguments)
            .current_dir(self.repo())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            // Nobody may be asked there.
            .env("DOCKER_HOST", "unix:///nowhere.sock")
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    fn call(&self, arguments: &[&str]) -> Run {
        Run::new(self.command(arguments).output().unwrap())
    }

    /// What `cobuild plan` says of settings: `NAME VALUE ORIGIN` of each that somebody has set.
    #[track_caller]
    fn settings(&self, arguments: &[&str]) -> Vec<String> {
        let plan = self.plan(arguments);
        let settings = plan["settings"].as_array().unwrap();
        settings
            .iter()
            .filter(|it| it["origin"]["type"] != "default")
            .map(|it| {
                let value = it["value"].as_str().unwrap();
                format!("{} {value} {}", it["name"].as_str().unwrap(), origin(it))
            })
            .collect()
    }

    /// The plan as JSON.
    #[track_caller]
    fn plan(&self, arguments: &[&str]) -> Value {
        let run = self.call(&[&["plan", "--format", "json"], arguments].concat());
        run.assert_succeeded();
        serde_json::from_str(&run.stdout).unwrap()
    }

    /// Asserts that a plan is refused, in these words.
    #[track_caller]
    fn assert_refused(&self, arguments: &[&str], words: &[&str]) {
        let run = self.call(&[&["plan"], arguments].concat());
        run.assert_code(2);
        for word in words {
            assert!(run.stderr.contains(word), "{word}\n{run}");
        }
    }
}

/// The origin of a setting, in a word.
fn origin(setting: &Value) -> String {
    let origin = &setting["origin"];
    let text = |name: &str| origin[name].as_str().unwrap_or_default().to_owned();
    match text("type").as_str() {
        "file" => {
            let file = text("file");
            let of_user = Path::new(&file).is_absolute();
            let file = if of_user { "user" } else { file.as_str() };
            match origin["profile"].as_str() {
                None => format!("{file}:{}", origin["line"]),
                Some(profile) => format!("{file}:{}[{profile}]", origin["line"]),
            }
        }
        "default" => "default".to_owned(),
        _ => text("name"),
    }
}
