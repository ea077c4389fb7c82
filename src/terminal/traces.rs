//! Output besides that of [`sinks`](crate::sinks): traces, panics, and questions of the debugger.
//! It comes from anywhere, so the secrets to mask are global here.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use super::out::{Color, Out};
use super::page::Lines;
use super::status_line::wipe;
use crate::mask::Masker;

/// The secrets of the build that runs.
static SECRETS: Mutex<Option<Masker>> = Mutex::new(None);

/// Masks secrets from now on, in traces, in panics and in [`masked`] texts.
pub fn hide(masker: Masker) {
    *SECRETS.lock().unwrap_or_else(PoisonError::into_inner) = Some(masker);
}

/// Returns a text without the secrets of the build that runs.
pub fn masked(text: &str) -> String {
    match SECRETS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .as_ref()
    {
        Some(masker) => masker.mask(text).into_owned(),
        None => text.to_owned(),
    }
}

/// Writes traces to stderr, each in one piece.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traces;

impl Write for Traces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut out = Out::stderr(Color::Always);
        if out.is_terminal() {
            wipe();
        }
        trace(&mut out, &String::from_utf8_lossy(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a trace. Its colours come from the formatter, which escapes those of texts itself.
fn trace(out: &mut Out<impl Write>, text: &str) -> io::Result<()> {
    let text = masked(text);
    if !out.is_terminal() {
        return out.drawn(&text);
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.replace('\n', "^J").replace('\r', "^M");
    out.drawn(&(line + "\n"))
}

/// Makes panics print through this module.
pub fn show_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let mut text = panic.to_string();
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            text = format!("{text}\n{backtrace}");
        }
        wipe();
        // Nobody is left to tell when stderr is gone.
        let _ = last_words(&mut Out::stderr(Color::Never), &text);
    }));
}

fn last_words(out: &mut Out<impl Write>, text: &str) -> io::Result<()> {
    writeln!(out, "cobuild {}", Lines(&masked(text), 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secrets are the process's: one test, so that no other sees them.
    #[test]
    fn traces_and_panics_hide_secrets_and_show_what_a_terminal_obeys() {
        hide(Masker::new(["swordfish-of-traces"]));
        let text = "\x1b[2m INFO\x1b[0m swordfish-of-traces \u{202e}\x1b]0;T\x07\na\n";
        let mut out = Out::screen(Vec::new(), true);
        trace(&mut out, text).unwrap();
        assert_eq!(
            String::from_utf8(out.into_inner()).unwrap(),
            "\x1b[2m INFO\x1b[0m *** <U+202E>^[]0;T^G^Ja\n"
        );
        let mut out = Out::screen(Vec::new(), true);
        last_words(&mut out, "panicked at a:\nswordfish-of-traces\x1b[8m").unwrap();
        assert_eq!(
            String::from_utf8(out.into_inner()).unwrap(),
            "cobuild panicked at a:\n  ***^[[8m\n"
        );
    }
}
