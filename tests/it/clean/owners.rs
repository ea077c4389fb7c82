//! Whose things are dead, and whose are not.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};

use super::{clean, env, json, names};
use crate::engine::daemon::Daemon;
use crate::env::TestEnv;

/// No kernel gives out such a number.
const NO_PID: &str = "2147483632";

/// A process that lives as long as this value.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Self {
        let mut sleep = Command::new("sleep");
        Self(sleep.arg("600").stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process of this machine labels things with, as cobuild would.
fn labels_of(pid: &str, host: &str) -> BTreeMap<&'static str, String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap().trim().to_owned();
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap();
    BTreeMap::from([
        ("cobuild.tool", "cobuild".to_owned()),
        ("cobuild.build", "project:of-test".to_owned()),
        ("cobuild.pid", pid.to_owned()),
        ("cobuild.host", host.to_owned()),
        ("cobuild.boot", read("/proc/sys/kernel/random/boot_id")),
        ("cobuild.pid-namespace", namespace.display().to_string()),
    ])
}

/// When a process began, as its labels say it.
fn started(pid: u32) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1;
    fields.split(' ').nth(19).unwrap().to_owned()
}

/// Makes an object with labels and returns its name.
fn make(daemon: &Daemon, kind: &str, name: &str, labels: &BTreeMap<&str, String>) -> String {
    let labels: Vec<String> = labels
        .iter()
        .map(|(name, it)| format!("{name}={it}"))
        .collect();
    let labels = labels.iter().flat_map(|label| ["--label", label]);
    let mut arguments = match kind {
        "container" => vec!["run", "--detach", "--name", name],
        kind => vec![kind, "create"],
    };
    arguments.extend(labels);
    if kind == "container" {
        arguments.extend([daemon.load_busybox(), "sleep", "600"]);
    } else {
        arguments.push(name);
    }
    daemon.docker(&arguments)
}

fn host(daemon: &Daemon) -> String {
    daemon.docker(&["info", "--format", "{{.Name}}"])
}

#[test]
fn only_what_is_known_to_be_dead_is_taken() {
    let daemon = Daemon::start(&[]);
    let env = env(&daemon);
    let host = host(&daemon);
    let sleeper = Sleeper::start();
    let (living, dead) = (sleeper.0.id().to_string(), NO_PID);
    let with = |pid: &str, label: &'static str, value: &str| {
        let mut labels = labels_of(pid, &host);
        labels.insert(label, value.to_owned());
        labels
    };
    let since = started(sleeper.0.id());
    let cases = [
        ("gone", with(dead, "cobuild.started", "1"), true),
        ("reused", with(&living, "cobuild.started", "1"), true),
        ("without-time", labels_of(dead, &host), true),
        ("alive", with(&living, "cobuild.started", &since), false),
        ("alive-without-time", labels_of(&living, &host), false),
        (
            "in-a-container",
            with(dead, "cobuild.pid-namespace", "pid:[1]"),
            false,
        ),
        (
            "on-another-machine",
            with(dead, "cobuild.boot", "other"),
            false,
        ),
        (
            "on-another-host",
            with(dead, "cobuild.host", "elsewhere"),
            false,
        ),
    ];
    for (name, labels, _) in &cases {
        make(&daemon, "container", name, labels);
    }
    let before_the_boot = with(dead, "cobuild.boot", "other");
    make(&daemon, "volume", "before-the-boot", &before_the_boot);
    make(&daemon, "volume", "dead", &labels_of(dead, &host));
    make(&daemon, "network", "dead", &labels_of(dead, &host));
    make(
        &daemon,
        "network",
        "of-others",
        &with(dead, "cobuild.host", "elsewhere"),
    );
    let layers = with(dead, "cobuild.cache.layers", "project");
    make(&daemon, "volume", "layers", &layers);

    let run = clean(&env, &daemon, &["--format", "json"]);
    run.assert_succeeded();
    let document = json(&run);
    let left = daemon.docker(&["ps", "-a", "--format", "{{.Names}}"]);
    for (name, _, goes) in &cases {
        let stays = left.lines().any(|line| line == *name);
        assert_eq!(stays, !goes, "{name}: {run}");
    }
    assert_eq!(names(&document, "removed", "container").len(), 3);
    assert_eq!(names(&document, "living", "container").len(), 4);
    assert_eq!(document["ofOtherHosts"], 2);
    assert_eq!(
        names(&document, "removed", "volume"),
        ["before-the-boot", "dead"]
    );
    assert_eq!(names(&document, "removed", "network"), ["dead"]);
    assert_eq!(daemon.docker(&["volume", "ls", "-q"]), "layers");

    let run = clean(&env, &daemon, &["--all"]);
    run.assert_succeeded();
    assert!(
        run.stderr
            .contains("warning: runs that live or may live lose 4 containers\n"),
        "{run}"
    );
    let left = daemon.docker(&["ps", "-a", "--format", "{{.Names}}"]);
    assert_eq!(
        left, "on-another-host",
        "other hosts' things stay whatever is asked"
    );
    assert!(
        run.stdout
            .contains("left alone, as other hosts': 2 in the engine")
    );
}

#[test]
fn images_of_others_and_their_containers_stay() {
    let daemon = Daemon::start(&[]);
    let env = env(&daemon);
    let labels = labels_of(NO_PID, &host(&daemon));
    make(&daemon, "container", "kept", &labels);
    daemon.docker(&["commit", "kept", "mine"]);
    daemon.docker(&[
        "run", "--detach", "--name", "of-mine", "mine", "sleep", "600",
    ]);
    let mut image = Command::new("docker");
    image.args(["--host", &daemon.host(), "import"]);
    for (name, value) in labels.iter().chain([(&"cobuild.trial", &"yes".to_owned())]) {
        image
            .arg("--change")
            .arg(format!("LABEL \"{name}\"=\"{value}\""));
    }
    let tar = env.path("empty.tar");
    std::fs::write(&tar, vec![0; 1024]).unwrap();
    image.arg(&tar).arg("cobuild-trial:dead");
    assert!(image.status().unwrap().success());
    let run = clean(&env, &daemon, &["--format", "json"]);
    run.assert_succeeded();
    assert_eq!(
        names(&json(&run), "removed", "image"),
        ["cobuild-trial:dead"]
    );
    assert_eq!(daemon.docker(&["ps", "--format", "{{.Names}}"]), "of-mine");
    let images = daemon.docker(&["images", "--format", "{{.Repository}}"]);
    assert!(images.contains("mine"), "{images}");
    assert!(!images.contains("cobuild-trial"), "{images}");
}

#[test]
fn what_cannot_be_removed_does_not_keep_the_rest() {
    let daemon = Daemon::start(&[]);
    let env: TestEnv = env(&daemon);
    let labels = labels_of(NO_PID, &host(&daemon));
    for name in ["a-used", "b-free"] {
        make(&daemon, "volume", name, &labels);
    }
    let image = daemon.load_busybox();
    daemon.docker(&[
        "run",
        "--detach",
        "--volume",
        "a-used:/v",
        image,
        "sleep",
        "600",
    ]);
    let run = clean(&env, &daemon, &[]);
    run.assert_failed();
    assert!(
        run.stdout
            .contains("removed volume b-free of project:of-test\n"),
        "{run}"
    );
    let stuck = run
        .stdout
        .lines()
        .find(|line| line.starts_with("cannot remove"));
    let stuck = stuck.unwrap_or_else(|| panic!("{run}"));
    assert!(
        stuck.contains("volume a-used") && stuck.contains("in use"),
        "{run}"
    );
    assert_eq!(daemon.docker(&["volume", "ls", "-q"]), "a-used");
}
