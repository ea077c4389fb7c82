//! Repositories whose git is set up against whoever looks at them: nothing that they name is run.

mod plant;
mod ways;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::env::{Run, TestEnv};

/// A git that cobuild and the tests run.
struct Git {
    name: &'static str,
    /// What `PATH` is with it.
    path: String,
}

impl Git {
    /// The machine's own, the oldest and the newest that Debian has.
    fn all() -> [Self; 3] {
        let path = std::env::var("PATH").unwrap();
        let gits = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/gits");
        [
            ("own", None),
            ("oldest", Some("bullseye")),
            ("newest", Some("sid")),
        ]
        .map(|(name, suite)| {
            let path = match suite {
                None => path.clone(),
                Some(suite) => {
                    let bin = gits.join(suite).join("bin");
                    assert!(bin.join("git").exists(), "`scripts/gits` unpacks it");
                    format!("{}:{path}", bin.display())
                }
            };
            Self { name, path }
        })
    }

    /// Runs git itself on a tree, as somebody does who trusts it.
    fn command(&self, directory: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .args(["-c", "user.name=T", "-c", "user.email=t@example.com"])
            .args(["-c", "protocol.file.allow=always", "-c", "safe.directory=*"])
            .args(arguments)
            .current_dir(directory)
            .env("PATH", &self.path)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", "/nonexistent");
        command
    }

    #[track_caller]
    fn run(&self, directory: &Path, arguments: &[&str]) -> String {
        let output = self.command(directory, arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A repository on the branch `main` with a buildspec and two commits, the first of which is `v1`.
    fn repository(&self, directory: &Path) {
        fs::create_dir_all(directory).unwrap();
        self.run(directory, &["init", "--quiet"]);
        self.run(directory, &["symbolic-ref", "HEAD", "refs/heads/main"]);
        let spec = "version: 0.2\nphases: {build: {commands: [cat text]}}\n";
        fs::write(directory.join("buildspec.yml"), spec).unwrap();
        fs::write(
            directory.join(".gitattributes"),
            "* filter=evil diff=evil merge=evil\n",
        )
        .unwrap();
        fs::write(directory.join(".gitignore"), "ignored\n").unwrap();
        for text in ["first", "second"] {
            fs::write(directory.join("text"), format!("{text}\n")).unwrap();
            self.run(directory, &["add", "--all"]);
            self.run(directory, &["commit", "--quiet", "--message", text]);
            if text == "first" {
                self.run(directory, &["tag", "v1"]);
            }
        }
        fs::write(directory.join("ignored"), "").unwrap();
    }
}

/// A program that leaves a mark when it is run.
struct Marker {
    program: PathBuf,
    mark: PathBuf,
}

impl Marker {
    fn new(env: &TestEnv) -> Self {
        let (program, mark) = (env.path("evil"), env.path("mark"));
        let text = format!(
            "#!/bin/sh\necho \"$0 $*\" >> '{}'\nexit 1\n",
            mark.display()
        );
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        Self { program, mark }
    }

    fn program(&self) -> &str {
        self.program.to_str().unwrap()
    }

    /// What was run since the last question.
    fn ran(&self) -> String {
        let ran = fs::read_to_string(&self.mark).unwrap_or_default();
        let _ = fs::remove_file(&self.mark);
        ran
    }

    #[track_caller]
    fn assert_clean(&self, run: &Run, way: &str) {
        let ran: String = self.ran().chars().take(1000).collect();
        assert_eq!(ran, "", "{way}: {run}");
        assert!(!run.stderr.contains("panicked"), "{way}: {run}");
    }
}

/// Runs `cobuild plan` with the arguments of a run.
fn plan(env: &TestEnv) -> Run {
    let run = env.command();
    let mut command = Command::new(run.get_program());
    command.arg("plan").args(run.get_args().skip(1));
    command
        .current_dir(run.get_current_dir().unwrap())
        .env_clear();
    for (name, value) in run.get_envs() {
        command.env(name, value.unwrap());
    }
    Run::new(command.output().unwrap())
}
