//! What went wrong, as people read it: the one place that words errors and hints.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use anyhow::anyhow;

use crate::engine::endpoint::{Endpoint, FoundBy};
use crate::engine::{EngineError, Operation};
use crate::exit::ExitStatus;
use crate::mask::Masker;

/// Why cobuild gives up, with the exit status that says so.
#[derive(Debug)]
pub(super) struct Failure {
    /// The exit status.
    pub(super) status: ExitStatus,
    error: anyhow::Error,
    hint: Option<String>,
    masker: Masker,
}

impl Failure {
    /// The command line, or something it names, cannot be used.
    pub(super) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self {
            status: ExitStatus::Usage,
            error: error.into(),
            hint: None,
            masker: Masker::default(),
        }
    }

    /// The build fails before it runs.
    pub(super) fn refused(error: impl Into<anyhow::Error>) -> Self {
        Self {
            status: ExitStatus::BuildFailed,
            error: error.into(),
            hint: None,
            masker: Masker::default(),
        }
    }

    /// There can be no verdict on the build.
    pub(super) fn no_verdict(error: impl Into<anyhow::Error>) -> Self {
        Self {
            status: ExitStatus::NoVerdict,
            error: error.into(),
            hint: None,
            masker: Masker::default(),
        }
    }

    /// Adds what to do about it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Masks secrets in what is told.
    pub(super) fn masked(mut self, masker: Masker) -> Self {
        self.masker = masker;
        self
    }

    /// The engine failed; when it cannot be reached, says which one and why that one.
    pub(super) fn engine(error: EngineError, endpoint: &Endpoint) -> Self {
        if error.operation != Operation::Connect {
            return Self::no_verdict(error);
        }
        let reason = error.reason();
        let hint = if reason.contains("ermission denied") {
            "run cobuild as a user who may use the engine: root, or a member of the group `docker`"
        } else if reason.contains("scheme") {
            "name the engine as unix:///PATH or tcp://HOST:PORT"
        } else if matches!(endpoint.found_by, FoundBy::UsualSocket | FoundBy::Default) {
            "start Docker or Podman, or name an engine with --host URL or DOCKER_HOST"
        } else {
            "start that engine, or name another with --host URL"
        };
        let Endpoint { url, found_by } = endpoint;
        // What lies between is the client library's own affair.
        let error = anyhow!(error.root_cause())
            .context(format!("no engine answers at `{url}` ({found_by})"));
        Self::no_verdict(error).hint(hint)
    }

    /// Returns the error with its causes in one line.
    pub(super) fn in_one_line(&self) -> String {
        format!("{:#}", self.error)
    }

    /// Renders the failure for stderr: the error, its causes, the hint.
    pub(super) fn render(&self) -> String {
        let style = |color: AnsiColor| Style::new().bold().fg_color(Some(color.into()));
        let (red, cyan) = (style(AnsiColor::Red), style(AnsiColor::Cyan));
        let mut text = format!("{red}error:{red:#} {}\n", self.error);
        let mut last = self.error.to_string();
        for cause in self.error.chain().skip(1) {
            let cause = cause.to_string();
            // Some libraries repeat their cause in their own text.
            if !last.ends_with(&cause) {
                let _ = writeln!(text, "  caused by: {cause}");
            }
            last = cause;
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "{cyan}hint:{cyan:#} {hint}");
        }
        self.masker.mask(&text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_told() {
        let failure = Failure::no_verdict(anyhow!("inner hunter2").context("outer hunter2"))
            .hint("hunter2")
            .masked(Masker::new(["hunter2"]));
        let text = failure.render();
        assert_eq!(text.matches("***").count(), 3, "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
