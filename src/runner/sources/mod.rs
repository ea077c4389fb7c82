//! Source trees: how they come into the container, and what a build made of them.

pub(super) mod changes;
pub(super) mod scratch;
pub(super) mod trees;
pub(super) mod unpacker;
pub(super) mod upload;
pub(super) mod whiteouts;
