//! Reads a buildspec as CodeBuild's agent does (contract §1).
//!
//! Pure: text in, a typed [`Buildspec`] or the agent's own [`Refusal`] out, or every
//! [`Diagnostic`] at once; no file, no clock, no environment. Scalars keep their source text, so
//! `3.10` stays `3.10` (contract §1.7).
//!
//! A text becomes a tree (`yaml`), the tree a buildspec (`sections`, `phases`, `reports`, `batch`).
//! What is wrong with it is gathered on the way (`problems`): [`parse`] returns the first of them, as
//! the agent does, and [`diagnose`] words them all (`check`).

mod anchors;
mod batch;
mod budget;
mod check;
mod code;
mod diagnostic;
mod encoding;
mod field;
mod keys;
mod limits;
mod merge;
mod model;
mod node;
mod on_failure;
mod parse;
mod phases;
mod problems;
#[cfg(test)]
mod reference;
mod refusal;
mod reports;
mod schema;
mod sections;
mod unknown;
mod yaml;

pub use batch::{Batch, BatchBuild, BatchBuilds, BatchEnv, BatchFanout, BatchMatrix, Dependency};
pub use check::{Project, check, diagnose};
pub use code::{CODES, Code, Page, Severity};
pub use diagnostic::{Diagnosis, Diagnostic};
pub use encoding::readable;
pub use limits::MAX_BYTES;
pub use model::{
    Artifacts, Buildspec, Cache, CacheAction, Env, OnFailure, Phase, Phases, Proxy, UnknownKeys,
    Version,
};
pub use node::{Position, Span};
pub use parse::{batch_span, is_mapping, parse, parse_batch};
pub use refusal::Refusal;
pub use reports::{ReportFormat, ReportGroup};
pub use schema::{UnknownKeySchema, schema};
