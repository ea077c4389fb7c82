//! What anchors stand for.

use std::collections::{HashMap, HashSet};

use super::Refusal;
use super::limits::Budget;
use super::node::{Node, Value};

/// The anchors of a document that aliases refer to; what others stand for is not kept.
#[derive(Debug)]
pub(super) struct Anchors<'wanted> {
    wanted: &'wanted HashSet<usize>,
    /// What each of them stands for, once its node has been read.
    nodes: HashMap<usize, Node>,
}

impl<'wanted> Anchors<'wanted> {
    /// Takes the anchors that aliases refer to.
    pub(super) fn new(wanted: &'wanted HashSet<usize>) -> Self {
        Self {
            wanted,
            nodes: HashMap::new(),
        }
    }

    /// Returns whether an anchor is kept once its node has been read.
    pub(super) fn wants(&self, anchor: usize) -> bool {
        self.wanted.contains(&anchor)
    }

    /// Notes what an anchor stands for.
    pub(super) fn keep(
        &mut self,
        anchor: usize,
        node: &Node,
        budget: &mut Budget,
    ) -> Result<(), Refusal> {
        budget.keep(node.weight())?;
        self.nodes.insert(anchor, node.clone());
        Ok(())
    }

    /// Returns what an alias stands for, if that fits into `levels` levels.
    pub(super) fn resolve(
        &self,
        anchor: usize,
        name: &str,
        levels: usize,
        budget: &mut Budget,
    ) -> Result<Option<Value>, Refusal> {
        let Some(node) = self.nodes.get(&anchor) else {
            let problem = format!("anchor '{name}' value contains itself");
            return Err(Refusal::unlocated(problem));
        };
        let weight = node.weight();
        if weight.depth > levels {
            return Ok(None);
        }
        budget.alias(weight)?;
        Ok(Some(node.value.clone()))
    }
}
