//! Tries what the engine lets containers do.

use std::time::Instant;

use super::trial::{Trial, TrialError, Trials};
use super::{Check, ReachedEngine, Subject};
use crate::engine::Engine;
use crate::resources::{Cpus, Limits, Memory};

/// The limits to request and verify.
const MEMORY: u64 = 64 * 1024 * 1024;
const CPUS: u32 = 1;

/// The number of the capability `CAP_SYS_ADMIN`, which privileged containers have.
const SYS_ADMIN: u32 = 21;

pub(super) async fn checks<E: Engine>(
    trials: &Trials<'_, E>,
    reached: &ReachedEngine,
) -> Vec<Check> {
    let (network, privileged, init, limits, platform) = tokio::join!(
        network(trials),
        privileged(trials, reached),
        init(trials),
        limits(trials, reached),
        platform(trials),
    );
    vec![network, privileged, init, limits, platform]
}

/// Whether a container runs at all.
pub(super) async fn container<E: Engine>(trials: &Trials<'_, E>) -> Check {
    let start = Instant::now();
    let files = &["/made"];
    let ran = trials.run(Trial {
        files,
        ..Trial::default()
    });
    match ran.await {
        Ok(_) => {
            let seconds = start.elapsed().as_secs_f32();
            let found = format!("a container starts, writes, prints and ends in {seconds:.1} s");
            Check::ok(Subject::Container, found)
        }
        Err(TrialError::NoImage(reason)) if !reason.starts_with("the engine") => {
            Check::not_tried(Subject::Container, reason)
        }
        Err(error) => Check::failed(
            Subject::Container,
            format!("a container does not run: {error}"),
            "check whether `docker run --rm hello-world` fails too, and read the log of the engine (`journalctl -u docker`)",
        ),
    }
}

/// Without an image a check is not tried rather than failed.
fn without_image(subject: Subject, error: &TrialError) -> Option<Check> {
    match error {
        TrialError::NoImage(reason) => Some(Check::not_tried(subject, reason.clone())),
        TrialError::Engine(_) | TrialError::EndsEarly(_) | TrialError::TooSlow => None,
    }
}

async fn network<E: Engine>(trials: &Trials<'_, E>) -> Check {
    let subject = Subject::Network;
    let remedy = "check the default network of the engine (`docker network inspect bridge`), and that the machine forwards packets (`sysctl net.ipv4.ip_forward`)";
    let files = &["/proc/net/route"];
    let ran = trials.run(Trial {
        files,
        ..Trial::default()
    });
    match ran.await {
        Ok(routes) if has_default_route(&routes) => {
            Check::ok(subject, "a container has a route to other machines")
        }
        Ok(_) => Check::warning(
            subject,
            "a container has no route to other machines",
            remedy,
        ),
        Err(error) => without_image(subject, &error).unwrap_or_else(|| {
            Check::warning(subject, format!("cannot be checked: {error}"), remedy)
        }),
    }
}

/// Whether a table as in `/proc/net/route` has a default route.
fn has_default_route(routes: &str) -> bool {
    routes
        .lines()
        .skip(1)
        .any(|route| route.split_whitespace().nth(1) == Some("00000000"))
}

async fn privileged<E: Engine>(trials: &Trials<'_, E>, reached: &ReachedEngine) -> Check {
    let subject = Subject::Privileged;
    let files = &["/proc/self/status"];
    let ran = trials.run(Trial {
        files,
        privileged: true,
        ..Trial::default()
    });
    let remedy = if reached.facts.is_rootless() {
        "builds with -d need an engine that runs as root"
    } else {
        "builds with -d need it; if the machine itself lacks capabilities (a container, some virtual machines), grant them or use another engine"
    };
    let nests = !(reached.facts.is_rootless() && reached.details.cgroup_version == "1");
    match ran.await {
        Ok(status) if has_capability(&status, SYS_ADMIN) && !nests => Check::warning(
            subject,
            "a privileged container runs, but Docker in a build runs no containers: only root can make control groups of version 1",
            remedy,
        ),
        Ok(status) if has_capability(&status, SYS_ADMIN) => {
            Check::ok(subject, "a privileged container runs, for builds with -d")
        }
        Ok(_) => Check::warning(subject, "a privileged container gets no privileges", remedy),
        Err(error) => without_image(subject, &error).unwrap_or_else(|| {
            let found = format!("a privileged container does not run: {error}");
            Check::warning(subject, found, remedy)
        }),
    }
}

/// Whether a process whose `/proc/PID/status` this is has a capability in force.
fn has_capability(status: &str, number: u32) -> bool {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    line.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok())
        .is_some_and(|all| all & (1 << number) != 0)
}

async fn init<E: Engine>(trials: &Trials<'_, E>) -> Check {
    let subject = Subject::Init;
    let remedy = "install `docker-init` or `tini` for the engine (package `tini` on Debian, `catatonit` for Podman); builds run without it, but orphaned processes of commands stay as zombies";
    let files = &["/proc/1/comm"];
    let ran = trials.run(Trial {
        files,
        init: true,
        ..Trial::default()
    });
    match ran.await {
        Ok(first) if first.trim() != "trial" => {
            let found = format!("`{}` reaps orphans", first.trim());
            Check::ok(subject, found)
        }
        Ok(_) => Check::warning(
            subject,
            "the engine starts no init process in containers",
            remedy,
        ),
        Err(error) => without_image(subject, &error).unwrap_or_else(|| {
            let found = format!("the engine has no init process for containers: {error}");
            Check::warning(subject, found, remedy)
        }),
    }
}

async fn limits<E: Engine>(trials: &Trials<'_, E>, reached: &ReachedEngine) -> Check {
    let subject = Subject::Limits;
    let second = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cpu.max"];
    let first = [
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us",
    ];
    let files = if reached.details.cgroup_version == "1" {
        &first
    } else {
        &second
    };
    let ran = trials.run(Trial {
        files,
        limits: Limits {
            memory: Some(Memory(MEMORY)),
            cpus: Some(Cpus::whole(CPUS)),
            ..Limits::default()
        },
        ..Trial::default()
    });
    let remedy = "builds run, but may use more than their compute type allows; enable control groups for the engine (version 2, delegated to the user for a rootless engine)";
    match ran.await {
        Ok(printed) => match ignored(&printed).as_slice() {
            [] => Check::ok(subject, "memory and processors can be limited"),
            ignored => {
                let found = format!("the engine ignores the limits of {}", ignored.join(" and "));
                Check::warning(subject, found, remedy)
            }
        },
        Err(error) => without_image(subject, &error).unwrap_or_else(|| {
            let found = format!("the engine cannot limit memory and processors: {error}");
            Check::warning(subject, found, remedy)
        }),
    }
}

/// Returns the limits that are not in force, by the two files of a control group.
fn ignored(printed: &str) -> Vec<&'static str> {
    let mut lines = printed.lines();
    let memory = lines.next().and_then(|line| line.parse::<u64>().ok());
    let quota = lines
        .next()
        .and_then(|line| line.split(' ').next()?.parse::<u64>().ok());
    let mut ignored = Vec::new();
    if memory.is_none_or(|bytes| bytes > MEMORY) {
        ignored.push("memory");
    }
    if quota.is_none() {
        ignored.push("processors");
    }
    ignored
}

async fn platform<E: Engine>(trials: &Trials<'_, E>) -> Check {
    let subject = Subject::Platform;
    let Some(platform) = trials.foreign_platform() else {
        return Check::not_tried(subject, "cobuild has no program for another architecture");
    };
    match trials.run_foreign().await {
        Ok(_) => Check::ok(subject, format!("{platform} is emulated")),
        Err(error) => without_image(subject, &error).unwrap_or_else(|| {
            let name = platform.trim_start_matches("linux/");
            Check::warning(
                subject,
                format!("{platform} is not emulated: {error}"),
                format!("needed only for images of that platform: run `docker run --privileged --rm tonistiigi/binfmt --install {name}`, or install `qemu-user-static` with `binfmt-support`"),
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_that_leads_everywhere_is_found() {
        let head = "Iface\tDestination\tGateway\n";
        assert!(!has_default_route(head));
        assert!(!has_default_route(&format!(
            "{head}eth0\t000011AC\t00000000\n"
        )));
        assert!(has_default_route(&format!(
            "{head}eth0\t00000000\t010011AC\n"
        )));
    }

    #[test]
    fn capabilities_are_told() {
        assert!(has_capability("CapEff:\t000001ffffffffff\n", SYS_ADMIN));
        assert!(!has_capability("CapEff:\t00000000a80425fb\n", SYS_ADMIN));
        assert!(!has_capability("", SYS_ADMIN));
    }

    #[test]
    fn limits_that_are_not_in_force_are_told() {
        assert_eq!(ignored("67108864\n100000\n"), [""; 0]);
        assert_eq!(ignored("67108864\n100000 100000\n"), [""; 0]);
        assert_eq!(ignored("max\nmax 100000\n"), ["memory", "processors"]);
        assert_eq!(
            ignored("9223372036854771712\n-1\n"),
            ["memory", "processors"]
        );
    }
}
