//! Bars of a pull on a terminal: one for all layers together, one for each that moves.

use std::collections::BTreeMap;
use std::io;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::super::size;
use super::tally::Tally;
use crate::event::LayerProgress;
use crate::terminal::visible;

/// How a line looks; what does not fit into the terminal is cut off.
const TEMPLATE: &str = "{prefix:>14} [{bar:24}] {wide_msg}";

/// How it looks where there is little room.
const NARROW_TEMPLATE: &str = "{prefix} {wide_msg}";

/// What counts as little, in characters.
const NARROW: usize = 80;

/// The longest name of a layer that is shown, in characters.
const LONGEST_NAME: usize = 14;

/// The bars.
#[derive(Debug)]
pub(super) struct Bars {
    all: MultiProgress,
    total: ProgressBar,
    layers: BTreeMap<String, ProgressBar>,
    template: &'static str,
    tally: Tally,
}

impl Bars {
    /// Prepares bars on stderr, a terminal of so many characters; none shows before the first layer
    /// does.
    pub(super) fn new(width: usize) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let template = if width < NARROW {
            NARROW_TEMPLATE
        } else {
            TEMPLATE
        };
        let total = all.add(bar("all layers".to_owned(), template));
        Self {
            all,
            total,
            template,
            layers: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    /// Shows how far a layer is.
    pub(super) fn update(&mut self, layer: &str, progress: LayerProgress) {
        self.tally.update(layer, progress);
        let shown = match progress {
            LayerProgress::Downloading { done, total } => Some((done, total, "downloading")),
            LayerProgress::Extracting { done, total } => Some((done, total, "extracting")),
            LayerProgress::Retrying => Some((0, 0, "waiting to try again")),
            LayerProgress::Waiting
            | LayerProgress::Downloaded
            | LayerProgress::Complete
            | LayerProgress::AlreadyThere => None,
        };
        match shown {
            Some((done, total, what)) => {
                let bar = self
                    .layers
                    .entry(layer.to_owned())
                    .or_insert_with(|| self.all.add(bar(name(layer), self.template)));
                bar.set_length(total.max(1));
                bar.set_position(done);
                bar.set_message(format!("{what} {}", part(done, total)));
            }
            None => {
                if let Some(bar) = self.layers.remove(layer) {
                    bar.finish_and_clear();
                    self.all.remove(&bar);
                }
            }
        }
        let sum = self.tally.sum();
        self.total.set_length(sum.total.max(1));
        self.total.set_position(sum.done);
        self.total.set_message(format!(
            "{} of {}, {}",
            sum.here,
            sum.layers,
            part(sum.done, sum.total)
        ));
    }

    /// Takes the bars off the terminal; they come back with the next step.
    pub(super) fn hide(&self) -> io::Result<()> {
        self.all.clear()
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // A bar that goes unfinished draws itself once more.
        self.all.set_draw_target(ProgressDrawTarget::hidden());
    }
}

/// What a layer is called in its bar, whatever a registry calls it.
fn name(layer: &str) -> String {
    visible(layer).chars().take(LONGEST_NAME).collect()
}

fn bar(prefix: String, template: &str) -> ProgressBar {
    // A template that is none would look plain, and a test looks at it.
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1)
        .with_style(style.progress_chars("=> "))
        .with_prefix(prefix)
}

/// How much has come, and of how much where that is known.
fn part(done: u64, total: u64) -> String {
    if total == 0 {
        size(done)
    } else {
        format!("{} of {}", size(done), size(total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_text() {
        assert_eq!(name("5d20c808ce19"), "5d20c808ce19");
        assert_eq!(name("a\x1b[2Jb\n"), "a^[[2Jb^J");
        assert_eq!(name(&"x".repeat(100)).len(), LONGEST_NAME);
    }

    #[test]
    fn the_templates_are_some() {
        for template in [TEMPLATE, NARROW_TEMPLATE] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
