//! Tabs in front of lines: libyaml stops at the first, ours at what comes of it.

use super::super::{Refusal, block, yaml};
use super::{Failure, Problem, TAB_IN_BLOCK, TAB_IN_INDENTATION, TAB_IN_PLAIN};

impl Failure<'_> {
    /// The tab at which libyaml stops before it comes to the line that ours objects to.
    pub(super) fn earlier_tab(&self) -> Option<Refusal> {
        // What is cut off within brackets is no text of its own.
        if self.brackets.is_some() || matches!(self.problem, Problem::UnclosedBracket { .. }) {
            return None;
        }
        let lines = self.text.split_inclusive('\n');
        let end = lines
            .take(self.place.line.saturating_sub(1))
            .map(str::len)
            .sum();
        let before = &self.text[..end];
        if end == self.text.len() || !before.lines().any(begins_with_tab) {
            return None;
        }
        let is_of_tab = |refusal: &Refusal| {
            [TAB_IN_INDENTATION, TAB_IN_BLOCK, TAB_IN_PLAIN]
                .iter()
                .any(|tab| refusal.message.starts_with(tab))
        };
        yaml::read(before).err().filter(is_of_tab)
    }

    /// What libyaml says of a tab in front of the entry that ours objects to.
    pub(super) fn tab_here(&self) -> Option<&'static str> {
        let is_entry = match &self.problem {
            Problem::MissingColon => true,
            Problem::Same(_) => self.problem.is_of_structure(),
            _ => false,
        };
        let line = self.lines().nth(self.place.line.saturating_sub(1));
        let has_tab = line.is_some_and(|(_, line)| begins_with_tab(line));
        (is_entry && has_tab && self.brackets.is_none() && self.is_first_of_line())
            .then(|| self.tab_in_indentation())
    }

    /// Within a block of text, libyaml takes the tab for a part of it. The line with the block's
    /// header is further left than all of its content.
    pub(super) fn tab_in_indentation(&self) -> &'static str {
        let before: Vec<_> = self
            .text
            .lines()
            .take(self.place.line.saturating_sub(1))
            .collect();
        let mut indentation = usize::MAX;
        for line in before.into_iter().rev() {
            let content = line.trim_start_matches(' ');
            if content.is_empty() || line.len() - content.len() >= indentation {
                continue;
            }
            if block::header(content).is_some() {
                return TAB_IN_BLOCK;
            }
            indentation = line.len() - content.len();
        }
        TAB_IN_INDENTATION
    }
}

pub(super) fn begins_with_tab(line: &str) -> bool {
    line.trim_start_matches(' ').starts_with('\t')
}
