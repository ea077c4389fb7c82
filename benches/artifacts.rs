//! Measures the download of artifacts, compared with `docker cp` of the same tree.
//!
//! The tree has 20,000 small files and 500 MB in large ones, half of it random. Each round makes it in a
//! build, whose UPLOAD_ARTIFACTS is timed by its events, and copies it out of a container that has it too.
//! `scripts/bench artifacts` provides the engine and the image; arguments choose cases by parts of their
//! names.

mod container;
mod image;
mod median;
mod pairs;
mod peak;
mod selection;

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use container::Container;
use image::{BUSYBOX, GNU, tools};
use jiff::Timestamp;
use pairs::{HEAD, Pairs};
use peak::peak_memory;
use selection::is_selected;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const COBUILD: &str = env!("CARGO_BIN_EXE_cobuild");
/// How many pairs count.
const PAIRS: usize = 5;

/// Makes the tree in the directory `out`. The disk is to have it before anybody is timed.
const MAKE: &str = "mkdir -p out/small out/large && cd out/small && \
    for d in 0 1 2 3 4 5 6 7 8 9; do mkdir $d && head -c 2000000 /dev/urandom | split -a 3 -b 2000 - $d/r && \
    seq 300000 | head -c 2000000 | split -a 3 -b 2000 - $d/s; done && cd ../large && \
    for i in 1 2 3 4 5; do head -c 50000000 /dev/urandom > r$i; \
    yes 'a line as a build may write it' | head -c 50000000 > s$i; done && sync";

struct Case {
    name: &'static str,
    image: &'static str,
    flags: &'static [&'static str],
    bar: &'static str,
}

const CASES: &[Case] = &[
    Case {
        name: "artifacts as files",
        image: GNU,
        flags: &[],
        bar: "0.8",
    },
    Case {
        name: "artifacts as files",
        image: BUSYBOX,
        flags: &[],
        bar: "1.0",
    },
    Case {
        name: "artifacts as a zip",
        image: GNU,
        flags: &["--packaging", "zip"],
        bar: "",
    },
];

fn main() -> Result<()> {
    let mut out = std::io::stdout();
    image::make_busybox()?;
    writeln!(out, "{HEAD}")?;
    for case in CASES {
        let name = format!("{}, {}", case.name, tools(case.image));
        if !is_selected(&name) {
            continue;
        }
        let mut peak = 0;
        let container = Container::start(case.image, &format!("cd /srv && {MAKE}"))?;
        let ours = || {
            let (took, memory) = upload(case)?;
            peak = peak.max(memory);
            Ok(took)
        };
        let pairs = Pairs::take(PAIRS, ours, || copy(&container))?;
        Pairs::of(&pairs, |took| *took).write(&mut out, &name, case.bar)?;
        let megabytes = peak / 1000;
        writeln!(out, "| {name}: memory | {megabytes} MB | | | | {PAIRS} | |")?;
    }
    Ok(())
}

/// Runs a build; returns how long UPLOAD_ARTIFACTS took, and the peak of the memory in kilobytes.
fn upload(case: &Case) -> Result<(Duration, u64)> {
    let directory = tempfile::tempdir()?;
    let source = directory.path().join("source");
    fs::create_dir(&source)?;
    let buildspec = json!({
        "version": 0.2,
        "phases": { "build": { "commands": [MAKE] } },
        "artifacts": { "base-directory": "out", "files": ["**/*"] },
    });
    fs::write(source.join("buildspec.yml"), buildspec.to_string())?;
    let mut child = Command::new(COBUILD)
        .args(["run", "-i", case.image, "--format", "json", "-s"])
        .arg(&source)
        .arg("-a")
        .arg(directory.path().join("kept"))
        .args(case.flags)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let pid = child.id();
    let mut memory = 0;
    let mut start = None;
    let mut took = None;
    for line in BufReader::new(child.stdout.take().ok_or("no stdout")?).lines() {
        let event: Value = serde_json::from_str(&line?)?;
        let time: Timestamp = event["time"].as_str().ok_or("no time")?.parse()?;
        memory = memory.max(peak_memory(pid).unwrap_or(0));
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

/// Copies the tree out of a container that has it.
fn copy(container: &Container) -> Result<Duration> {
    let directory = tempfile::tempdir()?;
    let from = format!("{}:/srv/out", container.name);
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
