//! A hermetic place to run cobuild in, and what came of a run.

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::engine;
use cobuild::ownership::{Key, Owner};

/// How long a test waits for what must come, also on a machine that has much else to do.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// A source directory of its own, a home of its own, and a command line in the making.
#[must_use]
pub(crate) struct TestEnv {
    root: Arc<TempDir>,
    image: Option<String>,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

impl TestEnv {
    /// An empty source and the image that `scripts/image` makes. Fails without an engine.
    pub(crate) fn new() -> Self {
        engine::require();
        let root = tempfile::tempdir().unwrap();
        for directory in ["source", "home"] {
            fs::create_dir(root.path().join(directory)).unwrap();
        }
        Self {
            root: Arc::new(root),
            image: Some(engine::IMAGE.to_owned()),
            arguments: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// The source directory on the host.
    pub(crate) fn source(&self) -> PathBuf {
        self.root.path().join("source")
    }

    /// Any other path of this environment, beside the source.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The directory that holds the directories of running builds.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.path("home/.cache/cobuild/runs")
    }

    /// This process, as cobuild in this environment would prove to be one of its runs.
    pub(crate) fn owner(&self) -> Owner {
        let state = self.path("home/.local/state/cobuild");
        Owner::this_process(Key::kept_in(&state).unwrap())
    }

    /// Uses another image.
    pub(crate) fn image(mut self, image: &str) -> Self {
        self.image = Some(image.to_owned());
        self
    }

    /// Writes a file of the source, and the directories above it.
    pub(crate) fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.source().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Writes `buildspec.yml`.
    pub(crate) fn buildspec(self, text: &str) -> Self {
        self.file("buildspec.yml", text)
    }

    /// Writes a `buildspec.yml` whose BUILD has this one command.
    pub(crate) fn build_command(self, command: &str) -> Self {
        self.build_commands(&[command])
    }

    /// Writes a `buildspec.yml` whose BUILD has these commands.
    pub(crate) fn build_commands(self, commands: &[&str]) -> Self {
        // JSON is YAML, and quotes whatever the commands hold.
        let spec = serde_json::json!({
            "version": 0.2,
            "phases": { "build": { "commands": commands } }
        });
        self.buildspec(&spec.to_string())
    }

    /// Adds an argument of `cobuild run`.
    pub(crate) fn arg(mut self, argument: impl AsRef<str>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments of `cobuild run`.
    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Replaces the last argument.
    pub(crate) fn last_arg(mut self, argument: &str) -> Self {
        self.arguments.pop();
        self.arg(argument)
    }

    /// The same place with more arguments.
    pub(crate) fn again(&self, arguments: &[&str]) -> Self {
        Self {
            root: Arc::clone(&self.root),
            image: self.image.clone(),
            arguments: self.arguments.clone(),
            variables: self.variables.clone(),
        }
        .args(arguments)
    }

    /// Sets a variable of cobuild's own environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The command line, ready to be run.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cobuild"));
        command.arg("run").args(&self.arguments);
        if let Some(image) = &self.image {
            command.args(["--image", image]);
        }
        if !self
            .arguments
            .iter()
            .any(|it| matches!(it.as_str(), "-s" | "--source" | "--no-source"))
        {
            command.arg("--source").arg(self.source());
        }
        command
            .current_dir(self.root.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("USER", "tester")
            .stdin(Stdio::null());
        if let Some(host) = std::env::var_os("DOCKER_HOST") {
            command.env("DOCKER_HOST", host);
        }
        command.envs(self.variables.iter().cloned());
        command
    }

    /// Runs cobuild to its end. The environment stays, for a look at what the run left there.
    pub(crate) fn run(&self) -> Run {
        Run::new(self.command().output().unwrap())
    }

    /// Starts cobuild with pipes for its output.
    pub(crate) fn spawn(&self) -> Child {
        self.command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// What came of a run.
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Run {
    pub(crate) fn new(output: Output) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = output;
        Self {
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            code: status.code(),
        }
    }

    /// The log with what differs from run to run made equal: dates become `> `, the random number
    /// of the source directory becomes `N`.
    pub(crate) fn log(&self) -> String {
        self.stdout.split_inclusive('\n').map(equalized).collect()
    }

    /// The output of the commands alone.
    pub(crate) fn output_of(&self, command: &str) -> String {
        let log = self.log();
        let start = format!("> Running command {command}\n");
        let after = log
            .split_once(&start)
            .unwrap_or_else(|| panic!("no command `{command}` ran: {self}"))
            .1;
        let end = if after.starts_with("> ") {
            0
        } else {
            after.find("\n> ").map_or(after.len(), |end| end + 1)
        };
        // The blank line that follows every output is not part of it.
        after[..end].strip_suffix('\n').unwrap_or("").to_owned()
    }

    #[track_caller]
    pub(crate) fn assert_code(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{self}");
    }

    #[track_caller]
    pub(crate) fn assert_succeeded(&self) {
        self.assert_code(0);
    }

    #[track_caller]
    pub(crate) fn assert_failed(&self) {
        self.assert_code(1);
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "exit status {:?}\n{}------- stderr -------\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}

/// A line of the log with what differs from run to run made equal.
fn equalized(line: &str) -> String {
    match undated(line) {
        Some(text) => format!("> {}", numberless(text)),
        None => numberless(line),
    }
}

/// The text of an agent's line, `None` for any other line.
fn undated(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("[Container] ")?;
    let (date, text) = rest.split_at_checked("2026/11/22 11:25:13.594267 ".len())?;
    let shape: String = date
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    (shape == "0000/00/00 00:00:00.000000 ").then_some(text)
}

fn numberless(line: &str) -> String {
    let marker = "/codebuild/output/src";
    let mut parts = line.split(marker);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(marker);
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() < part.len() {
            text.push('N');
        }
        text.push_str(rest);
    }
    text
}

/// Every file below a directory with its content, by path relative to it.
pub(crate) fn files(directory: &Path) -> std::collections::BTreeMap<String, String> {
    walkdir::WalkDir::new(directory)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(directory).unwrap();
            let content = fs::read(entry.path()).unwrap();
            (
                path.to_string_lossy().into_owned(),
                String::from_utf8_lossy(&content).into_owned(),
            )
        })
        .collect()
}

impl TestEnv {
    /// Starts cobuild and reads its output while it runs.
    pub(crate) fn start(&self) -> Running {
        Running::start(self.command())
    }
}

/// A run that goes on; it is killed when a test ends before it does.
pub(crate) struct Running {
    child: Child,
    stdout: Gathered,
    stderr: Gathered,
}

impl Running {
    /// Starts a command line that may be another than the environment's.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = Gathered::from(child.stdout.take().unwrap());
        let stderr = Gathered::from(child.stderr.take().unwrap());
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// Waits for a text on stdout.
    #[track_caller]
    pub(crate) fn wait_for_output(&self, text: &str) {
        let seen = engine::eventually(PATIENCE, || self.stdout.text().contains(text));
        assert!(seen, "no `{text}` in:\n{}", self.stdout.text());
    }

    /// Waits for a line of the log, as [`Run::log`] has it.
    #[track_caller]
    pub(crate) fn wait_for_line(&self, line: &str) {
        let seen = engine::eventually(PATIENCE, || {
            let text = self.stdout.text();
            text.lines().any(|it| equalized(it) == line)
        });
        assert!(seen, "no line `{line}` in:\n{}", self.stdout.text());
    }

    /// The id of the build container.
    #[track_caller]
    pub(crate) fn container(&self) -> String {
        let containers = engine::containers(&self.label());
        assert_eq!(containers.len(), 1, "{containers:?}");
        containers.into_iter().next().unwrap()
    }

    /// The label of everything in the engine that is this run's.
    pub(crate) fn label(&self) -> String {
        format!("cobuild.pid={}", self.child.id())
    }

    /// Sends a signal to cobuild.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Run {
        let mut status = None;
        let ended = engine::eventually(PATIENCE, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(ended, "still running:\n{}", self.stdout.text());
        Run {
            stdout: self.stdout.all(),
            stderr: self.stderr.all(),
            code: status.unwrap().code(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails for a run that has ended, as most have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a pipe has brought so far.
struct Gathered {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Gathered {
    fn from(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let target = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut chunk) {
                target.lock().unwrap().extend_from_slice(&chunk[..count]);
            }
        });
        Self {
            bytes,
            reader: Some(reader),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// Everything, once the other side has closed the pipe.
    fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.text()
    }
}

impl TestEnv {
    /// Runs cobuild to its end and returns the finished build as well.
    #[track_caller]
    pub(crate) fn run_with_json(self) -> (Run, serde_json::Value) {
        let env = self.args(&["--build-json", "build.json"]);
        let run = env.run();
        (run, env.json("build.json"))
    }

    /// Reads a JSON file beside the source.
    #[track_caller]
    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        let text = fs::read(self.path(name)).unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}
