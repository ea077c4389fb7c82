//! Everything cobuild promises, on a real engine: `scripts/test` provides one. Without an engine
//! these tests fail and say why; they never pass by skipping.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod engine;
mod env;

mod architecture;
mod artifacts;
mod cache;
mod check;
mod clean;
mod commands;
mod completions;
mod config;
mod container;
mod corpus;
mod debug;
mod docs;
mod doctor;
mod engines;
mod environment;
mod errors;
mod events;
mod exports;
mod faults;
mod hostile;
mod images;
mod invalid;
mod library;
mod listing;
mod log;
mod output;
mod parts;
mod path_programs;
mod phases;
mod plan;
mod privileged;
mod project;
mod reach;
mod reference;
mod run_as;
mod runtimes;
mod samples;
mod schema;
mod secrets;
mod source;
mod source_kinds;
mod stops;
mod summary;
mod surprises;
mod terminal;
mod transfer;
