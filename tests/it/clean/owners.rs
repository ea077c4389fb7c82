//! Whose things are dead, and whose are not.

use std::fs;
use std::process::{Child, Command, Stdio};

use super::{clean, env, json, names};
use crate::engine::daemon::Daemon;
use crate::engine::proof::{Labels, NO_PID, arguments, labels_of, prove};
use crate::env::TestEnv;

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

/// When a process began, as its labels say it.
fn started(pid: u32) -> String {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1;
    fields.split(' ').nth(19).unwrap().to_owned()
}

/// Makes an object with labels and their proof, as cobuild does, and returns its name.
fn make(env: &TestEnv, daemon: &Daemon, kind: &str, name: &str, labels: &Labels) -> String {
    let mut words: Vec<String> = match kind {
        "container" => ["run", "--detach", "--name", name]
            .map(str::to_owned)
            .into(),
        kind => [kind, "create"].map(str::to_owned).into(),
    };
    let labels = match kind {
        "volume" => {
            words.extend(view(env, name));
            prove(env, "container", "cobuild-gone", labels)
        }
        kind => prove(env, kind, name, labels),
    };
    words.extend(arguments(&labels));
    if kind == "container" {
        words.extend([daemon.load_busybox(), "sleep", "600"].map(str::to_owned));
    } else {
        words.push(name.to_owned());
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    daemon.docker(&words)
}

/// The options of the copy-on-write view of a run's source.
fn view(env: &TestEnv, name: &str) -> Vec<String> {
    let place = env.scratch().join(name).join("0");
    for directory in ["upper", "work"] {
        fs::create_dir_all(place.join(directory)).unwrap();
    }
    let overlay = format!(
        "o=lowerdir={},upperdir={place}/upper,workdir={place}/work",
        env.source().display(),
        place = place.display()
    );
    [
        "--opt",
        "type=overlay",
        "--opt",
        "device=overlay",
        "--opt",
        &overlay,
    ]
    .map(str::to_owned)
    .into()
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
        labels.insert(label.to_owned(), value.to_owned());
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
        make(&env, &daemon, "container", name, labels);
    }
    let before_the_boot = with(dead, "cobuild.boot", "other");
    make(&env, &daemon, "volume", "before-the-boot", &before_the_boot);
    make(&env, &daemon, "volume", "dead", &labels_of(dead, &host));
    make(&env, &daemon, "network", "dead", &labels_of(dead, &host));
    make(
        &env,
        &daemon,
        "network",
        "of-others",
        &with(dead, "cobuild.host", "elsewhere"),
    );
    let layers = with(dead, "cobuild.cache.layers", "project");
    make(&env, &daemon, "volume", "layers", &layers);

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
    // The engine lists them in any order.
    let mut volumes = names(&document, "removed", "volume");
    volumes.sort();
    assert_eq!(volumes, ["before-the-boot", "dead"]);
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
    // Its bridge would outlive the daemon.
    daemon.docker(&["network", "rm", "of-others"]);
}

#[test]
fn images_of_others_and_their_containers_stay() {
    let daemon = Daemon::start(&[]);
    let env = env(&daemon);
    let labels = labels_of(NO_PID, &host(&daemon));
    make(&env, &daemon, "container", "kept", &labels);
    daemon.docker(&["commit", "kept", "mine"]);
    daemon.docker(&[
        "run", "--detach", "--name", "of-mine", "mine", "sleep", "600",
    ]);
    let name = "cobuild-trial:dead";
    let mut image = Command::new("docker");
    image.args(["--host", &daemon.host(), "import"]);
    let mut labels = prove(&env, "image", name, &labels);
    labels.insert("cobuild.trial".to_owned(), "yes".to_owned());
    for (name, value) in labels {
        image
            .arg("--change")
            .arg(format!("LABEL \"{name}\"=\"{value}\""));
    }
    let tar = env.path("empty.tar");
    fs::write(&tar, vec![0; 1024]).unwrap();
    image.arg(&tar).arg(name);
    assert!(image.status().unwrap().success());
    let run = clean(&env, &daemon, &["--format", "json"]);
    run.assert_succeeded();
    assert_eq!(names(&json(&run), "removed", "image"), [name]);
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
        make(&env, &daemon, "volume", name, &labels);
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
