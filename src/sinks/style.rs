//! Colours of what people look for.

use anstyle::AnsiColor;

use crate::phase::Status;
use crate::terminal::Style;

/// How the status of a build or a phase looks. Green, red and magenta can be read on light and on dark
/// backgrounds; yellow cannot.
pub(super) fn of_status(status: Status) -> Style {
    let color = match status {
        Status::Succeeded => AnsiColor::Green,
        Status::Failed | Status::Fault => AnsiColor::Red,
        Status::TimedOut | Status::Stopped => AnsiColor::Magenta,
    };
    Style::color(color)
}
