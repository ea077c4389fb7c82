//! Numbers below zero: clap takes them for flags, though they stand where a value is expected.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Arg, Command, Error};

/// The same command line, in which each number below zero belongs to the flag before it; `None` where there
/// is no such number.
pub(super) fn joined(arguments: &[OsString], command: &Command) -> Option<Vec<OsString>> {
    let mut joined: Vec<OsString> = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match joined.last_mut() {
            Some(flag) if is_below_zero(argument) && takes_value(command, flag) => {
                flag.push("=");
                flag.push(argument);
            }
            _ => joined.push(argument.clone()),
        }
    }
    (joined.len() < arguments.len()).then_some(joined)
}

/// Whether an error says what is wrong with a value.
pub(super) fn is_of_value(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation
    )
}

fn is_below_zero(argument: &OsString) -> bool {
    let number = argument.to_str().and_then(|text| text.strip_prefix('-'));
    number.is_some_and(|it| {
        it.trim_start_matches('.')
            .starts_with(|c: char| c.is_ascii_digit())
    })
}

/// Whether a word is a flag of a command whose value is the next word.
fn takes_value(command: &Command, word: &OsString) -> bool {
    let Some(name) = word.to_str().and_then(|word| word.strip_prefix("--")) else {
        return false;
    };
    let takes_next = |arg: &Arg| arg.get_action().takes_values() && !arg.is_require_equals_set();
    command
        .get_arguments()
        .any(|arg| arg.get_long() == Some(name) && takes_next(arg))
}
