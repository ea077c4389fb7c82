//! How long artifacts take to come out, compared with `docker cp` of the same tree.
//!
//! The tree has 20,000 small files and 500 MB in large ones, half of it random. Each round makes it in a
//! build, whose UPLOAD_ARTIFACTS is timed by its events, and copies it out of a container that has it too.
//! `scripts/bench artifacts` provides the engine and the image; arguments choose cases by parts of their
//! names.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const COBUILD: &str = env!("CARGO_BIN_EXE_cobuild");
const IMAGE: &str = "cobuild-debian:12";

/// How often each case is run.
const ROUNDS: usize = 2;

/// Makes the tree in the directory `out`. The disk is to have it before anybody is timed.
const MAKE: &str = "mkdir -p out/small out/large && cd out/small && \
    for d in 0 1 2 3 4 5 6 7 8 9; do mkdir $d && head -c 2000000 /dev/urandom | split -a 3 -b 2000 - $d/r && \
    seq 300000 | head -c 2000000 | split -a 3 -b 2000 - $d/s; done && cd ../large && \
    for i in 1 2 3 4 5; do head -c 50000000 /dev/urandom > r$i; \
    yes 'a line as a build may write it' | head -c 50000000 > s$i; done && sync";

struct Case {
    name: &'static str,
    flags: &'static [&'static str],
    bar: Option<f64>,
}

const CASES: &[Case] = &[
    Case {
        name: "artifacts as files",
        flags: &[],
        bar: Some(0.7),
    },
    Case {
        name: "artifacts as a zip",
        flags: &["--packaging", "zip"],
        bar: None,
    },
];

fn main() -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "| case | cobuild | docker cp | ratio | bar | memory |")?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
    let container = Container::new()?;
    for case in CASES.iter().filter(|case| is_wanted(case.name)) {
        let mut rounds = Vec::new();
        for round in 0..=ROUNDS {
            let times = (upload(case)?, container.copy()?);
            // The first warms the caches for both.
            if round > 0 {
                rounds.push(times);
            }
        }
        let seconds = |times: &Duration| times.as_secs_f64();
        writeln!(
            out,
            "| {} | {:.2} s | {:.2} s | {:.2} | {} | {:.1} MB |",
            case.name,
            median(rounds.iter().map(|((upload, _), _)| seconds(upload))),
            median(rounds.iter().map(|(_, copy)| seconds(copy))),
            median(
                rounds
                    .iter()
                    .map(|((upload, _), copy)| seconds(upload) / seconds(copy))
            ),
            case.bar.map(|bar| bar.to_string()).unwrap_or_default(),
            rounds
                .iter()
                .map(|((_, memory), _)| *memory)
                .fold(0.0, f64::max),
        )?;
        out.flush()?;
    }
    Ok(())
}

/// Runs a build; returns how long UPLOAD_ARTIFACTS took, and the peak of the memory in megabytes.
fn upload(case: &Case) -> Result<(Duration, f64)> {
    let directory = tempfile::tempdir_in(place())?;
    let source = directory.path().join("source");
    fs::create_dir(&source)?;
    let buildspec = json!({
        "version": 0.2,
        "phases": { "build": { "commands": [MAKE] } },
        "artifacts": { "base-directory": "out", "files": ["**/*"] },
    });
    fs::write(source.join("buildspec.yml"), buildspec.to_string())?;
    let mut child = Command::new(COBUILD)
        .args(["run", "-i", IMAGE, "--format", "json", "-s"])
        .arg(&source)
        .arg("-a")
        .arg(directory.path().join("kept"))
        .args(case.flags)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0.0_f64;
    let mut start = None;
    let mut took = None;
    for line in BufReader::new(child.stdout.take().ok_or("no stdout")?).lines() {
        let event: Value = serde_json::from_str(&line?)?;
        let time: Timestamp = event["time"].as_str().ok_or("no time")?.parse()?;
        memory = memory.max(peak_memory(&status).unwrap_or(0.0));
        if event["phase"] == "UPLOAD_ARTIFACTS" {
            match start {
                None => start = Some(time),
                Some(start) => took = Some(time.duration_since(start).unsigned_abs()),
            }
        }
    }
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("the build ended with {status}").into());
    }
    Ok((took.ok_or("no UPLOAD_ARTIFACTS")?, memory))
}

/// The highest that the resident memory ever was, in megabytes, as the kernel counts it.
fn peak_memory(status: &str) -> Option<f64> {
    let text = fs::read_to_string(status).ok()?;
    let kilobytes = text
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next())?;
    Some(kilobytes.parse::<f64>().ok()? / 1000.0)
}

/// A container that has the tree.
struct Container(String);

impl Container {
    fn new() -> Result<Self> {
        let script = format!("cd /srv && {MAKE} && touch /ready && exec sleep 86400");
        let made = Command::new("docker")
            .args(["run", "-d", "--rm", "--init", IMAGE, "sh", "-c", &script])
            .output()?;
        let container = Self(String::from_utf8(made.stdout)?.trim().to_owned());
        let is_ready = || {
            Command::new("docker")
                .args(["exec", &container.0, "test", "-e", "/ready"])
                .status()
        };
        let start = Instant::now();
        while !is_ready()?.success() {
            if start.elapsed() > Duration::from_mins(5) {
                return Err("the container does not get ready".into());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(container)
    }

    fn copy(&self) -> Result<Duration> {
        let directory = tempfile::tempdir_in(place())?;
        let from = format!("{}:/srv/out", self.0);
        let start = Instant::now();
        let status = Command::new("docker")
            .args(["cp", &from])
            .arg(directory.path().join("kept"))
            .stdout(Stdio::null())
            .status()?;
        let took = start.elapsed();
        if !status.success() {
            return Err(format!("docker cp ended with {status}").into());
        }
        Ok(took)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["rm", "-f", &self.0])
            .stdout(Stdio::null())
            .status();
    }
}

/// Where both write: on the disk that has the benchmark itself.
fn place() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Whether the command line asks for a case: its arguments are parts of names.
fn is_wanted(name: &str) -> bool {
    let mut parts = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    parts.peek().is_none() || parts.any(|part| name.contains(&part))
}

/// The one in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
