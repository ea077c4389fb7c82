//! The terminal that people sit at, apart from standard streams that may go elsewhere.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::net::unix::pipe;

use crate::engine::TerminalSize;

/// The controlling terminal of this process.
#[derive(Debug)]
pub(super) struct Terminal {
    file: File,
    // Whatever epoll can watch is a pipe to these two.
    input: pipe::Receiver,
    output: pipe::Sender,
}

impl Terminal {
    /// Opens it; fails where there is none.
    pub(super) fn open() -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            // A description of its own: not blocking is then nobody else's affair.
            .custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed())
            .open("/dev/tty")?;
        Ok(Self {
            input: pipe::Receiver::from_file_unchecked(file.try_clone()?)?,
            output: pipe::Sender::from_file_unchecked(file.try_clone()?)?,
            file,
        })
    }

    /// Reads what was typed: a line, or in raw mode whatever there is; nothing at the end of input.
    pub(super) async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.input.readable().await?;
            match self.input.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }

    /// Shows all of this, as it is: bytes of a shell in the container, which may use the terminal, or
    /// what has been made fit for it.
    pub(super) async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.output.writable().await?;
            match self.output.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => bytes = &bytes[written?..],
            }
        }
        Ok(())
    }

    /// Returns its size.
    pub(super) fn size(&self) -> Option<TerminalSize> {
        let size = tcgetwinsize(&self.file).ok()?;
        Some(TerminalSize {
            rows: size.ws_row,
            columns: size.ws_col,
        })
    }

    /// Hands every key on as it is, until the guard is dropped.
    pub(super) fn raw(&self) -> io::Result<Raw<'_>> {
        let before = tcgetattr(&self.file)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(&self.file, OptionalActions::Drain, &raw)?;
        Ok(Raw {
            terminal: self,
            before,
        })
    }
}

/// A terminal in raw mode.
pub(super) struct Raw<'a> {
    terminal: &'a Terminal,
    before: Termios,
}

impl Drop for Raw<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs no mode.
        let _ = tcsetattr(&self.terminal.file, OptionalActions::Drain, &self.before);
    }
}
