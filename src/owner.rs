//! Whose an object in the engine is: the run that made it, and whether that run still lives.
//!
//! Everything that cobuild makes in an engine carries labels. They say which process made it, so that
//! the leavings of a killed run can be told from the belongings of a living one, also where several
//! machines and containers share an engine. What cannot be told counts as living (assumed):
//!
//! - A number of a process means nothing in another namespace of processes, as in a container that has
//!   the socket of its host: what was made there is [`Standing::Unseen`] from here.
//! - A number is used again: the time at which the process began tells the two apart.
//! - Times begin anew with each boot, and machines may have one name: what another boot made is
//!   [`Standing::OtherBoot`].
//!
//! Where there is no `/proc`, as on macOS, the number of the process is all there is.

use std::collections::BTreeMap;
use std::fs;

use rustix::process::{Pid, test_kill_process};

/// The label that everything of cobuild's has.
pub const TOOL: &str = "cobuild.tool";
/// The label that names the build.
pub const BUILD: &str = "cobuild.build";
/// The label that images have which cobuild made to try the engine with. An image that somebody makes
/// of a build container takes over all other labels.
pub const TRIAL: &str = "cobuild.trial";
/// The label that names the host.
pub const HOST: &str = "cobuild.host";
const VERSION: &str = "cobuild.version";
const PID: &str = "cobuild.pid";
const STARTED: &str = "cobuild.started";
const NAMESPACE: &str = "cobuild.pid-namespace";
const BOOT: &str = "cobuild.boot";

/// A process that makes objects in an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    host: String,
    pid: u32,
    /// When it began, in ticks since the boot.
    started: Option<String>,
    /// The namespace in which the number is the process's.
    namespace: Option<String>,
    boot: Option<String>,
}

/// What can be told of the process that made an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It runs.
    Lives,
    /// It is no more.
    Dead,
    /// It may run where this process cannot see it, or nothing says which it was.
    Unseen,
    /// It ran before this machine was started the last time, or it runs on another machine that has
    /// the same name.
    OtherBoot,
    /// It belongs to another host.
    Elsewhere,
}

impl Owner {
    /// This very process.
    pub fn this_process() -> Self {
        let pid = std::process::id();
        Self {
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

    /// The labels of everything that it makes.
    pub fn labels(&self) -> BTreeMap<String, String> {
        let known = [
            (TOOL, "cobuild".to_owned()),
            (VERSION, env!("CARGO_PKG_VERSION").to_owned()),
            (HOST, self.host.clone()),
            (PID, self.pid.to_string()),
        ];
        let told = [
            (STARTED, &self.started),
            (NAMESPACE, &self.namespace),
            (BOOT, &self.boot),
        ];
        let told = told
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)));
        known
            .into_iter()
            .chain(told)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// The labels of everything that it makes for one build.
    pub fn labels_of_build(&self, build: &str) -> BTreeMap<String, String> {
        let mut labels = self.labels();
        labels.insert(BUILD.to_owned(), build.to_owned());
        labels
    }

    /// Reads the labels of an object back; `None` when they name no process.
    fn of(labels: &BTreeMap<String, String>) -> Option<Self> {
        let label = |name: &str| labels.get(name).cloned();
        Some(Self {
            host: label(HOST)?,
            pid: label(PID)?.parse().ok()?,
            started: label(STARTED),
            namespace: label(NAMESPACE),
            boot: label(BOOT),
        })
    }

    /// Tells, as seen from this process, how the maker of an object with these labels stands.
    pub fn standing(&self, labels: &BTreeMap<String, String>) -> Standing {
        let Some(theirs) = Self::of(labels) else {
            let is_elsewhere = labels.get(HOST).is_some_and(|host| *host != self.host);
            return if is_elsewhere {
                Standing::Elsewhere
            } else {
                Standing::Unseen
            };
        };
        if theirs.host != self.host {
            Standing::Elsewhere
        } else if differ(theirs.boot.as_ref(), self.boot.as_ref()) {
            Standing::OtherBoot
        } else if differ(theirs.namespace.as_ref(), self.namespace.as_ref()) {
            Standing::Unseen
        } else if theirs.lives() {
            Standing::Lives
        } else {
            Standing::Dead
        }
    }

    /// Whether the process runs, when its number is one of this namespace.
    fn lives(&self) -> bool {
        let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) else {
            return false;
        };
        if test_kill_process(pid) == Err(rustix::io::Errno::SRCH) {
            return false;
        }
        // Some machines show nobody the processes of others: those live.
        Process::look(self.pid).is_none_or(|process| {
            !process.is_zombie && !differ(self.started.as_ref(), Some(&process.started))
        })
    }
}

/// Whether both are known and not the same.
fn differ(one: Option<&String>, other: Option<&String>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

/// What the kernel tells of a process.
struct Process {
    started: String,
    /// Whether it has ended, and only its parent has not yet asked how.
    is_zombie: bool,
}

impl Process {
    fn look(pid: u32) -> Option<Self> {
        let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
        let text = String::from_utf8_lossy(&text);
        // The name before may hold anything, parentheses and blanks too.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        Some(Self {
            // The third and the twenty-second of `proc(5)`.
            is_zombie: matches!(*fields.first()?, "Z" | "X"),
            started: (*fields.get(19)?).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels_of(change: impl FnOnce(&mut Owner)) -> BTreeMap<String, String> {
        let mut owner = Owner::this_process();
        change(&mut owner);
        owner.labels()
    }

    #[test]
    fn what_is_known_of_a_process_tells_whether_it_lives() {
        let me = Owner::this_process();
        let other = || Some("other".to_owned());
        for (labels, standing) in [
            (labels_of(|_| {}), Standing::Lives),
            (labels_of(|it| it.started = other()), Standing::Dead),
            (labels_of(|it| it.started = None), Standing::Lives),
            (labels_of(|it| it.namespace = other()), Standing::Unseen),
            (labels_of(|it| it.boot = other()), Standing::OtherBoot),
            (
                labels_of(|it| it.host = "other".to_owned()),
                Standing::Elsewhere,
            ),
            // No kernel gives out such a number.
            (labels_of(|it| it.pid = 0x7fff_fff0), Standing::Dead),
            (labels_of(|it| it.pid = 0), Standing::Dead),
            (BTreeMap::new(), Standing::Unseen),
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
        let me = Owner::this_process();
        let died = (0..500).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            me.standing(&labels) == Standing::Dead
        });
        child.wait().unwrap();
        assert!(died);
    }

    #[test]
    fn everything_says_who_made_it() {
        let labels = Owner::this_process().labels();
        for name in [TOOL, VERSION, HOST, PID] {
            assert!(labels.contains_key(name), "{labels:?}");
        }
        #[cfg(target_os = "linux")]
        for name in [STARTED, NAMESPACE, BOOT] {
            assert!(labels.contains_key(name), "{labels:?}");
        }
    }
}
