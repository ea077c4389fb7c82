//! The exit status of the command.

use std::process::ExitCode;

/// The exit status of `cobuild`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: the build SUCCEEDED, or there is nothing wrong.
    Succeeded,
    /// 1: the build FAILED, buildspec errors and timeouts included; or problems were found.
    BuildFailed,
    /// 2: the command line, or a file it names, cannot be used.
    Usage,
    /// 3: no verdict on the build: the engine cannot be reached, or cobuild itself is at fault.
    NoVerdict,
    /// 130: stopped by SIGINT, or in the debugger.
    Interrupted,
    /// 141: stopped because nobody reads stdout any more, as by SIGPIPE (assumed).
    OutputClosed,
    /// 143: stopped by SIGTERM.
    Terminated,
}

impl ExitStatus {
    /// Returns the number.
    pub fn code(self) -> u8 {
        match self {
            Self::Succeeded => 0,
            Self::BuildFailed => 1,
            Self::Usage => 2,
            Self::NoVerdict => 3,
            Self::Interrupted => 130,
            Self::OutputClosed => 141,
            Self::Terminated => 143,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}
