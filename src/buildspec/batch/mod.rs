//! The `batch` section: which builds a batch has, and what tells them apart (contract §1.10).
//!
//! A single build does not look at it. Its service does before a batch starts, so a batch that is
//! refused leaves the buildspec around it as good as ever; that is why it is read on its own.

mod graph;
mod model;
mod read;

#[cfg(test)]
mod tests;

pub use model::{Batch, BatchBuild, BatchBuilds, BatchEnv, BatchFanout, BatchMatrix, Dependency};
pub(super) use read::{read, refusing};
