//! What anchors stand for, and what aliases may cost.

use std::collections::HashMap;

use super::Refusal;
use super::node::{Node, Value, Weight};

/// How many bytes anchors and aliases may copy, roughly: enough for any buildspec, too little for
/// a "billion laughs".
const MAX_COPIED: usize = 8 << 20;

/// The anchors of a document.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    /// What each stands for; `None` as long as its node is being read.
    nodes: HashMap<usize, Option<Node>>,
    /// How many bytes have been copied so far, roughly.
    copied: usize,
}

impl Anchors {
    /// Notes that the node of an anchor begins.
    pub(super) fn begin(&mut self, anchor: usize) {
        self.nodes.insert(anchor, None);
    }

    /// Notes what an anchor stands for.
    pub(super) fn finish(&mut self, anchor: usize, node: &Node) -> Result<(), Refusal> {
        self.charge(node.weight())?;
        self.nodes.insert(anchor, Some(node.clone()));
        Ok(())
    }

    /// Returns what an alias stands for, if that fits into `levels` levels.
    pub(super) fn resolve(
        &mut self,
        anchor: usize,
        name: &str,
        levels: usize,
    ) -> Result<Option<Value>, Refusal> {
        let weight = self.target(anchor, name)?.weight();
        if weight.depth > levels {
            return Ok(None);
        }
        self.charge(weight)?;
        Ok(Some(self.target(anchor, name)?.value.clone()))
    }

    fn target(&self, anchor: usize, name: &str) -> Result<&Node, Refusal> {
        match self.nodes.get(&anchor) {
            Some(Some(node)) => Ok(node),
            _ => Err(Refusal::unlocated(format!(
                "anchor '{name}' value contains itself"
            ))),
        }
    }

    /// Accounts for a copy before it is made.
    fn charge(&mut self, weight: Weight) -> Result<(), Refusal> {
        self.copied = self.copied.saturating_add(weight.size);
        if self.copied > MAX_COPIED {
            return Err(Refusal::unlocated("document contains excessive aliasing"));
        }
        Ok(())
    }
}
