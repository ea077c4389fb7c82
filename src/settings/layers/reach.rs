//! What reaches beyond the container: the one table that says so of every flag of `cobuild run`.
//!
//! A repository must not open the door of the sandbox that its commands run in. Its file of settings may
//! say how a build is made, and may ask for less of the machine; what lets the build, or cobuild on its
//! behalf, read, write or run more than the container and the source counts from the user alone.

use std::path::Path;

use jiff::SignedDuration;

use super::path_part::{PathPart, path_of};
use super::{Entry, Flags, Form, Origin};

/// Whether a flag reaches beyond the container.
#[derive(Debug, Clone, Copy)]
pub enum Reach {
    /// It never does.
    Inside,
    /// It always does; why.
    Beyond(&'static str),
    /// It does with some values; why, of one that does.
    ByValue(fn(&str) -> Option<&'static str>),
    /// It does with a path outside of the source.
    ByPath,
    /// It describes one call of cobuild, not a build: no file and no variable has it.
    CommandLine,
}

/// What holds for one flag.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its long name, without dashes.
    pub name: &'static str,
    /// Whether it reaches beyond the container.
    pub reach: Reach,
    /// Where its value has a path.
    pub path: PathPart,
}

const fn inside(name: &'static str) -> Rule {
    rule_of(name, Reach::Inside, PathPart::Nothing)
}

const fn beyond(name: &'static str, why: &'static str) -> Rule {
    rule_of(name, Reach::Beyond(why), PathPart::Nothing)
}

const fn beyond_at(name: &'static str, path: PathPart, why: &'static str) -> Rule {
    rule_of(name, Reach::Beyond(why), path)
}

const fn by_value(name: &'static str, reaches: fn(&str) -> Option<&'static str>) -> Rule {
    rule_of(name, Reach::ByValue(reaches), PathPart::Nothing)
}

const fn by_path(name: &'static str, path: PathPart) -> Rule {
    rule_of(name, Reach::ByPath, path)
}

const fn command_line(name: &'static str) -> Rule {
    rule_of(name, Reach::CommandLine, PathPart::Nothing)
}

const fn rule_of(name: &'static str, reach: Reach, path: PathPart) -> Rule {
    Rule { name, reach, path }
}

const WRITES: &str = "it writes on this machine";
const ENGINE: &str = "it chooses an engine, and what the user may do there";
const MACHINE: &str = "it hands the build a part of this machine";
const PRIVILEGED: &str = "a privileged container has the engine's machine in its hands";

/// Every flag of `cobuild run`, each with a rule.
pub const RULES: &[Rule] = &[
    inside("image"),
    inside("pull"),
    inside("platform"),
    by_path("buildspec", PathPart::Buildspec),
    beyond_at(
        "source",
        PathPart::AfterIdentifier,
        "it brings in what is kept out of the primary source",
    ),
    beyond(
        "source-version",
        "it may ask the remote, with the user's credentials",
    ),
    inside("git-clone-depth"),
    beyond_at(
        "git-dir",
        PathPart::Whole,
        "it brings in a directory from outside of the source",
    ),
    beyond(
        "no-source",
        "the buildspec is then any file of this machine",
    ),
    inside("as"),
    inside("initiator"),
    beyond_at(
        "env-file",
        PathPart::Whole,
        "a line of a name alone takes this machine's value",
    ),
    inside("env-file-format"),
    by_value("env", takes_value_of_machine),
    beyond("mount", "the build then writes in the source itself"),
    beyond("privileged", PRIVILEGED),
    by_value("timeout", longer_than_codebuild),
    inside("from"),
    inside("only"),
    inside("mock"),
    inside("source-transfer"),
    inside("source-owner"),
    inside("respect-gitignore"),
    by_value("exclude", brings_back),
    inside("cache"),
    inside("cache-mode"),
    beyond("cache-namespace", "it shares caches with other projects"),
    beyond("project-name", "it shares caches with other projects"),
    inside("compute-type"),
    inside("cpus"),
    inside("memory"),
    by_value("pids-limit", more_processes),
    by_value("network", other_network),
    by_value("add-host", host_gateway),
    inside("dns"),
    beyond("device", MACHINE),
    beyond("gpus", MACHINE),
    beyond_at("volume", PathPart::BeforeTarget, MACHINE),
    inside("shm-size"),
    by_value("ulimit", powerful_limit),
    beyond_at("file-system", PathPart::AfterEquals, MACHINE),
    beyond("proxy", "it hands the build values of this machine"),
    by_path("certificate", PathPart::Whole),
    beyond("start-dockerd", PRIVILEGED),
    beyond_at("artifacts", PathPart::Whole, WRITES),
    inside("packaging"),
    inside("override-artifact-name"),
    inside("artifact-namespace"),
    beyond_at("build-json", PathPart::Whole, WRITES),
    beyond_at("events", PathPart::Whole, WRITES),
    beyond_at("export-file", PathPart::Whole, WRITES),
    inside("show-changes"),
    inside("timestamps"),
    inside("quiet"),
    beyond_at("log-file", PathPart::Whole, WRITES),
    by_value("grace", long_grace),
    beyond_at(
        "secrets",
        PathPart::Whole,
        "it hands the build secrets of this machine",
    ),
    beyond("host", ENGINE),
    beyond("context", ENGINE),
    beyond("engine-timeout", ENGINE),
    command_line("debug"),
    command_line("break-at"),
    command_line("dry-run"),
    command_line("format"),
    command_line("config-profile"),
    command_line("no-config"),
    command_line("color"),
    command_line("verbose"),
    command_line("help"),
];

/// The rule of a flag.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// The longest time that a build of CodeBuild may have (contract §8.1).
const LONGEST_TIMEOUT: SignedDuration = SignedDuration::from_hours(36);

/// The longest time that commands may take to end without the user's word.
const LONGEST_GRACE: SignedDuration = SignedDuration::from_secs(60);

/// How many processes a build may have without the user's word; as many as without any.
const MOST_PROCESSES: u32 = 16_384;

/// Limits that only take from what a process has.
const LIMITS_OF_ITSELF: [&str; 7] = ["core", "cpu", "data", "fsize", "nofile", "rss", "stack"];

fn takes_value_of_machine(value: &str) -> Option<&'static str> {
    (!value.contains('=')).then_some("a name alone takes this machine's value")
}

fn longer_than_codebuild(value: &str) -> Option<&'static str> {
    is_longer(value, LONGEST_TIMEOUT).then_some("no build of CodeBuild may take longer than 36h")
}

fn long_grace(value: &str) -> Option<&'static str> {
    is_longer(value, LONGEST_GRACE)
        .then_some("a build that is stopped would go on for more than 60s")
}

/// A duration that cannot be read is as long as can be.
fn is_longer(value: &str, limit: SignedDuration) -> bool {
    value
        .parse::<SignedDuration>()
        .map_or(true, |duration| duration > limit)
}

fn brings_back(value: &str) -> Option<&'static str> {
    value
        .starts_with('!')
        .then_some("it brings back what others leave out of the source")
}

fn more_processes(value: &str) -> Option<&'static str> {
    let is_fewer = value
        .parse::<u32>()
        .is_ok_and(|count| (1..=MOST_PROCESSES).contains(&count));
    (!is_fewer).then_some("more than 16384 processes may be more than the machine has")
}

fn other_network(value: &str) -> Option<&'static str> {
    (!matches!(value, "none" | "bridge")).then_some("it is a network of others")
}

fn host_gateway(value: &str) -> Option<&'static str> {
    value
        .contains("host-gateway")
        .then_some("it gives the engine's host a name")
}

fn powerful_limit(value: &str) -> Option<&'static str> {
    let name = value.split('=').next().unwrap_or_default();
    (!LIMITS_OF_ITSELF.contains(&name))
        .then_some("it lets processes take from others on the machine")
}

/// A value that reaches beyond the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The flag.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where it stands.
    pub origin: Origin,
    /// Why.
    pub why: &'static str,
}

/// Finds the entries that reach beyond the container; `is_inside` says whether a path leads to something
/// in the source.
pub fn breaches(
    entries: &[Entry],
    flags: &Flags,
    is_inside: &dyn Fn(&Path) -> bool,
) -> Vec<Breach> {
    let reaching = entries.iter().filter_map(|entry| {
        let value = entry.text();
        let is_off = flags.get(&entry.name)?.form == Form::Switch && value == "false";
        let why = reason(&entry.name, &value, is_inside).filter(|_| !is_off)?;
        Some(Breach {
            name: entry.name.clone(),
            value: value.into_owned(),
            origin: entry.origin.clone(),
            why,
        })
    });
    reaching.collect()
}

/// Why a value reaches beyond the container; a flag that nobody knows does.
fn reason(name: &str, value: &str, is_inside: &dyn Fn(&Path) -> bool) -> Option<&'static str> {
    let Some(rule) = rule(name) else {
        return Some("nobody has said that it does not");
    };
    match rule.reach {
        Reach::Inside => None,
        Reach::Beyond(why) => Some(why),
        Reach::ByValue(reaches) => reaches(value),
        Reach::CommandLine => Some("it is of the command line alone"),
        Reach::ByPath => match path_of(rule.path, value) {
            Some(path) if is_inside(Path::new(path)) => None,
            Some(_) => Some("it lies outside of the source"),
            None if value == "-" => Some("it takes what is typed, or piped in"),
            None => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reaches(name: &str, value: &str) -> bool {
        let inside = |path: &Path| path.is_relative() || path.starts_with("/source");
        reason(name, value, &inside).is_some()
    }

    #[test]
    fn each_flag_has_one_rule() {
        for (index, rule) in RULES.iter().enumerate() {
            let again = RULES[index + 1..].iter().any(|it| it.name == rule.name);
            assert!(!again, "{}", rule.name);
        }
    }

    #[test]
    fn values_decide_where_both_is_possible() {
        for (name, value, expected) in [
            ("env", "A=b", false),
            ("env", "A=", false),
            ("env", "A", true),
            ("timeout", "36h", false),
            ("timeout", "36h 1s", true),
            ("timeout", "much", true),
            ("grace", "1m", false),
            ("grace", "61s", true),
            ("exclude", "*.o", false),
            ("exclude", "!.env", true),
            ("pids-limit", "16384", false),
            ("pids-limit", "16385", true),
            ("pids-limit", "unlimited", true),
            ("pids-limit", "-1", true),
            ("pids-limit", "0", true),
            ("network", "none", false),
            ("network", "bridge", false),
            ("network", "host", true),
            ("network", "container:x", true),
            ("network", "other", true),
            ("add-host", "a:10.0.0.1", false),
            ("add-host", "a:host-gateway", true),
            ("add-host", "a=host-gateway", true),
            ("ulimit", "nofile=10", false),
            ("ulimit", "rtprio=99", true),
            ("ulimit", "memlock=-1", true),
            ("buildspec", "ci/spec.yml", false),
            ("buildspec", "/source/spec.yml", false),
            ("buildspec", "/dev/fd/3", true),
            ("buildspec", "/etc/passwd", true),
            ("buildspec", "-", true),
            ("buildspec", "{version: 0.2}", false),
            ("source", "lib:/source/lib", true),
            ("source", "lib:/home", true),
            ("certificate", "/source/ca.pem", false),
            ("certificate", "/etc/ca.pem", true),
            ("image", "anything", false),
            ("privileged", "true", true),
            ("what-comes-next", "1", true),
        ] {
            assert_eq!(reaches(name, value), expected, "{name} = {value}");
        }
    }
}
