//! A shell in the build container, on this terminal.

use anyhow::Context as _;
use bytes::BytesMut;
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::signal::unix::{SignalKind, signal};

use super::terminal::Terminal;
use crate::engine::docker::Docker;
use crate::engine::{Engine, TerminalSpec};
use crate::runner::{Halt, RESUMED_MARK};

/// How a shell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShellEnd {
    Left,
    /// `codebuild-resume` was called in it.
    Resumed,
}

/// Runs a shell in the build until it ends; `kind` is what the terminal calls itself.
pub(super) async fn run(
    terminal: &Terminal,
    engine: &Docker,
    halt: &Halt,
    kind: &str,
) -> anyhow::Result<ShellEnd> {
    let mut spec: TerminalSpec = halt.shell.clone();
    spec.environment.push(("TERM".to_owned(), kind.to_owned()));
    let opened = engine.open_terminal(&halt.container, &spec).await?;
    let (mut input, mut output) = (opened.streams.input, opened.streams.output);
    let mut resized =
        signal(SignalKind::window_change()).context("cannot listen for the terminal's size")?;
    let resize = || async {
        if let Some(size) = terminal.size()
            && let Err(error) = engine.resize_terminal(&opened.id, size).await
        {
            tracing::debug!(%error, "the shell does not know the terminal's size");
        }
    };
    resize().await;
    let _raw = terminal.raw().context("cannot use the terminal")?;
    let mut read = [0; 1024];
    let mut typed = BytesMut::new();
    let mut screen = Screen::default();
    let mut typing = true;
    loop {
        tokio::select! {
            count = terminal.read(&mut read), if typing && typed.is_empty() => {
                let count = count.context("cannot read from the terminal")?;
                typed.extend_from_slice(&read[..count]);
                typing = count > 0;
            }
            // Beside the output: a shell that shows what is typed reads no more until that is taken.
            written = input.write_buf(&mut typed), if !typed.is_empty() => {
                // A shell that is gone takes nothing; its output is about to end.
                if !matches!(written, Ok(1..)) {
                    typed.clear();
                    typing = false;
                }
            }
            chunk = output.next() => match chunk {
                Some(chunk) => terminal.write(&screen.take(&chunk?)).await?,
                None => break,
            },
            _ = resized.recv() => resize().await,
        }
    }
    terminal.write(&screen.rest()).await?;
    Ok(if screen.resumed {
        ShellEnd::Resumed
    } else {
        ShellEnd::Left
    })
}

/// Takes the sign of `codebuild-resume` out of what a shell shows.
#[derive(Debug, Default)]
struct Screen {
    held: Vec<u8>,
    resumed: bool,
}

impl Screen {
    /// Returns what of the next chunk is to be shown by now.
    fn take(&mut self, chunk: &[u8]) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(chunk);
        if let Some(at) = memchr::memmem::find(&bytes, RESUMED_MARK) {
            self.resumed = true;
            bytes.drain(at..at + RESUMED_MARK.len());
        }
        let begun = bytes
            .iter()
            .rposition(|byte| *byte == RESUMED_MARK[0])
            .filter(|&at| RESUMED_MARK.starts_with(&bytes[at..]));
        if let Some(at) = begun {
            self.held = bytes.split_off(at);
        }
        bytes
    }

    /// Returns what was held back and is nothing but text.
    fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_is_seen_however_it_is_cut() {
        for chunks in [
            vec!["text\x1eresume\x1e"],
            vec!["te", "xt\x1e", "resu", "me\x1e"],
            vec!["text\x1er", "esume", "\x1e"],
        ] {
            let mut screen = Screen::default();
            let mut shown: Vec<u8> = chunks
                .iter()
                .flat_map(|chunk| screen.take(chunk.as_bytes()))
                .collect();
            shown.extend(screen.rest());
            assert_eq!((shown.as_slice(), screen.resumed), (&b"text"[..], true));
        }
    }

    #[test]
    fn what_only_looks_like_it_is_shown() {
        let mut screen = Screen::default();
        let mut shown = screen.take(b"a\x1eres");
        shown.extend(screen.take(b"t\x1e"));
        shown.extend(screen.rest());
        assert_eq!(
            (shown.as_slice(), screen.resumed),
            (&b"a\x1erest\x1e"[..], false)
        );
    }
}
