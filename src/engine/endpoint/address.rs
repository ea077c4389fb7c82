//! The address of an engine.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::DEFAULT_SOCKET;

/// The port of an engine that speaks without TLS, and of one that speaks with it.
const PLAIN_PORT: u16 = 2375;
const TLS_PORT: u16 = 2376;

/// A parsed address of an engine. `Display` writes it as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    given: String,
    pub transport: Transport,
}

/// How to reach an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    Unix(PathBuf),
    /// By TCP, with TLS or without.
    Tcp(TcpAddress),
    /// Through the command `ssh`, and the client of the engine on the remote host.
    Ssh(SshAddress),
}

/// The TCP address of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpAddress {
    /// Host name or address, as a URL writes it.
    pub host: String,
    /// The port, when one is given.
    pub port: Option<u16>,
    pub is_https: bool,
}

impl TcpAddress {
    /// The host and the port, which depends on whether TLS is spoken.
    pub fn authority(&self, is_tls: bool) -> String {
        let usual = if is_tls { TLS_PORT } else { PLAIN_PORT };
        format!("{}:{}", self.host, self.port.unwrap_or(usual))
    }
}

/// The destination of `ssh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshAddress {
    /// `None` leaves it to the configuration of ssh.
    pub user: Option<String>,
    /// The host, or its name in ssh's configuration.
    pub host: String,
    /// `None` leaves it to the configuration of ssh.
    pub port: Option<u16>,
    /// The socket on the remote host; `None` leaves it to the client there.
    pub socket: Option<String>,
}

/// Why an address is invalid.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum AddressError {
    #[error("`{0}` is not an engine address: it does not begin with a scheme")]
    NoScheme(String),
    #[error("`{given}` is not an engine address: `{scheme}://` is not supported")]
    UnknownScheme {
        given: String,
        /// What stands before `://`.
        scheme: String,
    },
    #[error("`{given}` is not an engine address: {reason}")]
    Malformed { given: String, reason: &'static str },
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.given)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(given: &str) -> Result<Self, AddressError> {
        let malformed = |reason| AddressError::Malformed {
            given: given.to_owned(),
            reason,
        };
        let (scheme, rest) = given
            .split_once("://")
            .ok_or_else(|| AddressError::NoScheme(given.to_owned()))?;
        let transport = match scheme {
            "unix" if rest.is_empty() => {
                return Err(malformed("the path of the socket is missing"));
            }
            "unix" => Transport::Unix(PathBuf::from(rest)),
            "tcp" | "http" | "https" => Transport::Tcp(tcp(rest, scheme).map_err(malformed)?),
            "ssh" => Transport::Ssh(ssh(rest).map_err(malformed)?),
            _ => {
                return Err(AddressError::UnknownScheme {
                    given: given.to_owned(),
                    scheme: scheme.to_owned(),
                });
            }
        };
        Ok(Self {
            given: given.to_owned(),
            transport,
        })
    }
}

impl Address {
    /// The address of a socket of this machine.
    pub fn unix(socket: PathBuf) -> Self {
        Self {
            given: format!("unix://{}", socket.display()),
            transport: Transport::Unix(socket),
        }
    }

    /// Whether it is the socket that Docker listens on unless told otherwise.
    pub fn is_default(&self) -> bool {
        matches!(&self.transport, Transport::Unix(socket) if socket.as_os_str() == DEFAULT_SOCKET)
    }
}

fn tcp(rest: &str, scheme: &str) -> Result<TcpAddress, &'static str> {
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains('/') {
        return Err("a path after the host is not supported");
    }
    let (host, port) = host_and_port(authority)?;
    Ok(TcpAddress {
        // As the docker command: an empty host is this one.
        host: if host.is_empty() { "127.0.0.1" } else { host }.to_owned(),
        port,
        is_https: scheme == "https",
    })
}

fn ssh(rest: &str) -> Result<SshAddress, &'static str> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, authority) = match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => {
            return Err("ssh does not accept a password in an address");
        }
        Some((user, authority)) => (Some(user), authority),
        None => (None, authority),
    };
    let (host, port) = host_and_port(authority)?;
    if host.is_empty() {
        return Err("the host is missing");
    }
    // What begins so would be an option to ssh.
    if host.starts_with('-') || user.is_some_and(|user| user.starts_with('-')) {
        return Err("a host or user must not begin with `-`");
    }
    let socket = path.trim_end_matches('/');
    Ok(SshAddress {
        user: user.filter(|user| !user.is_empty()).map(str::to_owned),
        host: host.trim_matches(['[', ']']).to_owned(),
        port,
        socket: (!socket.is_empty()).then(|| socket.to_owned()),
    })
}

/// An address of IPv6 stands in brackets, since it has colons of its own.
fn host_and_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    let end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let Some(colon) = authority[end..].find(':') else {
        return Ok((authority, None));
    };
    let (host, port) = authority.split_at(end + colon);
    match port[1..].parse() {
        Ok(port) => Ok((host, Some(port))),
        Err(_) => Err("the text after the last `:` is not a port number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(given: &str) -> Transport {
        given.parse::<Address>().unwrap().transport
    }

    #[test]
    fn addresses_are_taken_apart() {
        assert_eq!(
            reach("unix:///a b.sock"),
            Transport::Unix("/a b.sock".into())
        );
        let tcp = |host: &str, port, is_https| {
            Transport::Tcp(TcpAddress {
                host: host.to_owned(),
                port,
                is_https,
            })
        };
        assert_eq!(reach("tcp://build:2376"), tcp("build", Some(2376), false));
        assert_eq!(reach("tcp://[::1]:1/"), tcp("[::1]", Some(1), false));
        assert_eq!(reach("tcp://[::1]"), tcp("[::1]", None, false));
        assert_eq!(reach("tcp://:99"), tcp("127.0.0.1", Some(99), false));
        assert_eq!(reach("https://build"), tcp("build", None, true));
        let ssh = |user: Option<&str>, host: &str, port, socket: Option<&str>| {
            Transport::Ssh(SshAddress {
                user: user.map(str::to_owned),
                host: host.to_owned(),
                port,
                socket: socket.map(str::to_owned),
            })
        };
        assert_eq!(reach("ssh://build"), ssh(None, "build", None, None));
        assert_eq!(
            reach("ssh://me@build:22/run/podman.sock"),
            ssh(Some("me"), "build", Some(22), Some("/run/podman.sock"))
        );
        assert_eq!(reach("ssh://[fe80::1]/"), ssh(None, "fe80::1", None, None));
    }

    #[test]
    fn the_port_depends_on_tls() {
        let Transport::Tcp(place) = reach("tcp://build") else {
            panic!("no TCP");
        };
        assert_eq!(place.authority(false), "build:2375");
        assert_eq!(place.authority(true), "build:2376");
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (given, text) in [
            ("", "does not begin with a scheme"),
            ("/var/run/docker.sock", "does not begin with a scheme"),
            ("npipe:////./pipe/docker_engine", "`npipe://`"),
            ("fd://", "`fd://`"),
            ("unix://", "socket is missing"),
            ("tcp://host:port", "is not a port"),
            ("tcp://host:1/path", "a path after the host"),
            ("ssh://", "host is missing"),
            ("ssh://me:secret@host", "not accept a password"),
            ("ssh://-oProxyCommand=x", "begin with `-`"),
            ("ssh://-x@host", "begin with `-`"),
        ] {
            let error = given.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(text), "{given}: {error}");
        }
    }
}
