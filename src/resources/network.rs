//! Entries for the `/etc/hosts` of a container.

use core::net::IpAddr;
use std::fmt;
use std::str::FromStr;

use super::ResourceError;
use crate::wire::text_form;

/// The network of the engine's host itself.
pub const HOST_NETWORK: &str = "host";

/// The word that the engine replaces with the address of its host.
const HOST_GATEWAY: &str = "host-gateway";

/// A line of the container's `/etc/hosts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostEntry {
    name: String,
    /// An address, or [`HOST_GATEWAY`].
    address: String,
}

text_form!(HostEntry);

impl FromStr for HostEntry {
    type Err = ResourceError;

    /// Reads `NAME:ADDRESS`, or `NAME=ADDRESS` as newer clients of docker write it.
    fn from_str(text: &str) -> Result<Self, ResourceError> {
        let (name, address) = text
            .split_once(['=', ':'])
            .ok_or(ResourceError::HostEntry)?;
        let bare = address
            .strip_prefix('[')
            .and_then(|address| address.strip_suffix(']'))
            .unwrap_or(address);
        let is_address = bare == HOST_GATEWAY || bare.parse::<IpAddr>().is_ok();
        if name.is_empty() || name.contains(char::is_whitespace) || !is_address {
            return Err(ResourceError::HostEntry);
        }
        Ok(Self {
            name: name.to_owned(),
            address: bare.to_owned(),
        })
    }
}

impl fmt::Display for HostEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_addresses() {
        for (text, told) in [
            ("db:10.0.0.5", "db:10.0.0.5"),
            ("db=10.0.0.5", "db:10.0.0.5"),
            ("six:::1", "six:::1"),
            ("six:[::1]", "six:::1"),
            ("gateway:host-gateway", "gateway:host-gateway"),
        ] {
            assert_eq!(text.parse::<HostEntry>().unwrap().to_string(), told);
        }
        for text in ["", "db", "db:", ":10.0.0.5", "db:there", "a b:10.0.0.5"] {
            assert!(text.parse::<HostEntry>().is_err(), "{text}");
        }
    }
}
