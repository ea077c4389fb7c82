//! Times whole processes in rounds: each round runs every command once, one after the other, so that
//! all of them meet the same noise.

use std::process::Command;
use std::time::Duration;

use crate::median::median;
use crate::timing::{Result, time};

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
