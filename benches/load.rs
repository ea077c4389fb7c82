//! Measures forty concurrent builds against forty concurrent `docker run`s of the same commands:
//! the wall time of all, and the memory of each cobuild. The result of every build is checked.
//!
//! The two take turns, round by round, so that both meet the same noise. `scripts/bench load` provides
//! the engine and the image; `--builds N` and `--rounds N` change the numbers.

mod median;
mod pairs;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pairs::{HEAD, Pairs};
use wait4::Wait4 as _;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const COBUILD: &str = env!("CARGO_BIN_EXE_cobuild");
const IMAGE: &str = "cobuild-debian:12";

/// What is aimed at.
const MOST_RATIO: &str = "1.15";
const MOST_MEMORY: &str = "25 MB";

const COMMANDS: [&str; 3] = [
    "echo begin",
    "seq 1000",
    "seq 100000 | sha256sum > out.txt; cat out.txt",
];

/// What the commands print.
struct Expected {
    output: String,
    sum: String,
}

/// What one side of a round came to.
struct Side {
    time: Duration,
    /// The largest peak of resident memory among its processes, in megabytes.
    memory: f64,
}

/// The same work, once as builds and once in plain docker.
struct Case {
    name: &'static str,
    artifacts: bool,
}

const CASES: [Case; 2] = [
    Case {
        name: "builds at once",
        artifacts: false,
    },
    Case {
        name: "builds at once, an artifact each",
        artifacts: true,
    },
];

fn main() -> Result<()> {
    let builds = number("--builds", 40)?;
    let count = number("--rounds", 7)?;
    let expected = expected()?;
    let mut out = std::io::stdout();
    writeln!(out, "{HEAD}")?;
    for case in &CASES {
        let ours = || cobuild(case, builds, &expected);
        let pairs = Pairs::take(count, ours, || docker(case, builds, &expected))?;
        let name = format!("{builds} {}", case.name);
        Pairs::of(&pairs, |side| side.time).write(&mut out, &name, MOST_RATIO)?;
        let memory = pairs.iter().map(|[ours, _]| ours.memory);
        let memory = memory.fold(0.0, f64::max);
        writeln!(
            out,
            "| {name}: memory of each | {memory:.1} MB | | | | {count} | {MOST_MEMORY} |"
        )?;
    }
    Ok(())
}

/// Runs the builds, all of one home, and checks them.
fn cobuild(case: &Case, builds: usize, expected: &Expected) -> Result<Side> {
    let place = tempfile::tempdir()?;
    let source = place.path().join("source");
    fs::create_dir(&source)?;
    let mut spec = serde_json::json!({
        "version": 0.2,
        "phases": { "build": { "commands": COMMANDS } }
    });
    if case.artifacts {
        spec["artifacts"] = serde_json::json!({ "files": ["out.txt"] });
    }
    fs::write(source.join("buildspec.yml"), spec.to_string())?;
    let lines = (0..builds).map(|index| {
        let own = place.path().join(index.to_string());
        let mut command = Command::new(COBUILD);
        command.args(["run", "-i", IMAGE, "-s"]).arg(&source);
        command.arg("--build-json").arg(own.with_extension("json"));
        if case.artifacts {
            command.arg("-a").arg(&own);
        }
        command.env("HOME", place.path().join("home"));
        command.env_remove("XDG_CACHE_HOME");
        command
    });
    let side = run(lines.collect(), place.path())?;
    let mut numbers = BTreeSet::new();
    for index in 0..builds {
        let own = place.path().join(index.to_string());
        let log = fs::read_to_string(own.with_extension("log"))?;
        let last = log.lines().rev().nth(1).unwrap_or_default();
        let is_whole = last.ends_with("Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED");
        if !is_whole || printed(&log) != expected.output {
            return Err(format!("build {index} printed {log}").into());
        }
        let build: serde_json::Value =
            serde_json::from_slice(&fs::read(own.with_extension("json"))?)?;
        if build["buildStatus"] != "SUCCEEDED" {
            return Err(format!("build {index}: {build:#}").into());
        }
        numbers.insert(build["buildNumber"].as_u64());
        if case.artifacts && fs::read_to_string(own.join("out.txt"))? != expected.sum {
            return Err(format!("build {index} has another artifact").into());
        }
    }
    if numbers.len() != builds {
        return Err(format!("build numbers: {numbers:?}").into());
    }
    let left = place.path().join("home/.cache/cobuild/runs");
    if fs::read_dir(left)?.next().is_some() {
        return Err("a build left a directory".into());
    }
    Ok(side)
}

/// Runs plain containers. Their work begins in an empty directory, as that of the builds does.
fn docker(case: &Case, builds: usize, expected: &Expected) -> Result<Side> {
    let place = tempfile::tempdir()?;
    let lines = (0..builds).map(|index| {
        let own = place.path().join(index.to_string());
        let mut command = Command::new("docker");
        command.args(["run", "--rm"]);
        if case.artifacts {
            command.arg("-v").arg(format!("{}:/work", own.display()));
        }
        command.args(["-w", "/work", IMAGE, "sh", "-c"]);
        command.arg(COMMANDS.join("; "));
        command
    });
    let side = run(lines.collect(), place.path())?;
    for index in 0..builds {
        let own = place.path().join(index.to_string());
        if fs::read_to_string(own.with_extension("log"))? != expected.output {
            return Err(format!("container {index} printed something else").into());
        }
        if case.artifacts && fs::read_to_string(own.join("out.txt"))? != expected.sum {
            return Err(format!("container {index} has another file").into());
        }
    }
    Ok(side)
}

/// Starts all commands at once and waits for the last. What each prints goes into a file.
fn run(commands: Vec<Command>, place: &Path) -> Result<Side> {
    let start = Instant::now();
    let mut children: Vec<Child> = Vec::new();
    for (index, mut command) in commands.into_iter().enumerate() {
        let file = |kind| File::create(place.join(format!("{index}.{kind}")));
        command.stdin(Stdio::null());
        command.stdout(file("log")?).stderr(file("err")?);
        children.push(command.spawn()?);
    }
    let mut memory: f64 = 0.0;
    for (index, child) in children.into_iter().enumerate() {
        let ended = child.wait4()?;
        if !ended.status.success() {
            let complaint = fs::read_to_string(place.join(format!("{index}.err")))?;
            return Err(format!("run {index}: {}: {complaint}", ended.status).into());
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "far from what an f64 cannot hold"
        )]
        let peak = ended.rusage.maxrss as f64 / 1e6;
        memory = memory.max(peak);
    }
    Ok(Side {
        time: start.elapsed(),
        memory,
    })
}

/// What the commands of a build print, without what the agent says.
fn printed(log: &str) -> String {
    let lines = log.split_inclusive('\n');
    lines
        .filter(|line| !line.starts_with("[Container]") && *line != "\n")
        .collect()
}

fn expected() -> Result<Expected> {
    let place = tempfile::tempdir()?;
    let ran = Command::new("sh")
        .args(["-c", &COMMANDS.join("; ")])
        .current_dir(place.path())
        .output()?;
    Ok(Expected {
        output: String::from_utf8(ran.stdout)?,
        sum: fs::read_to_string(place.path().join("out.txt"))?,
    })
}

/// A number that the command line gives.
fn number(name: &str, default: usize) -> Result<usize> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    match arguments.nth(1) {
        Some(number) => Ok(number.parse()?),
        None => Ok(default),
    }
}
