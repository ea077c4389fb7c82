//! The same work done by cobuild and by a peer, in turns, so that both meet the same noise.

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use crate::median::median;

/// The head of a table of [`Pairs::write`].
pub(crate) const HEAD: &str = "| the work | cobuild | the other | ratio | from, to | pairs | aim |
| --- | --- | --- | --- | --- | --- | --- |";

/// How long cobuild and the peer took, in seconds, pair by pair.
pub(crate) struct Pairs(Vec<[f64; 2]>);

impl Pairs {
    /// Does both `count` times, and once before that, so that caches are warm for both. Who begins
    /// changes from pair to pair.
    pub(crate) fn take<T>(
        count: usize,
        mut ours: impl FnMut() -> Result<T, Box<dyn Error>>,
        mut theirs: impl FnMut() -> Result<T, Box<dyn Error>>,
    ) -> Result<Vec<[T; 2]>, Box<dyn Error>> {
        let mut pairs = Vec::new();
        for round in 0..=count {
            let pair = if round % 2 == 0 {
                let ours = ours()?;
                [ours, theirs()?]
            } else {
                let theirs = theirs()?;
                [ours()?, theirs]
            };
            if round > 0 {
                pairs.push(pair);
            }
        }
        Ok(pairs)
    }

    /// Takes one of several times of each pair.
    pub(crate) fn of<T>(pairs: &[[T; 2]], time: impl Fn(&T) -> Duration) -> Self {
        let seconds = |side: &T| time(side).as_secs_f64();
        Self(
            pairs
                .iter()
                .map(|[ours, theirs]| [seconds(ours), seconds(theirs)])
                .collect(),
        )
    }

    /// Writes the medians, the median of the pairs' ratios, and between what they lie.
    pub(crate) fn write(&self, out: &mut impl Write, work: &str, aim: &str) -> std::io::Result<()> {
        let median_of = |side: usize| median(self.0.iter().map(|pair| pair[side]));
        let mut ratios: Vec<f64> = self.0.iter().map(|pair| pair[0] / pair[1]).collect();
        ratios.sort_by(f64::total_cmp);
        let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
        writeln!(
            out,
            "| {work} | {:.2} s | {:.2} s | {:.2} | {least:.2}, {most:.2} | {} | {aim} |",
            median_of(0),
            median_of(1),
            median(ratios.iter().copied()),
            ratios.len(),
        )?;
        out.flush()
    }
}
