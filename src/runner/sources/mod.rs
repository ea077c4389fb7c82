//! Source trees: how they get into the container, and the changes that a build made.

pub(super) mod changes;
pub(super) mod handover;
pub(super) mod inventory_walk;
pub(super) mod scratch;
pub(super) mod trees;
pub(super) mod unpacker;
pub(super) mod upload;
pub(super) mod whiteouts;
