//! What reading a buildspec gathers: everything that is wrong, each with its place.

use std::collections::HashSet;

use super::node::{Node, Position, Span};
use super::refusal::{Reason, ValueKind};

/// Something for which a buildspec or a batch is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where.
    pub(super) span: Span,
    /// Why.
    pub(super) reason: Reason,
}

impl Problem {
    /// A problem of which nothing but the beginning is known.
    pub(super) fn at(place: Position, reason: Reason) -> Self {
        Self {
            span: Span {
                start: place,
                end: place,
            },
            reason,
        }
    }
}

/// All problems, in the order in which the agent meets them: it stops at the first.
#[derive(Debug, Default)]
pub(super) struct Problems {
    list: Vec<Problem>,
    /// Where the keys begin that have been told to be no texts.
    keys: HashSet<Position>,
}

impl Problems {
    /// Adds a problem.
    pub(super) fn add(&mut self, span: Span, reason: Reason) {
        self.list.push(Problem { span, reason });
    }

    /// Adds that the value of a key should be something else than it is.
    pub(super) fn add_value_kind(&mut self, key: &str, value: &Node, expected: ValueKind) {
        let is = ValueKind::of(value);
        let key = key.to_owned();
        self.add(value.span, Reason::ValueKind { key, is, expected });
    }

    /// Adds that a key is no text, unless that has been said.
    pub(super) fn add_key_kind(&mut self, key: Span) {
        if self.keys.insert(key.start) {
            self.add(key, Reason::KeyKind);
        }
    }

    /// Returns the problems.
    pub(super) fn list(&self) -> &[Problem] {
        &self.list
    }

    /// Returns why the agent refuses the buildspec, if it does.
    pub(super) fn refusing(&self) -> Option<&Reason> {
        self.list
            .iter()
            .map(|problem| &problem.reason)
            .find(|reason| **reason != Reason::Steps)
    }
}
