//! Lists the phases of a buildspec with their commands: `cargo run --example list_commands -- FILE`.

use std::env;
use std::fs;
use std::io::{self, Write};

use cobuild::buildspec;
use cobuild::phase::PhaseType;

fn main() -> anyhow::Result<()> {
    let path = env::args_os().nth(1).unwrap_or("buildspec.yml".into());
    let buildspec = buildspec::parse(&fs::read(path)?)?;
    let mut out = io::stdout().lock();
    for name in PhaseType::COMMAND_PHASES {
        let Some(phase) = buildspec.phases.get(name) else {
            continue;
        };
        writeln!(out, "{name}")?;
        for command in phase.commands.iter().chain(&phase.finally) {
            // A command may have many lines, and its text is what counts.
            writeln!(out, "  - {}", command.trim_end().replace('\n', "\n    "))?;
        }
    }
    Ok(())
}
