//! The `cobuild` command.

fn main() {}
