//! Checks the properties of the engine.

use jiff::Timestamp;

use super::{Check, ReachedEngine, Subject};
use crate::engine::EngineDetails;

/// The oldest Docker Engine, and the oldest API, that builds run on.
const OLDEST_DOCKER: (u32, u32) = (20, 10);
const OLDEST_API: (u32, u32) = (1, 41);

/// How much memory the smallest build of the cloud has, in bytes.
const SMALLEST_MEMORY: u64 = 3_000_000_000;

/// The largest accepted difference of two clocks, in seconds.
const MOST_SKEW: i64 = 30;

pub(super) fn checks(reached: &ReachedEngine, now: Timestamp) -> Vec<Check> {
    vec![
        version(&reached.details),
        storage_driver(&reached.facts.storage_driver),
        machine(reached),
        clock(&reached.details.time, now),
    ]
}

fn version(details: &EngineDetails) -> Check {
    let EngineDetails {
        product,
        version,
        api_version,
        ..
    } = details;
    let found = format!("{product} {version}, API {api_version}");
    // Others than Docker count their versions in another way.
    let is_docker = product.to_lowercase().contains("docker");
    let is_older = |version: &str, oldest| numbers(version).is_some_and(|it| it < oldest);
    if is_docker && is_older(version, OLDEST_DOCKER) || is_older(api_version, OLDEST_API) {
        return Check::failed(
            Subject::Version,
            format!("{found}: too old"),
            "update it: cobuild needs at least Docker Engine 20.10 or API 1.41",
        );
    }
    Check::ok(Subject::Version, found)
}

/// The first two numbers of a version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn storage_driver(driver: &str) -> Check {
    let subject = Subject::StorageDriver;
    match driver {
        "" => Check::not_tried(subject, "the engine does not report its storage driver"),
        "vfs" => Check::warning(
            subject,
            "vfs, which copies the image for each container: slow and large",
            "use overlay2: `\"storage-driver\": \"overlay2\"` in /etc/docker/daemon.json (`driver = \"overlay\"` in storage.conf for Podman), with its data on a file system that supports overlays",
        ),
        driver => Check::ok(subject, driver),
    }
}

fn machine(reached: &ReachedEngine) -> Check {
    let ReachedEngine { facts, details } = reached;
    let mut parts = vec![facts.architecture.clone()];
    match facts.cpus {
        Some(1) => parts.push("1 processor".to_owned()),
        Some(count) => parts.push(format!("{count} processors")),
        None => {}
    }
    parts.extend(
        facts
            .memory
            .map(|bytes| format!("{} of memory", size(bytes))),
    );
    if !details.cgroup_version.is_empty() {
        parts.push(format!("control groups {}", details.cgroup_version));
    }
    let rights = if facts.is_rootless() {
        "rootless"
    } else {
        "as root"
    };
    parts.push(rights.to_owned());
    let place = if facts.shares_host {
        "this system"
    } else {
        "another system"
    };
    parts.push(format!("on {place}"));
    let found = parts.join(", ");
    if facts.memory.is_some_and(|bytes| bytes < SMALLEST_MEMORY) {
        return Check::warning(
            Subject::Machine,
            found,
            "give it more memory: the smallest build in the cloud has 3 GB",
        );
    }
    Check::ok(Subject::Machine, found)
}

/// Writes a number of bytes in GB.
pub(super) fn size(bytes: u64) -> String {
    let tenths = bytes / 100_000_000;
    format!("{}.{} GB", tenths / 10, tenths % 10)
}

fn clock(theirs: &str, now: Timestamp) -> Check {
    let subject = Subject::Clock;
    let Ok(theirs) = theirs.parse::<Timestamp>() else {
        return Check::not_tried(subject, "the engine does not report its time");
    };
    let skew = theirs.as_second() - now.as_second();
    if skew.abs() > MOST_SKEW {
        let way = if skew > 0 { "fast" } else { "slow" };
        return Check::warning(
            subject,
            format!("the clock of the engine is {} s {way}", skew.abs()),
            "synchronize both clocks with NTP, or restart the virtual machine of the engine: AWS refuses requests with a wrong time",
        );
    }
    Check::ok(
        subject,
        "the clocks of the engine and of this machine agree",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::engine::EngineFacts;

    #[test]
    fn old_engines_are_told_from_new_ones() {
        for (product, engine, api, verdict) in [
            ("Docker", "20.10.24+dfsg1", "1.41", Verdict::Ok),
            ("Docker Engine - Community", "29.0.1", "1.53", Verdict::Ok),
            ("Docker", "19.03.15", "1.40", Verdict::Failed),
            ("Docker", "20.9.0", "1.41", Verdict::Failed),
            ("Podman Engine", "4.3.1", "1.41", Verdict::Ok),
            ("Podman Engine", "2.0.0", "1.40", Verdict::Failed),
            ("other", "dev", "", Verdict::Ok),
        ] {
            let details = EngineDetails {
                product: product.to_owned(),
                version: engine.to_owned(),
                api_version: api.to_owned(),
                ..EngineDetails::default()
            };
            assert_eq!(version(&details).verdict, verdict, "{details:?}");
        }
    }

    #[test]
    fn a_clock_that_is_off_is_told() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        for (time, verdict) in [
            ("2026-11-22T12:00:29.123456789Z", Verdict::Ok),
            ("2026-11-22T13:00:00+01:00", Verdict::Ok),
            ("2026-11-22T12:01:00Z", Verdict::Warning),
            ("2026-11-22T11:00:00Z", Verdict::Warning),
            ("", Verdict::NotTried),
        ] {
            assert_eq!(clock(time, now).verdict, verdict, "{time}");
        }
    }

    #[test]
    fn little_memory_is_told() {
        let reached = |memory| ReachedEngine {
            facts: EngineFacts {
                memory,
                ..EngineFacts::default()
            },
            ..ReachedEngine::default()
        };
        assert_eq!(
            machine(&reached(Some(2_000_000_000))).verdict,
            Verdict::Warning
        );
        assert_eq!(machine(&reached(Some(4_000_000_000))).verdict, Verdict::Ok);
        assert_eq!(machine(&reached(None)).verdict, Verdict::Ok);
    }
}
