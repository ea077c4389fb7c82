//! Brings out of the container what a build made.

pub mod artifact;
mod resolve;
mod unpack;
