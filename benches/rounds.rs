//! Times whole processes in rounds: each round runs every command once, one after the other, so that
//! all of them meet the same noise.

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How long each command took in each round.
pub(crate) struct Rounds<const N: usize> {
    rounds: Vec<[Duration; N]>,
}

impl<const N: usize> Rounds<N> {
    /// Runs the commands `count` times, and once before that, so that caches are warm for all.
    pub(crate) fn run(mut commands: [Command; N], count: usize) -> Result<Self> {
        let mut rounds = Vec::new();
        for _ in 0..=count {
            let mut times = [Duration::ZERO; N];
            for (command, took) in commands.iter_mut().zip(&mut times) {
                *took = time(command)?;
            }
            rounds.push(times);
        }
        rounds.remove(0);
        Ok(Self { rounds })
    }

    /// Returns the median time of one command, in seconds.
    pub(crate) fn median(&self, command: usize) -> f64 {
        median(self.rounds.iter().map(|times| times[command].as_secs_f64()))
    }

    /// Returns the median of the rounds' ratios of two commands.
    pub(crate) fn ratio(&self, one: usize, other: usize) -> f64 {
        median(
            self.rounds
                .iter()
                .map(|times| times[one].as_secs_f64() / times[other].as_secs_f64()),
        )
    }
}

/// Whether the command line asks for a case: its arguments are parts of names.
pub(crate) fn is_wanted(name: &str) -> bool {
    let mut parts = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    parts.peek().is_none() || parts.any(|part| name.contains(&part))
}

fn time(command: &mut Command) -> Result<Duration> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let took = start.elapsed();
    if status.success() {
        Ok(took)
    } else {
        Err(format!("{command:?}: {status}").into())
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
