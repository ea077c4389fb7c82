//! The sources of a build on the host: trees, git facts, checkouts of versions, zip files, excluded
//! files, and the changes that a build made.

pub mod archive;
pub mod changes;
pub mod excludes;
pub mod git;
pub mod inventory;
pub mod mounts;
pub mod unzip;
