//! What anchors stand for.

use std::collections::{HashMap, HashSet};

use super::budget::Budget;
use super::node::{Node, Value};
use super::refusal::Reason;

/// The anchors of a document. What one stands for is kept only if an alias may refer to it.
#[derive(Debug)]
pub(super) struct Anchors<'text> {
    text: &'text str,
    /// What stands behind a `*` in the text; found when the first anchor is met.
    names: Option<HashSet<&'text str>>,
    nodes: HashMap<String, Anchored>,
    count: usize,
}

/// An anchor with its node, once that has been read to its end.
#[derive(Debug)]
struct Anchored {
    number: usize,
    node: Option<Node>,
}

/// An anchor whose node is being read.
#[derive(Debug)]
pub(super) struct OpenAnchor {
    name: String,
    number: usize,
}

impl<'text> Anchors<'text> {
    pub(super) fn new(text: &'text str) -> Self {
        Self {
            text,
            names: None,
            nodes: HashMap::new(),
            count: 0,
        }
    }

    /// Notes that the node of an anchor begins. From here on its name stands for this one.
    pub(super) fn open(&mut self, name: String) -> Option<OpenAnchor> {
        let names = self.names.get_or_insert_with(|| aliased(self.text));
        if !names.contains(name.as_str()) {
            return None;
        }
        self.count += 1;
        let number = self.count;
        let anchored = Anchored { number, node: None };
        self.nodes.insert(name.clone(), anchored);
        Some(OpenAnchor { name, number })
    }

    /// Notes what an anchor stands for.
    pub(super) fn close(
        &mut self,
        anchor: &OpenAnchor,
        node: &Node,
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        // Its node may hold a later anchor of this name.
        if let Some(anchored) = self.nodes.get_mut(&anchor.name)
            && anchored.number == anchor.number
        {
            budget.keep(node.weight())?;
            anchored.node = Some(node.clone());
        }
        Ok(())
    }

    /// Returns what an alias stands for, if that fits into `levels` levels.
    pub(super) fn resolve(
        &self,
        name: String,
        levels: usize,
        budget: &mut Budget,
    ) -> Result<Option<Value>, Reason> {
        let Some(anchored) = self.nodes.get(&name) else {
            return Err(Reason::UnknownAnchor { name });
        };
        let Some(node) = &anchored.node else {
            return Err(Reason::AnchorContainsItself { name });
        };
        let weight = node.weight();
        if weight.depth > levels {
            return Ok(None);
        }
        budget.alias(weight)?;
        Ok(Some(node.value.clone()))
    }
}

/// Lists whatever may be the name of an alias.
fn aliased(text: &str) -> HashSet<&str> {
    let behind = text.split('*').skip(1);
    behind
        .map(|rest| {
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            &rest[..end]
        })
        .collect()
}
