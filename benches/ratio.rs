//! Measures builds, compared with the same work in plain `docker run`.
//!
//! Each case runs the two one after the other, pair by pair, so that both meet the same noise, and
//! reports the median of the pairs' ratios. `scripts/bench` provides the engine and the image;
//! arguments choose cases by parts of their names.

mod image;
mod median;
mod pairs;
mod selection;
mod timing;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use image::{BUSYBOX, GNU, tools};
use median::median;
use pairs::{HEAD, Pairs};
use selection::is_selected;
use timing::{Result, time};

const COBUILD: &str = env!("CARGO_BIN_EXE_cobuild");
/// The same work, once as a build and once in plain docker.
struct Case {
    name: String,
    image: &'static str,
    pairs: usize,
    /// The ratio that is aimed at.
    bar: f64,
    commands: Vec<(&'static str, String)>,
    /// Arguments of `cobuild run`.
    arguments: &'static [&'static str],
    files: usize,
    docker: fn(source: &Path, image: &str) -> Command,
}

fn streamed(image: &'static str) -> Case {
    Case {
        name: format!("source of 30,000 files, streamed, {}", tools(image)),
        image,
        pairs: 7,
        bar: 0.9,
        commands: vec![("build", "find . -type f | wc -l".into())],
        arguments: &["--source-transfer", "tar"],
        files: 30_000,
        docker: docker_copy,
    }
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "hello: four phases, an echo each".into(),
            image: GNU,
            pairs: 21,
            bar: 1.1,
            commands: vec![
                ("install", "echo a".into()),
                ("pre_build", "echo b".into()),
                ("build", "echo c".into()),
                ("post_build", "echo d".into()),
            ],
            arguments: &[],
            files: 0,
            docker: |_, image| docker_run(image, &[], "echo a; echo b; echo c; echo d"),
        },
        Case {
            name: "3 million lines of log".into(),
            image: GNU,
            pairs: 11,
            bar: 1.1,
            commands: vec![("build", "seq 3000000".into())],
            arguments: &[],
            files: 0,
            docker: |_, image| docker_run(image, &["--log-driver", "none"], "seq 3000000"),
        },
        Case {
            name: "source of 30,000 files, copy-on-write".into(),
            image: GNU,
            pairs: 11,
            bar: 1.1,
            commands: vec![("build", "find . -type f | wc -l".into())],
            arguments: &["--source-transfer", "copy-on-write"],
            files: 30_000,
            docker: |source, image| {
                let volume = format!("{}:/src", source.display());
                docker_run(
                    image,
                    &["-v", &volume, "-w", "/src"],
                    "find . -type f | wc -l",
                )
            },
        },
        streamed(GNU),
        streamed(BUSYBOX),
        Case {
            name: "1,000 one-word commands".into(),
            image: GNU,
            pairs: 7,
            bar: 2.2,
            commands: vec![("build", "true".into()); 1000],
            arguments: &[],
            files: 0,
            docker: |_, image| {
                docker_run(
                    image,
                    &[],
                    "i=0; while [ $i -lt 1000 ]; do sh -c true; i=$((i+1)); done",
                )
            },
        },
    ]
}

fn main() -> Result<()> {
    let mut out = std::io::stdout();
    image::make_busybox()?;
    writeln!(out, "{HEAD}")?;
    for case in cases().iter().filter(|case| is_selected(&case.name)) {
        measure(case)?.write(&mut out, &case.name, &case.bar.to_string())?;
    }
    if is_selected("version") {
        let mut version = Command::new(COBUILD);
        version.arg("--version");
        let times: Vec<Duration> = (0..50).map(|_| time(&mut version)).collect::<Result<_>>()?;
        let milliseconds = median(times.iter().map(Duration::as_secs_f64)) * 1000.0;
        writeln!(
            out,
            "| `cobuild --version` | {milliseconds:.1} ms | | | | 50 | 10 ms |"
        )?;
    }
    for case in cases().iter().filter(|case| case.files > 0) {
        let name = format!("memory of: {}", case.name);
        if is_selected(&name) {
            let megabytes = peak_memory(case)?;
            writeln!(out, "| {name} | {megabytes:.1} MB | | | | 1 | 64 MB |")?;
        }
    }
    if is_selected("memory") {
        let megabytes = peak_memory(&chatty())?;
        writeln!(
            out,
            "| memory while 1 GB of log streams through | {megabytes:.1} MB | | | | 1 | 30 MB |"
        )?;
    }
    Ok(())
}

/// Times the build and the same work in plain docker.
fn measure(case: &Case) -> Result<Pairs> {
    let source = tempfile::tempdir()?;
    let buildspec = prepare(case, source.path())?;
    let mut build = cobuild(case, source.path(), &buildspec);
    let mut plain = (case.docker)(source.path(), case.image);
    let pairs = Pairs::take(case.pairs, || time(&mut build), || time(&mut plain))?;
    Ok(Pairs::of(&pairs, |took| *took))
}

/// Writes the source tree and its buildspec; the buildspec lies outside of the counted files.
fn prepare(case: &Case, source: &Path) -> Result<PathBuf> {
    for index in 0..case.files {
        let directory = source.join(format!("d{}", index / 300));
        if index % 300 == 0 {
            fs::create_dir(&directory)?;
        }
        fs::write(directory.join(format!("f{index}")), "content\n")?;
    }
    let mut phases = serde_json::Map::new();
    for (phase, command) in &case.commands {
        let commands = &mut phases
            .entry(*phase)
            .or_insert_with(|| serde_json::json!({ "commands": [] }))["commands"];
        commands
            .as_array_mut()
            .ok_or("commands is a list")?
            .push(command.clone().into());
    }
    let buildspec = source.with_extension("yml");
    fs::write(
        &buildspec,
        serde_json::json!({ "version": 0.2, "phases": phases }).to_string(),
    )?;
    Ok(buildspec)
}

fn cobuild(case: &Case, source: &Path, buildspec: &Path) -> Command {
    let mut command = Command::new(COBUILD);
    command.args(["run", "-i", case.image, "-s"]).arg(source);
    command.arg("-b").arg(buildspec).args(case.arguments);
    command
}

fn docker_run(image: &str, options: &[&str], script: &str) -> Command {
    let mut command = Command::new("docker");
    command.args(["run", "--rm"]).args(options);
    command.args([image, "sh", "-c", script]);
    command
}

/// Copies the source into a container as plain docker does it, and counts the files there.
fn docker_copy(source: &Path, image: &str) -> Command {
    let script = format!(
        "container=$(docker create --rm {image} sh -c \"find '$2' -type f | wc -l\") \\
         && tar -c -C \"$1\" \"$2\" | docker cp - \"$container:/\" \\
         && docker start --attach \"$container\""
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh"]);
    command.args(source.parent()).args(source.file_name());
    command
}

/// A build that prints 1 GB.
fn chatty() -> Case {
    Case {
        name: "memory".into(),
        image: GNU,
        pairs: 0,
        bar: 0.0,
        commands: vec![(
            "build",
            "yes 'a line of some eighty characters, as a compiler or a package manager writes it' | head -c 1000000000"
                .into(),
        )],
        arguments: &[],
        files: 0,
        docker: |_, _| Command::new("true"),
    }
}

/// The peak of cobuild's resident memory, in megabytes, as the kernel counts it.
fn peak_memory(case: &Case) -> Result<f64> {
    let source = tempfile::tempdir()?;
    let buildspec = prepare(case, source.path())?;
    let mut child = cobuild(case, source.path(), &buildspec)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    while child.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let kilobytes = text
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next())
            .and_then(|number| number.parse::<f64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0.0) / 1000.0);
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(peak)
}
