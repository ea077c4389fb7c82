//! What cobuild's proofs are made of, worked out by somebody else than cobuild.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::env::TestEnv;

/// The labels of an object.
pub(crate) type Labels = BTreeMap<String, String>;

/// No kernel gives out such a number.
pub(crate) const NO_PID: &str = "2147483632";

/// What a process of this machine labels things with, as cobuild does but for the proof.
pub(crate) fn labels_of(pid: &str, host: &str) -> Labels {
    let read = |path: &str| std::fs::read_to_string(path).unwrap().trim().to_owned();
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap();
    [
        ("cobuild.tool", "cobuild".to_owned()),
        ("cobuild.build", "project:of-test".to_owned()),
        ("cobuild.pid", pid.to_owned()),
        ("cobuild.host", host.to_owned()),
        ("cobuild.boot", read("/proc/sys/kernel/random/boot_id")),
        ("cobuild.pid-namespace", namespace.display().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Adds the proof that the cobuild of an environment made the object of this kind and name.
pub(crate) fn prove(env: &TestEnv, kind: &str, name: &str, labels: &Labels) -> Labels {
    // There as soon as anything was made.
    drop(env.owner());
    let key = std::fs::read(env.path("home/.local/state/cobuild/key")).unwrap();
    let mut proven = labels.clone();
    proven.insert("cobuild.name".to_owned(), name.to_owned());
    let parts = [
        "tool",
        "version",
        "build",
        "host",
        "pid",
        "started",
        "pid-namespace",
        "boot",
    ];
    let values = parts.map(|part| {
        let value = labels.get(&format!("cobuild.{part}"));
        value.cloned().unwrap_or_default()
    });
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    for text in [kind, name]
        .into_iter()
        .chain(values.iter().map(String::as_str))
    {
        mac.update(text.as_bytes());
        mac.update(&[0]);
    }
    let mut proof = String::new();
    for byte in mac.finalize().into_bytes() {
        write!(proof, "{byte:02x}").unwrap();
    }
    proven.insert("cobuild.proof".to_owned(), proof);
    proven
}

/// Labels as arguments of the docker client.
pub(crate) fn arguments(labels: &Labels) -> Vec<String> {
    labels
        .iter()
        .flat_map(|(name, value)| ["--label".to_owned(), format!("{name}={value}")])
        .collect()
}
