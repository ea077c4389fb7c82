//! What comes in from the host: the source trees and what git says of them.

pub mod archive;
pub mod git;
