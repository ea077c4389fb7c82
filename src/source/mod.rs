//! What comes in from the host: the source trees, what git says of them, checkouts of their versions
//! and the content of zip files; and what becomes of them.

pub mod archive;
pub mod changes;
pub mod excludes;
pub mod git;
pub mod mounts;
pub mod unzip;
