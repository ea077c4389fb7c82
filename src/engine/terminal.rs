//! Terminals in containers.

use super::streams::Attachment;

/// A command to run on a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TerminalSpec {
    pub command: Vec<String>,
    pub user: String,
    /// Variables besides the container's.
    pub environment: Vec<(String, String)>,
}

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    pub rows: u16,
    pub columns: u16,
}

/// A terminal's id, as the engine gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalId(pub String);

/// A terminal in a container; it ends when its command does.
#[derive(Debug)]
pub struct Terminal {
    pub id: TerminalId,
    pub streams: Attachment,
}
