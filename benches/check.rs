//! Measures `cobuild check`: the whole process against PyYAML, and the checking alone.
//!
//! Both go through the same files, one process after the other; PyYAML only reads them.
//! `scripts/bench` provides PyYAML; arguments choose by parts of names.

mod buildspecs;
mod median;
mod rounds;
mod selection;
mod timing;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use divan::Bencher;
use divan::counter::BytesCount;

use buildspecs::buildspec;
use rounds::Rounds;
use selection::is_selected;
use timing::Result;

/// Debian's own, for which the package python3-yaml is.
const PYTHON: &str = "/usr/bin/python3";

const COUNT: usize = 1000;
const ROUNDS: usize = 5;

/// How many times as fast as `yaml.safe_load` a check should be.
const BAR: f64 = 20.0;

/// Reads every file of a directory with what stands for `LOAD`.
const READ: &str = "\
import os, sys, yaml
count = 0
for entry in os.scandir(sys.argv[1]):
    with open(entry.path, 'rb') as file:
        LOAD
    count += 1
print(count, 'by PyYAML', yaml.__version__)";

fn main() -> Result<()> {
    if is_selected("check of 1,000 buildspecs") {
        compare()?;
    }
    divan::main();
    Ok(())
}

fn compare() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut bytes = 0;
    for number in 0..COUNT {
        let text = buildspec(number);
        bytes += text.len();
        let name = format!("buildspec-{number}.yml");
        fs::write(directory.path().join(name), text)?;
    }
    let commands = || {
        [
            check(directory.path()),
            python("yaml.safe_load(file)", directory.path()),
            python("yaml.load(file, yaml.CSafeLoader)", directory.path()),
        ]
    };
    let mut out = std::io::stdout();
    writeln!(out, "{COUNT} buildspecs of {} bytes", bytes / COUNT)?;
    for mut command in commands() {
        let output = command.output()?;
        let said = [output.stdout, output.stderr].concat();
        let last = String::from_utf8_lossy(&said);
        let last = last.lines().last().unwrap_or_default();
        if !output.status.success() || !last.contains("1000 ") {
            return Err(format!("{command:?}: {last}").into());
        }
        writeln!(out, "{}: {last}", command.get_program().display())?;
    }
    let rounds = Rounds::run(commands(), ROUNDS)?;
    writeln!(
        out,
        "| cobuild check against | cobuild | PyYAML | times as fast | bar |"
    )?;
    writeln!(out, "| --- | --- | --- | --- | --- |")?;
    for (other, name, bar) in [
        (1, "yaml.safe_load", BAR.to_string()),
        (2, "yaml.CSafeLoader", String::new()),
    ] {
        writeln!(
            out,
            "| `{name}` | {:.3} s | {:.2} s | {:.1} | {bar} |",
            rounds.median(0),
            rounds.median(other),
            rounds.ratio(other, 0)
        )?;
    }
    Ok(())
}

fn check(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cobuild"));
    command.arg("check").arg(directory);
    command
}

fn python(load: &str, directory: &Path) -> Command {
    let mut command = Command::new(PYTHON);
    command.args(["-c", &READ.replace("LOAD", load)]);
    command.arg(directory);
    command
}

/// Checking alone: no process, no files, nothing written.
#[divan::bench]
fn check_in_memory(bencher: Bencher) {
    let texts: Vec<String> = (0..100).map(buildspec).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        for text in &texts {
            divan::black_box(cobuild::buildspec::check(text.as_bytes()));
        }
    });
}
