//! Tells which run made an object in the engine, and whether that run still lives.
//!
//! Every object that cobuild makes in an engine has labels that name the process that made it. So
//! the leftovers of a killed run differ from the belongings of a living one, even when several
//! machines and containers share an engine. In doubt a run counts as living (assumed):
//!
//! - A number of a process means nothing in another namespace of processes, as in a container that has
//!   the socket of its host: what was made there is [`MakerState::Unseen`] from here.
//! - A number is used again: the time at which the process began tells the two apart.
//! - Times begin anew with each boot, and machines may have one name: what another boot made is
//!   [`MakerState::OtherBoot`].
//!
//! Where there is no `/proc`, as on macOS, the number of the process is all there is.
//!
//! Labels alone are no evidence: a container has those of its image, and anybody can write them. So
//! each object has a name that cobuild chose, and a proof: a keyed hash of the name and the labels,
//! which requires the [`Key`]. A copy on another object proves nothing, since that has another
//! name.

mod key;
mod process;

use std::collections::BTreeMap;
use std::fs;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

pub use key::{Key, KeyError};
use process::Process;

/// The label of every object of cobuild.
pub const TOOL: &str = "cobuild.tool";
/// The label that names the build.
pub const BUILD: &str = "cobuild.build";
/// The label of images that `cobuild doctor` imports. An image made from a build container inherits
/// all other labels, but not this one.
pub const TRIAL: &str = "cobuild.trial";
/// The label that names the host.
pub const HOST: &str = "cobuild.host";
/// The label with the name of the object; an anonymous volume has the name of its container.
pub const NAME: &str = "cobuild.name";
const PROOF: &str = "cobuild.proof";
const VERSION: &str = "cobuild.version";
const PID: &str = "cobuild.pid";
const STARTED: &str = "cobuild.started";
const NAMESPACE: &str = "cobuild.pid-namespace";
const BOOT: &str = "cobuild.boot";

/// The labels that a proof covers, besides the name.
const PROVEN: &[&str] = &[TOOL, VERSION, BUILD, HOST, PID, STARTED, NAMESPACE, BOOT];

/// The suffix of the name of a container that is kept for debugging.
const KEPT: &str = "-kept";

/// The kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A container, and its volumes without names.
    Container,
    Volume,
    Network,
    Image,
}

impl ObjectKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Volume => "volume",
            Self::Network => "network",
            Self::Image => "image",
        }
    }
}

/// The name and the labels of a new object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectLabels {
    pub name: String,
    pub labels: BTreeMap<String, String>,
}

/// A process that makes objects in an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    key: Key,
    host: String,
    pid: u32,
    /// When it began, in ticks since the boot.
    started: Option<String>,
    /// The namespace in which the number is the process's.
    namespace: Option<String>,
    boot: Option<String>,
}

/// The state of the process that made an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MakerState {
    Lives,
    /// It has ended.
    Dead,
    /// It may run where this process cannot see it, or it is unknown.
    Unseen,
    /// It ran before the last boot, or runs on another machine of the same name.
    OtherBoot,
    Elsewhere,
}

impl Owner {
    /// Returns the owner for this process, which proves its objects with `key`.
    pub fn this_process(key: Key) -> Self {
        let pid = std::process::id();
        Self {
            key,
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            pid,
            started: Process::look(pid).map(|process| process.started),
            namespace: fs::read_link("/proc/self/ns/pid")
                .ok()
                .map(|link| link.to_string_lossy().into_owned()),
            boot: fs::read_to_string("/proc/sys/kernel/random/boot_id")
                .ok()
                .map(|id| id.trim().to_owned()),
        }
    }

    /// The name of its host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// A name that no other container has, with the labels of one for this build.
    pub fn container(&self, build: &str) -> ObjectLabels {
        self.container_called("cobuild", build)
    }

    /// The same, with a name that begins so.
    pub fn container_called(&self, beginning: &str, build: &str) -> ObjectLabels {
        let (_, unique) = Uuid::new_v4().as_u64_pair();
        let name = format!("{beginning}-{unique:016x}");
        self.tag(ObjectKind::Container, name, build)
    }

    pub fn tag(&self, kind: ObjectKind, name: String, build: &str) -> ObjectLabels {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        // Unknown labels are set to empty: an image could define them otherwise.
        let labels = [
            (NAME, name.clone()),
            (TOOL, "cobuild".to_owned()),
            (VERSION, env!("CARGO_PKG_VERSION").to_owned()),
            (BUILD, build.to_owned()),
            (HOST, self.host.clone()),
            (PID, self.pid.to_string()),
            (STARTED, text(&self.started)),
            (NAMESPACE, text(&self.namespace)),
            (BOOT, text(&self.boot)),
        ];
        let mut labels: BTreeMap<String, String> = labels
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let proof = self.mac(kind, &name, &labels).finalize().into_bytes();
        labels.insert(PROOF.to_owned(), hexadecimal(&proof));
        ObjectLabels { name, labels }
    }

    /// Whether this user's cobuild made the object of this name, with these labels.
    pub fn has_made(
        &self,
        kind: ObjectKind,
        name: &str,
        labels: &BTreeMap<String, String>,
    ) -> bool {
        let name = match kind {
            ObjectKind::Container => name.strip_suffix(KEPT).unwrap_or(name),
            ObjectKind::Volume | ObjectKind::Network | ObjectKind::Image => name,
        };
        let proof = labels.get(PROOF).and_then(|proof| bytes(proof));
        proof.is_some_and(|proof| self.mac(kind, name, labels).verify_slice(&proof).is_ok())
    }

    /// Whether an object was made for this build, by this user's cobuild.
    pub fn has_made_for(&self, build: &str, name: &str, labels: &BTreeMap<String, String>) -> bool {
        labels.get(BUILD).is_some_and(|its| its == build)
            && self.has_made(ObjectKind::Container, name, labels)
    }

    /// Returns a keyed hash of these words, valid in a name.
    pub fn seal(&self, words: &[&str]) -> String {
        let mut mac = self.key.mac();
        mac.update(b"seal\0");
        for word in words {
            mac.update(word.as_bytes());
            mac.update(&[0]);
        }
        hexadecimal(&mac.finalize().into_bytes()[..16])
    }

    fn mac(&self, kind: ObjectKind, name: &str, labels: &BTreeMap<String, String>) -> Hmac<Sha256> {
        let mut mac = self.key.mac();
        let value = |label: &&str| labels.get(*label).map_or("", String::as_str);
        for text in [kind.as_str(), name]
            .into_iter()
            .chain(PROVEN.iter().map(value))
        {
            mac.update(text.as_bytes());
            mac.update(&[0]);
        }
        mac
    }

    /// Reads the maker from the labels of an object; `None` when they name no process.
    fn of(&self, labels: &BTreeMap<String, String>) -> Option<Self> {
        let label = |name: &str| labels.get(name).filter(|it| !it.is_empty()).cloned();
        Some(Self {
            key: self.key.clone(),
            host: label(HOST)?,
            pid: label(PID)?.parse().ok()?,
            started: label(STARTED),
            namespace: label(NAMESPACE),
            boot: label(BOOT),
        })
    }

    /// Returns the state of the maker of an object with these labels, as seen from this process.
    pub fn standing(&self, labels: &BTreeMap<String, String>) -> MakerState {
        let Some(theirs) = self.of(labels) else {
            let is_elsewhere = labels.get(HOST).is_some_and(|host| *host != self.host);
            return if is_elsewhere {
                MakerState::Elsewhere
            } else {
                MakerState::Unseen
            };
        };
        if theirs.host != self.host {
            MakerState::Elsewhere
        } else if differ(theirs.boot.as_ref(), self.boot.as_ref()) {
            MakerState::OtherBoot
        } else if differ(theirs.namespace.as_ref(), self.namespace.as_ref()) {
            MakerState::Unseen
        } else if theirs.lives() {
            MakerState::Lives
        } else {
            MakerState::Dead
        }
    }

    /// Whether the process runs, when its number is one of this namespace.
    fn lives(&self) -> bool {
        process::runs(self.pid)
            // Some machines hide the processes of other users: those count as living.
            && Process::look(self.pid).is_none_or(|process| {
                !process.is_zombie && !differ(self.started.as_ref(), Some(&process.started))
            })
    }
}

/// Returns the name of a kept container. Until it has that name, a sweep removes it like any
/// container of a dead run.
pub fn kept_name(name: &str) -> String {
    format!("{name}{KEPT}")
}

/// Whether a container is kept for debugging.
pub fn is_kept(name: &str) -> bool {
    name.ends_with(KEPT)
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of a proof.
fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits = hexadecimal.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Whether both are known and not the same.
fn differ(one: Option<&String>, other: Option<&String>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Owner {
        Owner::this_process(Key::of_one_run())
    }

    fn labels_of(change: impl FnOnce(&mut Owner)) -> BTreeMap<String, String> {
        let mut owner = me();
        change(&mut owner);
        owner.container("build").labels
    }

    #[test]
    fn what_is_known_of_a_process_tells_whether_it_lives() {
        let me = me();
        let other = || Some("other".to_owned());
        for (labels, standing) in [
            (labels_of(|_| {}), MakerState::Lives),
            (labels_of(|it| it.started = other()), MakerState::Dead),
            (labels_of(|it| it.started = None), MakerState::Lives),
            (labels_of(|it| it.namespace = other()), MakerState::Unseen),
            (labels_of(|it| it.boot = other()), MakerState::OtherBoot),
            (
                labels_of(|it| it.host = "other".to_owned()),
                MakerState::Elsewhere,
            ),
            // No kernel gives out such a number.
            (labels_of(|it| it.pid = 0x7fff_fff0), MakerState::Dead),
            (labels_of(|it| it.pid = 0), MakerState::Dead),
            (BTreeMap::new(), MakerState::Unseen),
        ] {
            assert_eq!(me.standing(&labels), standing, "{labels:?}");
        }
    }

    #[test]
    fn a_process_that_nobody_has_asked_for_its_end_is_dead() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let labels = labels_of(|it| {
            it.pid = child.id();
            it.started = None;
        });
        let me = me();
        let died = (0..500).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            me.standing(&labels) == MakerState::Dead
        });
        child.wait().unwrap();
        assert!(died);
    }

    #[test]
    fn everything_says_who_made_it() {
        let labels = me().container("build").labels;
        for name in [TOOL, VERSION, HOST, PID, NAME, BUILD, PROOF] {
            assert!(labels.contains_key(name), "{labels:?}");
        }
        #[cfg(target_os = "linux")]
        for name in [STARTED, NAMESPACE, BOOT] {
            assert!(labels.contains_key(name), "{labels:?}");
        }
    }

    #[test]
    fn what_was_made_is_known_by_its_name_and_its_labels_together() {
        let me = me();
        let ObjectLabels { name, labels } = me.container("build");
        let has_made = |name: &str, labels: &BTreeMap<String, String>| {
            me.has_made(ObjectKind::Container, name, labels)
        };
        assert!(has_made(&name, &labels));
        assert!(has_made(&kept_name(&name), &labels));
        assert!(!has_made(&me.container("build").name, &labels));
        assert!(!has_made("", &labels));
        assert!(!me.has_made(ObjectKind::Volume, &name, &labels));
        assert!(!has_made(&name, &BTreeMap::new()));
        for label in PROVEN.iter().chain([&PROOF]) {
            for value in ["", "0", "x"] {
                let mut forged = labels.clone();
                forged.insert((*label).to_owned(), value.to_owned());
                assert!(!has_made(&name, &forged), "{label}={value}");
            }
        }
        let other = Owner::this_process(Key::of_one_run());
        assert!(!other.has_made(ObjectKind::Container, &name, &labels));
        assert!(me.has_made_for("build", &name, &labels));
        assert!(!me.has_made_for("other", &name, &labels));
        assert_ne!(me.seal(&["a", "b"]), me.seal(&["ab", ""]));
    }
}
