//! The build container: how it is made, prepared, asked and taken down, and what is left in the engine.

pub(super) mod ask;
pub(super) mod certificates;
pub(super) mod death;
pub(super) mod dockerd;
pub(super) mod driver;
pub(super) mod emptying;
pub(super) mod engine_features;
pub(super) mod ledger;
pub(super) mod memory;
pub(super) mod output;
pub(super) mod preparation;
pub(super) mod program;
pub(super) mod sandbox;
pub(super) mod sweep;
pub(super) mod tail;
pub(super) mod user_bin;
