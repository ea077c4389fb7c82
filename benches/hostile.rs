//! Measures the cost of hostile buildspecs: time and peak memory of the release binary, for each
//! shape.
//!
//! Each shape has two sizes: a million items or ten megabytes, and the largest size within the
//! limits. The table shows the slowest and the largest run of `plan` and `check` in all formats.
//! Needs no engine; arguments select shapes by parts of their names.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

#[path = "../tests/it/hostile/shapes/mod.rs"]
mod shapes;

use shapes::{Shape, Size, Verdict, shapes};

const COBUILD: &str = env!("CARGO_BIN_EXE_cobuild");

/// What is aimed at.
const MOST_TIME: Duration = Duration::from_secs(1);
const MOST_MEMORY: u64 = 200_000_000;

/// A million, and ten megabytes.
const HUGE: Size = Size {
    count: 1_000_000,
    bytes: 10_000_000,
};

/// What may be within the limits, largest first.
const READ: [usize; 9] = [
    99_000, 49_000, 33_000, 24_000, 19_000, 16_000, 14_000, 12_000, 5_000,
];

/// How many bytes there are to each of these.
const BYTES: usize = 2_000_000 / 9;

/// The first argument of a run of this program that only writes a buildspec: the memory of the
/// process that starts another counts as that one's, so it must not hold the texts.
const WRITE: &str = "--write";

const COMMANDS: &[&[&str]] = &[
    &["plan"],
    &["plan", "--format", "json"],
    &["check"],
    &["check", "--format", "json"],
    &["check", "--format", "sarif"],
    &["check", "--format", "github"],
];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What a run came to.
struct Run {
    command: &'static [&'static str],
    time: Duration,
    /// The peak of its resident memory, in bytes.
    memory: u64,
    code: Option<i32>,
}

/// Where the runs find their buildspec.
struct Place {
    directory: tempfile::TempDir,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, name, count, bytes, path] = arguments.as_slice()
        && first == WRITE
    {
        let size = Size {
            count: count.parse()?,
            bytes: bytes.parse()?,
        };
        let shape = shapes().into_iter().find(|shape| shape.name == name);
        fs::write(path, (shape.ok_or("no such shape")?.text)(size))?;
        return Ok(());
    }
    let wanted: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let is_wanted =
        |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(*part));
    let place = Place::new()?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "| shape | size | exit | slowest | time | largest | peak |"
    )?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- | --- |")?;
    let mut missed = 0;
    for shape in shapes().iter().filter(|shape| is_wanted(shape.name)) {
        let read = match shape.verdict {
            Verdict::Read => 0,
            Verdict::Refused => 1,
        };
        for (size, codes) in [
            (HUGE, [0, 1].as_slice()),
            (place.largest_read(shape)?, &[read]),
        ] {
            let bytes = place.write(shape, size)?;
            let runs: Vec<Run> = COMMANDS
                .iter()
                .map(|command| place.run(command))
                .collect::<Result<_>>()?;
            missed += usize::from(!report(&mut out, shape, bytes, codes, &runs)?);
        }
    }
    writeln!(
        out,
        "\n{missed} beyond {MOST_TIME:?} or {MOST_MEMORY} bytes, or with another exit status than meant"
    )?;
    Ok(())
}

/// Writes a line of the table; returns whether the aims are met.
fn report(
    out: &mut impl Write,
    shape: &Shape,
    bytes: u64,
    codes: &[i32],
    runs: &[Run],
) -> Result<bool> {
    let slowest = runs.iter().max_by_key(|run| run.time).ok_or("no run")?;
    let largest = runs.iter().max_by_key(|run| run.memory).ok_or("no run")?;
    let code = runs[0].code;
    let is_met = slowest.time < MOST_TIME
        && largest.memory < MOST_MEMORY
        && code.is_some_and(|code| codes.contains(&code))
        && runs.iter().all(|run| run.code == code);
    writeln!(
        out,
        "| {} | {} kB | {} | {} | {:.2} s | {} | {} MB |{}",
        shape.name,
        bytes / 1000,
        code.map_or("signal".to_owned(), |code| code.to_string()),
        slowest.command.join(" "),
        slowest.time.as_secs_f64(),
        largest.command.join(" "),
        largest.memory / 1_000_000,
        if is_met { "" } else { " MISSED" }
    )?;
    out.flush()?;
    Ok(is_met)
}

impl Place {
    fn new() -> Result<Self> {
        let place = Self {
            directory: tempfile::tempdir()?,
        };
        fs::create_dir(place.source())?;
        Ok(place)
    }

    fn source(&self) -> PathBuf {
        self.directory.path().join("source")
    }

    fn buildspec(&self) -> PathBuf {
        self.directory.path().join("buildspec.yml")
    }

    /// Writes the buildspec; returns its length.
    fn write(&self, shape: &Shape, size: Size) -> Result<u64> {
        let written = Command::new(std::env::current_exe()?)
            .args([WRITE, shape.name])
            .args([size.count.to_string(), size.bytes.to_string()])
            .arg(self.buildspec())
            .status()?;
        if !written.success() {
            return Err(format!("{}: {written}", shape.name).into());
        }
        Ok(fs::metadata(self.buildspec())?.len())
    }

    /// Returns the largest size at which the limits do not refuse a shape.
    fn largest_read(&self, shape: &Shape) -> Result<Size> {
        let mut size = HUGE;
        for (at, count) in READ.into_iter().enumerate() {
            size = Size {
                count,
                bytes: BYTES * (READ.len() - at),
            };
            self.write(shape, size)?;
            let output = self.command(&["check"]).stdout(Stdio::piped()).output()?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            if !text.contains("that cobuild reads") && !text.contains("excessive aliasing") {
                break;
            }
        }
        Ok(size)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(COBUILD);
        command.args(arguments);
        let buildspec: &Path = &self.buildspec();
        match arguments.first() {
            Some(&"plan") => command
                .args(["-i", "image", "-s"])
                .arg(self.source())
                .arg("-b")
                .arg(buildspec),
            _ => command.arg(buildspec),
        };
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn run(&self, arguments: &'static [&'static str]) -> Result<Run> {
        let start = Instant::now();
        let ended = self.command(arguments).spawn()?.wait4()?;
        Ok(Run {
            command: arguments,
            time: start.elapsed(),
            memory: ended.rusage.maxrss,
            code: ended.status.code(),
        })
    }
}
