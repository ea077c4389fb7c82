//! What comes in from the host: the source trees, what git says of them, checkouts of their versions
//! and the content of zip files.

pub mod archive;
pub mod checkout;
pub mod git;
pub mod repository;
pub mod unzip;
