//! A buildspec that was checked.

use crate::buildspec::{self, Diagnostic, Project};

/// One buildspec with what was found in it.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) path: String,
    /// Its text, in which places are counted.
    pub(super) text: String,
    pub(super) found: Vec<Diagnostic>,
    pub(super) more: usize,
}

impl Checked {
    pub(super) fn of(path: String, bytes: &[u8], project: Project) -> Self {
        let diagnosis = buildspec::diagnose(bytes, project);
        Self {
            path,
            text: buildspec::readable(bytes),
            found: diagnosis.told,
            more: diagnosis.more,
        }
    }
}

/// Says that not everything is told.
pub(super) fn not_shown(more: usize) -> String {
    let problems = if more == 1 {
        "problem is"
    } else {
        "problems are"
    };
    format!("{more} more {problems} not shown")
}
