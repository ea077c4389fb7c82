//! Where commands write: stdout and stderr, coloured as the user wants it.

use std::io;

use clap::ColorChoice;

use super::failure::Failure;
use crate::terminal::{Color, Out, Page};

/// Where cobuild itself speaks, coloured as the user wants it.
pub(super) fn stderr(color: ColorChoice) -> Out<io::Stderr> {
    Out::stderr(choice(color))
}

/// Where a command writes what it was asked for.
pub(super) fn stdout(color: ColorChoice) -> Out<io::BufWriter<io::Stdout>> {
    Out::stdout(choice(color)).buffered()
}

pub(super) fn choice(color: ColorChoice) -> Color {
    match color {
        ColorChoice::Auto => Color::Auto,
        ColorChoice::Always => Color::Always,
        ColorChoice::Never => Color::Never,
    }
}

/// What a command has to say.
#[derive(Debug)]
pub(super) enum CommandOutput {
    Text(Page),
    Json(String),
}

impl CommandOutput {
    /// Writes it to stdout.
    pub(super) fn write(&self, color: ColorChoice) -> Result<(), Failure> {
        let mut out = stdout(color);
        let told = match self {
            Self::Text(page) => out.page(page),
            Self::Json(text) => out.json(text),
        };
        written(told.and_then(|()| out.flush()))
    }
}

/// Says that stdout cannot be written to; whoever stops reading has read enough.
pub(super) fn written(done: io::Result<()>) -> Result<(), Failure> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::no_verdict(
            anyhow::Error::new(error).context("cannot write to stdout"),
        )),
        Ok(()) | Err(_) => Ok(()),
    }
}
