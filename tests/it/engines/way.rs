//! A way to an engine, as a test goes it, and an eye on that engine that is not cobuild's.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rexpect::session::{PtySession, spawn_command};

use crate::engine::daemon::Daemon;
use crate::engine::eventually;
use crate::engine::newer::Newer;
use crate::engine::podman::{Podman, printed};
use crate::engine::rootless::Rootless;
use crate::engine::user::PlainUser;
use crate::env::{Run, Running, TestEnv};

/// How long what must go may take to go.
const GONE_LIMIT: Duration = Duration::from_secs(15);

/// How long a terminal may take, in milliseconds; the machine may be busy.
const PATIENCE: u64 = 60_000;

/// Hides the sockets of other engines, each by a file on which nobody listens, for as long as its
/// input is open.
const HIDE: &str = r#"
for socket in /var/run/docker.sock "/run/user/$(id -u)"/*.sock "/run/user/$(id -u)"/podman/podman.sock \
    /run/podman/podman.sock; do
    [ ! -S "$socket" ] || mount --bind /dev/null "$socket" || exit
done
echo hidden
read -r end
"#;

/// A name space of mounts in which no other engine is to be found.
#[derive(Debug)]
pub(super) struct Alone {
    holder: Child,
}

impl Alone {
    /// Makes it.
    #[track_caller]
    pub(super) fn make() -> Self {
        let mut holder = Command::new("unshare")
            .args(["--mount", "sh", "-c", HIDE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut stdout = BufReader::new(holder.stdout.take().unwrap());
        stdout.read_line(&mut said).unwrap();
        assert_eq!(said, "hidden\n", "the other engines cannot be hidden");
        Self { holder }
    }

    /// The same command in there.
    fn inside(&self, command: &Command) -> Command {
        let mut inside = Command::new("/usr/bin/nsenter");
        inside
            .arg(format!("--mount=/proc/{}/ns/mnt", self.holder.id()))
            .args(["/bin/sh", "-c", "cd \"$0\" && exec \"$@\""])
            .arg(command.get_current_dir().unwrap_or(Path::new("/")))
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::null());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        inside
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// The engine behind it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Eye<'a> {
    Docker(&'a Daemon),
    Podman(&'a Podman),
    Newer(&'a Newer),
    Rootless(&'a Rootless),
}

/// A way to an engine.
#[derive(Debug)]
pub(super) struct Way<'a> {
    pub(super) eye: Eye<'a>,
    /// A small image that the engine has.
    pub(super) image: &'static str,
    pub(super) arguments: Vec<String>,
    pub(super) variables: Vec<(&'static str, String)>,
    /// How a source comes in.
    pub(super) transfer: &'static str,
    /// Whether there is an init process.
    pub(super) has_init: bool,
    /// Where no other engine is to be found.
    pub(super) alone: Option<&'a Alone>,
    /// Who runs cobuild; root, when it is nobody.
    pub(super) user: Option<&'a PlainUser>,
}

impl Way<'_> {
    /// A build that goes this way.
    pub(super) fn env(&self) -> TestEnv {
        self.variables
            .iter()
            .fold(TestEnv::new().image(self.image), |env, (name, value)| {
                env.variable(name, value)
            })
            .args(
                &self
                    .arguments
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>(),
            )
    }

    /// The command line of a build, ready to be run.
    pub(super) fn command(&self, env: &TestEnv) -> Command {
        let command = env.command();
        if let Some(user) = self.user {
            return user.command(&command, env);
        }
        match self.alone {
            None => command,
            Some(alone) => {
                let mut inside = alone.inside(&command);
                // As in the environment of a build: nothing but what is given.
                inside.env_clear();
                let given = command.get_envs();
                inside.envs(given.filter_map(|(name, value)| Some((name, value?))));
                inside
            }
        }
    }

    /// Runs a build to its end.
    pub(super) fn run(&self, env: &TestEnv) -> Run {
        Run::new(self.command(env).output().unwrap())
    }

    /// Starts a build and reads its output while it runs.
    pub(super) fn start(&self, env: &TestEnv) -> Running {
        Running::start(self.command(env))
    }

    /// Starts a build on a terminal.
    pub(super) fn start_on_terminal(&self, env: &TestEnv) -> PtySession {
        let mut command = self.command(env);
        command.env("TERM", "xterm").env("NO_COLOR", "1");
        spawn_command(command, Some(PATIENCE)).unwrap()
    }

    /// Runs the engine's own client.
    #[track_caller]
    pub(super) fn look(&self, arguments: &[&str]) -> String {
        match self.eye {
            Eye::Docker(daemon) => daemon.docker(arguments),
            Eye::Rootless(rootless) => rootless.client(arguments),
            Eye::Newer(newer) => newer.client(arguments, Stdio::null()),
            Eye::Podman(podman) => {
                let mut command = podman.command();
                command.args(arguments);
                // What is mounted in there is not seen from elsewhere.
                if let Some(alone) = self.alone {
                    command = alone.inside(&command);
                }
                printed(&mut command)
            }
        }
    }

    /// Makes an image of a tar file.
    #[track_caller]
    pub(super) fn import(&self, tar: &Path, name: &str) {
        match self.eye {
            // The file is not seen from in there.
            Eye::Newer(newer) => {
                newer.client(&["import", "-", name], File::open(tar).unwrap().into());
            }
            Eye::Docker(_) | Eye::Rootless(_) | Eye::Podman(_) => {
                self.look(&["import", tar.to_str().unwrap(), name]);
            }
        }
    }

    /// What is there of containers and volumes.
    #[track_caller]
    pub(super) fn remains(&self) -> String {
        self.look(&["ps", "-aq"]) + &self.look(&["volume", "ls", "--quiet"])
    }

    /// Fails when anything is left, now or in a short while.
    #[track_caller]
    pub(super) fn assert_nothing_is_left(&self) {
        let gone = eventually(GONE_LIMIT, || self.remains().is_empty());
        assert!(gone, "left: {}", self.remains());
    }
}
