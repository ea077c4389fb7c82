//! The build container: creation, preparation, requests, removal, and leftovers in the engine.

pub(super) mod certificates;
pub(super) mod dockerd;
pub(super) mod driver;
pub(super) mod engine_features;
pub(super) mod foreign_files;
pub(super) mod lost_container;
pub(super) mod memory;
pub(super) mod output;
pub(super) mod preparation;
pub(super) mod program;
pub(super) mod queries;
pub(super) mod sandbox;
pub(super) mod sweep;
pub(super) mod tail;
pub(super) mod user_bin;
pub(super) mod volume_ledger;
