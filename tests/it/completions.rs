//! What a shell offers when somebody presses the tabulator key, in the real shells.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rexpect::session::{PtySession, spawn_command};
use tempfile::TempDir;

/// How long a shell on a busy machine may take to answer.
const PATIENCE: Duration = Duration::from_mins(2);

/// Begins what a completed command line came to.
const BEGIN: &str = "came-to:";

/// A directory of its own, with files whose names are odd, and a `cobuild` on the path.
struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let place = Self { root };
        for directory in ["bin", "home", "here"] {
            fs::create_dir(place.path(directory)).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_cobuild"), place.path("bin/cobuild")).unwrap();
        for name in ["plain.yml", "two words.yml", "run $(touch ran) `touch ran`"] {
            fs::write(place.here(name), "").unwrap();
        }
        fs::write(
            place.here("cobuild.toml"),
            "[profile.nightly]\ntimeout = \"1h\"\n[profile.\"odd $(touch ran)\"]\ntimeout = \"1h\"\n",
        )
        .unwrap();
        let caches = place.path("home/.cache/cobuild/caches");
        fs::create_dir_all(&caches).unwrap();
        let context = place.path("home/.docker/contexts/meta/abc");
        fs::create_dir_all(&context).unwrap();
        fs::write(
            context.join("meta.json"),
            r#"{"Name":"elsewhere","Endpoints":{"docker":{"Host":"unix:///nowhere"}}}"#,
        )
        .unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn here(&self, name: &str) -> PathBuf {
        self.path("here").join(name)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        let path = format!(
            "{}:/usr/local/bin:/usr/bin:/bin",
            self.path("bin").display()
        );
        command
            .args(arguments)
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path("home"))
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "dumb")
            .current_dir(self.path("here"));
        command
    }

    fn output(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program, arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Types lines into a shell that has been set up, each with the tabulator key at its end, and returns
    /// the words that each came to.
    fn typed(&self, shell: &Shell, lines: &[&str]) -> Vec<Vec<String>> {
        let mut command = self.command(shell.program, shell.arguments);
        command.env("SETUP", self.path("setup"));
        fs::write(self.path("setup"), shell.setup).unwrap();
        let milliseconds = u64::try_from(PATIENCE.as_millis()).unwrap();
        let mut session = spawn_command(command, Some(milliseconds)).unwrap();
        session.send_line(shell.load).unwrap();
        session.exp_string("set up and rea").unwrap();
        let words = lines
            .iter()
            .map(|line| answer(&mut session, line))
            .collect();
        session.send_line("exit").unwrap();
        assert!(!self.here("ran").exists(), "a name was run");
        words
    }
}

/// What a line came to, once it is completed and run.
fn answer(session: &mut PtySession, line: &str) -> Vec<String> {
    session.send(line).unwrap();
    session.send("\t").unwrap();
    session.flush().unwrap();
    session.send("\r").unwrap();
    session.flush().unwrap();
    session.exp_string(BEGIN).unwrap();
    let text = session.exp_string(":end").unwrap();
    let words = text.split_terminator('|');
    words.map(str::to_owned).collect()
}

/// How a shell is started, and completes the arguments of `probe`, which shows them, like those of cobuild.
struct Shell {
    program: &'static str,
    arguments: &'static [&'static str],
    /// What is typed first; the variable `SETUP` names the file of what sets it up.
    load: &'static str,
    setup: &'static str,
}

const BASH: Shell = Shell {
    program: "bash",
    arguments: &["--norc", "--noprofile", "-i"],
    load: ". \"$SETUP\"",
    setup: r#"
eval "$(cobuild completions bash)"
probe() { printf came-'to:'; printf '%s|' "$@"; echo :end; }
complete -F _cobuild probe
bind 'set bell-style none'
echo set up 'and ready'
"#,
};

const ZSH: Shell = Shell {
    program: "zsh",
    arguments: &["-f", "-i"],
    load: ". \"$SETUP\"",
    setup: r#"
autoload -Uz compinit && compinit -u -D
eval "$(cobuild completions zsh)"
probe() { printf came-'to:'; printf '%s|' "$@"; echo :end; }
compdef _cobuild probe
unsetopt beep
echo set up 'and ready'
"#,
};

const FISH: Shell = Shell {
    program: "fish",
    arguments: &["--no-config", "-i"],
    load: "source $SETUP",
    setup: r"
cobuild completions fish | source
function probe; printf came-'to:'; printf '%s|' $argv; echo :end; end
complete --command probe --no-files --arguments '(__cobuild_complete)'
echo set up 'and ready'
",
};

/// What a line is completed to, in every shell.
const LINES: &[(&str, &[&str])] = &[
    ("probe pla", &["plan"]),
    ("probe run --show-c", &["run", "--show-changes"]),
    ("probe run -b pl", &["run", "-b", "plain.yml"]),
    ("probe run -b tw", &["run", "-b", "two words.yml"]),
    ("probe run -b two\\ w", &["run", "-b", "two words.yml"]),
    (
        "probe run -b ru",
        &["run", "-b", "run $(touch ran) `touch ran`"],
    ),
    (
        "probe run -i aws/codebuild/standard:7",
        &["run", "-i", "aws/codebuild/standard:7.0"],
    ),
    (
        "probe run --image=aws/codebuild/standard:7",
        &["run", "--image=aws/codebuild/standard:7.0"],
    ),
    (
        "probe run --mount --from pre",
        &["run", "--mount", "--from", "pre_build"],
    ),
    (
        "probe run --context else",
        &["run", "--context", "elsewhere"],
    ),
    (
        "probe run --config-profile ni",
        &["run", "--config-profile", "nightly"],
    ),
    (
        "probe run --config-profile od",
        &["run", "--config-profile", "odd $(touch ran)"],
    ),
    (
        "probe check --explain unknown-k",
        &["check", "--explain", "unknown-key"],
    ),
    ("probe run -s lib:pl", &["run", "-s", "lib:plain.yml"]),
];

fn check(shell: &Shell) {
    let place = Place::new();
    let lines: Vec<&str> = LINES.iter().map(|(line, _)| *line).collect();
    let came = place.typed(shell, &lines);
    for ((line, expected), words) in LINES.iter().zip(came) {
        assert_eq!(words, *expected, "{}: {line}", shell.program);
    }
}

#[test]
fn bash_completes_and_runs_no_name() {
    check(&BASH);
}

#[test]
fn zsh_completes_and_runs_no_name() {
    check(&ZSH);
}

#[test]
fn fish_completes_and_runs_no_name() {
    check(&FISH);
}

#[test]
fn open_quotes_are_completed_within_them() {
    let place = Place::new();
    for shell in [&BASH, &ZSH] {
        let came = place.typed(shell, &["probe run -b \"ru", "probe run -b 'tw"]);
        assert_eq!(came[0], ["run", "-b", "run $(touch ran) `touch ran`"]);
        assert_eq!(came[1], ["run", "-b", "two words.yml"]);
    }
}

#[test]
fn fish_tells_what_a_flag_means() {
    let place = Place::new();
    let offered = place.output(
        "fish",
        &[
            "--no-config",
            "-c",
            "cobuild completions fish | source; complete -C 'cobuild run --im'",
        ],
    );
    assert!(offered.starts_with("--image\tBuild image"), "{offered}");
}

/// What cobuild answers the script of a shell.
fn answers(place: &Place, words: &[&str]) -> Vec<String> {
    let arguments = [&["complete-words", "zsh", "--", "cobuild"], words].concat();
    let program = place.path("bin/cobuild");
    let answer = place.output(program.to_str().unwrap(), &arguments);
    let lines = answer.lines().skip(1);
    let values = lines.map(|line| line.split('\t').next().unwrap().to_owned());
    values.collect()
}

#[test]
fn what_can_come_next_is_offered() {
    let place = Place::new();
    let phases = ["install", "pre_build", "build", "post_build"];
    assert_eq!(answers(&place, &["run", "--only", ""]), phases);
    assert_eq!(answers(&place, &["plan", "--only", ""]), phases);
    assert_eq!(
        answers(&place, &["run", "--pull", ""]),
        ["always", "missing", "never"]
    );
    assert_eq!(
        answers(&place, &["images", "--context", ""]),
        ["default", "elsewhere"]
    );
    let commands = answers(&place, &[""]);
    assert!(commands.contains(&"run".to_owned()), "{commands:?}");
    assert!(
        !commands.contains(&"complete-words".to_owned()),
        "{commands:?}"
    );
    assert!(
        !commands.iter().any(|it| it.starts_with('-')),
        "{commands:?}"
    );
    let images = answers(&place, &["run", "-i", ""]);
    assert!(
        images.iter().all(|it| it.starts_with("aws/codebuild/")),
        "{images:?}"
    );
    assert_eq!(answers(&place, &["frobnicate", "--fro"]), [""; 0]);
}

#[test]
fn the_scripts_of_other_shells_know_the_flags() {
    let place = Place::new();
    for shell in ["elvish", "powershell"] {
        let script = place.output("cobuild", &["completions", shell]);
        assert!(script.contains("--image"), "{script}");
        assert!(!script.contains("'complete-words'"), "{script}");
    }
}

#[test]
fn manual_pages_have_no_mistakes() {
    let place = Place::new();
    let directory = place.path("man");
    place.output(
        "cobuild",
        &["man", "--directory", directory.to_str().unwrap()],
    );
    let pages: Vec<PathBuf> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(pages.len() > 10, "{pages:?}");
    for page in &pages {
        let lint = Command::new("mandoc")
            .args(["-T", "lint", "-W", "error"])
            .arg(page)
            .output()
            .unwrap();
        let found = String::from_utf8_lossy(&lint.stdout);
        assert!(found.is_empty(), "{found}");
    }
    let names: Vec<&str> = pages
        .iter()
        .map(|page| page.file_name().unwrap().to_str().unwrap())
        .collect();
    assert!(names.contains(&"cobuild-cache-list.1"), "{names:?}");
    assert!(
        !names.iter().any(|name| name.contains("complete-words")),
        "{names:?}"
    );
}

#[test]
fn a_manual_page_has_all_flags_and_the_exit_statuses() {
    let place = Place::new();
    let page = place.path("page.1");
    fs::write(&page, place.output("cobuild", &["man", "run"])).unwrap();
    let shown = |path: &Path| {
        let output = Command::new("mandoc")
            .args(["-T", "utf8"])
            .arg(path)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        // A letter is made bold by writing it twice.
        let mut plain = String::new();
        for letter in text.chars() {
            if letter == '\u{8}' {
                plain.pop();
            } else {
                plain.push(letter);
            }
        }
        plain
    };
    let text = shown(&page);
    for wanted in [
        "--pids-limit",
        "CONTAINER",
        "May be repeated",
        "stopped by SIGINT",
    ] {
        assert!(text.contains(wanted), "no `{wanted}` in {text}");
    }
    let unknown = place.command("cobuild", &["man", "rnu"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    let said = String::from_utf8_lossy(&unknown.stderr);
    assert!(said.contains("did you mean `run`?"), "{said}");
}
