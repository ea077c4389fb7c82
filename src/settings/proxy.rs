//! The proxies of this machine, for the build.

use std::net::IpAddr;

use super::Environment;

/// The variables that name proxies, and what needs none.
const NAMES: [&str; 3] = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

/// The proxies that a build gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Name and value of each variable.
    pub variables: Vec<(String, String)>,
    /// The variables whose proxy runs on this very machine, by an address that means the container
    /// itself there.
    pub on_loopback: Vec<String>,
}

impl Proxies {
    /// Finds the proxies that this machine uses. Programs differ in which case they read: a variable
    /// that is set in one is handed on in both.
    pub fn of(environment: &Environment) -> Self {
        let mut proxies = Self::default();
        for upper in NAMES {
            let lower = upper.to_ascii_lowercase();
            let (in_upper, in_lower) = (
                environment.get_filled(upper),
                environment.get_filled(&lower),
            );
            let names = [
                (upper, in_upper.or(in_lower)),
                (&lower, in_lower.or(in_upper)),
            ];
            for (name, value) in names {
                let Some(value) = value else { continue };
                proxies.variables.push((name.to_owned(), value.to_owned()));
                if upper != "NO_PROXY" && is_loopback(value) {
                    proxies.on_loopback.push(name.to_owned());
                }
            }
        }
        proxies
    }
}

/// Whether a proxy's address, with or without scheme, user and port, is that of this machine itself.
fn is_loopback(proxy: &str) -> bool {
    let rest = proxy.split_once("://").map_or(proxy, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let name = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Proxies {
        let variables = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        Proxies::of(&Environment::new(variables))
    }

    #[test]
    fn both_cases_are_handed_on() {
        let proxies = found(&[
            ("http_proxy", "http://proxy:3128"),
            ("HTTPS_PROXY", "http://upper:1"),
            ("https_proxy", "http://lower:1"),
            ("NO_PROXY", "localhost"),
            ("OTHER", "x"),
        ]);
        let told: Vec<String> = proxies
            .variables
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            told,
            [
                "HTTP_PROXY=http://proxy:3128",
                "http_proxy=http://proxy:3128",
                "HTTPS_PROXY=http://upper:1",
                "https_proxy=http://lower:1",
                "NO_PROXY=localhost",
                "no_proxy=localhost",
            ]
        );
        assert!(proxies.on_loopback.is_empty());
        assert_eq!(found(&[("HTTP_PROXY", "")]), Proxies::default());
    }

    #[test]
    fn a_proxy_of_this_very_machine_is_known() {
        for (proxy, is_loopback) in [
            ("http://localhost:3128", true),
            ("localhost:3128", true),
            ("http://me:secret@127.0.0.1:3128/", true),
            ("http://[::1]:3128", true),
            ("http://proxy.example.org:3128", false),
            ("http://10.0.0.1", false),
            ("http://localhost.example.org", false),
            ("http://localhost@proxy:1", false),
        ] {
            let found = found(&[("HTTP_PROXY", proxy)]);
            assert_eq!(!found.on_loopback.is_empty(), is_loopback, "{proxy}");
        }
    }
}
