//! What went wrong, as people read it: the one place that words errors and hints.

use std::fmt::Write as _;

use anstyle::AnsiColor;
use anyhow::anyhow;

use super::refusal;
use crate::engine::endpoint::{
    DEFAULT_SOCKET, DeadSocket, Endpoint, EndpointError, EndpointOrigin, Transport,
};
use crate::engine::podman::PodmanError;
use crate::engine::{EngineError, Operation};
use crate::exit::ExitStatus;
use crate::mask::Masker;
use crate::terminal::{Page, Style};

/// Why cobuild gives up, with the exit status that says so.
#[derive(Debug)]
pub(super) struct Failure {
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

    /// The build was stopped because nobody reads its log any more.
    pub(super) fn output_closed() -> Self {
        Self {
            status: ExitStatus::OutputClosed,
            error: anyhow!("stdout was closed: the build was stopped"),
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

    /// No engine can be named.
    pub(super) fn endpoint(error: EndpointError) -> Self {
        let hint = match &error {
            EndpointError::Context(unknown) if unknown.others.is_empty() => {
                "there are no contexts but `default`; `docker context create` makes them".to_owned()
            }
            EndpointError::Context(unknown) => {
                format!("the contexts are {}", unknown.others.join(", "))
            }
            EndpointError::Address { .. } => {
                "write it as unix:///PATH, tcp://HOST:PORT or ssh://[USER@]HOST".to_owned()
            }
        };
        Self::no_verdict(error).hint(hint)
    }

    /// Podman was to be the engine, since nobody listens on any socket.
    pub(super) fn podman(error: PodmanError, dead: &[DeadSocket]) -> Self {
        let sockets: Vec<String> = dead.iter().map(ToString::to_string).collect();
        let sockets = match sockets.join("; ") {
            none if none.is_empty() => none,
            sockets => format!(" ({sockets})"),
        };
        let error = anyhow::Error::new(error).context(format!(
            "no engine listens on a usual socket{sockets}, and Podman cannot be started"
        ));
        Self::no_verdict(error).hint(
            "`podman system service` must work; or start Docker, or name an engine with --host URL",
        )
    }

    /// The engine failed; when it cannot be reached, says which one and why that one.
    pub(super) fn engine(error: EngineError, endpoint: &Endpoint) -> Self {
        if error.is_no_answer() && error.operation != Operation::Connect {
            return Self::no_verdict(error).hint(
                "start the engine anew when it hangs; --engine-timeout DURATION gives a slow one more time",
            );
        }
        if error.operation != Operation::Connect {
            let hint = refusal::hint(&error);
            let failure = Self::no_verdict(error);
            return match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            };
        }
        let hint = if error.is_no_answer() {
            NO_ANSWER.to_owned()
        } else {
            unreachable_hint(&error.reason(), endpoint)
        };
        let Endpoint {
            address, found_by, ..
        } = endpoint;
        // What lies between is the client library's own affair.
        let mut reason = error.root_cause();
        if let EndpointOrigin::Default(dead) = found_by {
            let others = dead
                .iter()
                .filter(|socket| socket.path.as_os_str() != DEFAULT_SOCKET);
            for socket in others {
                let _ = write!(reason, "; {socket}");
            }
        }
        let error =
            anyhow!(reason).context(format!("no engine answers at `{address}` ({found_by})"));
        Self::no_verdict(error).hint(hint)
    }

    /// Returns what to do about it, when that is known.
    pub(super) fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Returns the error with its causes in one line.
    pub(super) fn in_one_line(&self) -> String {
        format!("{:#}", self.error)
    }

    /// Returns the failure for stderr: the error, its causes, the hint.
    pub(super) fn page(&self) -> Page {
        let style = |color| Style::color(color).bold();
        let (red, cyan) = (style(AnsiColor::Red), style(AnsiColor::Cyan));
        let mut page = Page::default();
        let told = |text: &str| self.masker.mask(text).into_owned();
        let mut last = self.error.to_string();
        let _ = writeln!(page, "{red}error:{red:#} {}", told(&last));
        for cause in self.error.chain().skip(1) {
            let cause = cause.to_string();
            // Some libraries repeat their cause in their own text.
            if !last.ends_with(&cause) {
                let _ = writeln!(page, "  caused by: {}", told(&cause));
            }
            last = cause;
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(page, "{cyan}hint:{cyan:#} {}", told(hint));
        }
        page
    }
}

/// What to do about an engine that takes requests and does not answer.
const NO_ANSWER: &str =
    "start that engine anew when it hangs; --engine-timeout DURATION gives a slow one more time";

/// What to do about an engine that cannot be reached.
fn unreachable_hint(reason: &str, endpoint: &Endpoint) -> String {
    let Endpoint {
        address, found_by, ..
    } = endpoint;
    let has = |text: &str| reason.contains(text);
    match &address.transport {
        Transport::Ssh(place) => {
            let host = &place.host;
            if has("Host key verification failed") {
                format!("`ssh {host}` once, to accept its key")
            } else if has("Permission denied") {
                format!(
                    "`ssh -o BatchMode=yes {host}` must work: with a key, and an agent for its \
                     passphrase"
                )
            } else if has("not found") {
                format!("the command `docker` must be on the path of `ssh {host}`")
            } else {
                format!("`ssh {host} docker system dial-stdio` must work")
            }
        }
        Transport::Tcp(_) if has("invalid peer certificate") => {
            "ca.pem in DOCKER_CERT_PATH, or in the context, must be the authority of the engine's \
             certificate, which must name the host of the address and be valid today"
                .to_owned()
        }
        Transport::Tcp(_) if has("CertificateRequired") || has("BadCertificate") => {
            "the engine wants a certificate: cert.pem and key.pem in DOCKER_CERT_PATH, or a context \
             that has them"
                .to_owned()
        }
        Transport::Tcp(_) if has("InvalidContentType") => {
            "it speaks no TLS: unset DOCKER_TLS_VERIFY, or name its other port".to_owned()
        }
        Transport::Tcp(_) if has("HTTP request to an HTTPS server") => {
            "it speaks TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or name a context"
                .to_owned()
        }
        _ if has("ermission denied") => {
            "run cobuild as a user who may use the engine: root, or a member of the group `docker`"
                .to_owned()
        }
        _ if matches!(found_by, EndpointOrigin::UsualSocket | EndpointOrigin::Default(_)) => {
            "start Docker or Podman, or name an engine with --host URL or DOCKER_HOST".to_owned()
        }
        _ => "start that engine, or name another with --host URL".to_owned(),
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
        let text = failure.page().to_string();
        assert_eq!(text.matches("***").count(), 3, "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
