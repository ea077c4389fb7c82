//! Starts the Docker daemon of a privileged build (contract §5).
//!
//! Images of CodeBuild have a script for it as their entrypoint, which is run as in the cloud;
//! `--start-dockerd` works without one. The daemon is a process of the container and ends with it.
//! Its output goes to a file there, and is shown only when it does not start: in the cloud some
//! images mix it into the log (trap 70).

use std::time::Duration;

use crate::engine::Engine;
use crate::event::{CommandEvent, Notice, Output};
use crate::phase::PhaseContext;
use crate::resources::HOST_NETWORK;
use crate::runner::RunError;
use crate::runner::container::driver::{Aside, Driver, DriverError};
use crate::runner::container::program::{Program, exports};
use crate::runner::container::tail::Tail;
use crate::runner::interruption::Interruption;
use crate::runner::live::Live;

/// The log of the daemon, in the container.
const LOG: &str = "/var/log/dockerd.log";

/// The name of the script in images of CodeBuild. Other images have others of this name.
const SCRIPT: &str = "dockerd-entrypoint.sh";

/// Identifies the script of CodeBuild, which runs its arguments once the daemon answers.
const RUNS_ITS_ARGUMENTS: &str = "eval \"$@\"";

/// The daemon as AWS documents it for custom images.
const DOCKERD: [&str; 4] = [
    "dockerd",
    "--host=unix:///var/run/docker.sock",
    "--host=tcp://127.0.0.1:2375",
    "--storage-driver=overlay2",
];

/// Variables that the daemon or its script look at.
const VARIABLES: [&str; 7] = [
    "CODEBUILD_GPU_BUILD",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// How long the daemon may take to answer. The script gives up by itself after about a minute.
const LIMIT: Duration = Duration::from_mins(3);

/// The pause between two requests.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// The end of the log that is shown: lines, and bytes.
const LINES: usize = 30;
const MOST_OF_LOG: usize = 64 * 1024;

/// Who starts the daemon.
#[derive(Debug, PartialEq, Eq)]
enum Starter {
    /// The image's own script, which ends once the daemon answers.
    Script(String),
    /// Nobody else: the daemon itself is run.
    Daemon,
}

/// Why there is no daemon.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum NotStarted {
    #[error("the image has no `{}`", DOCKERD[0])]
    NoProgram,
    #[error(
        "a Docker daemon cannot run with `--network host`: it would change the network of the engine's host"
    )]
    SharedNetwork,
    #[error("`{program}` ended with exit status {status}")]
    Ended { program: String, status: String },
    #[error("the daemon did not answer within {} s", LIMIT.as_secs())]
    Silent,
}

impl<E: Engine> Live<'_, E> {
    /// Starts the daemon that the image or the plan requires, and waits until it answers. Returns
    /// the context when PROVISIONING fails (assumed: the cloud's own words are not known).
    pub(in crate::runner) async fn start_dockerd(
        &mut self,
    ) -> Result<Option<PhaseContext>, Interruption> {
        if !self.run.plan.privileged {
            return Ok(None);
        }
        let cancellation = self.run.cancellation;
        let variables = self.run.plan.environment.iter();
        let variables = exports(
            variables
                .map(|variable| (variable.name.as_str(), variable.value.as_str()))
                .filter(|(name, _)| VARIABLES.contains(name)),
        );
        let container = &self.run.plan.container;
        let wants_one = container.start_dockerd;
        let shares_network = container.extras.network.as_deref() == Some(HOST_NETWORK);
        let sandbox = &mut self.sandbox;
        let entrypoint = sandbox.entrypoint().first().cloned();
        let driver = sandbox.driver();
        let starting = start(
            driver,
            entrypoint.as_deref(),
            wants_one,
            shares_network,
            &variables,
        );
        let started = cancellation
            .guard(tokio::time::timeout(LIMIT, starting))
            .await
            .map_err(Interruption::Cancelled)?;
        let reason = match started {
            Ok(Ok(Ok(()))) => return Ok(None),
            Ok(Ok(Err(reason @ NotStarted::SharedNetwork))) => {
                let message = reason.to_string();
                self.run.events.emit(Notice::Warning { message }).await;
                return Ok(None);
            }
            Ok(Ok(Err(reason))) => reason,
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => NotStarted::Silent,
        };
        if reason == NotStarted::NoProgram {
            let message = "use an image that contains Docker, or omit `--start-dockerd`";
            let message = message.to_owned();
            self.run.events.emit(Notice::Hint { message }).await;
        } else {
            self.tell_of_daemon().await?;
        }
        Ok(Some(PhaseContext::new(
            "CLIENT_ERROR",
            format!("The Docker daemon of the build container did not start: {reason}"),
        )))
    }

    /// Shows the end of the daemon's log.
    async fn tell_of_daemon(&mut self) -> Result<(), Interruption> {
        let cancellation = self.run.cancellation;
        let sandbox = &mut self.sandbox;
        let (mut log, mut beside) = (Tail::new(MOST_OF_LOG), Tail::new(0));
        let mut aside = Aside::kept(&mut beside);
        let reading = sandbox.driver().print_end(LOG, &mut log, &mut aside);
        match cancellation
            .guard(tokio::time::timeout(ASK_AGAIN * 50, reading))
            .await
        {
            Ok(Ok(read)) => {
                read?;
            }
            // The program that checks the daemon may still be waiting.
            Ok(Err(_)) => {}
            Err(reason) => return Err(Interruption::Cancelled(reason)),
        }
        let log = log.take();
        let from = memchr::memrchr_iter(b'\n', &log)
            .nth(LINES)
            .map_or(0, |newline| newline + 1);
        let bytes = bytes::Bytes::from(log).slice(from..);
        self.run
            .events
            .emit(CommandEvent::Output(Output { bytes }))
            .await;
        Ok(())
    }
}

/// Starts the daemon, if there is one to start, and waits until it answers.
async fn start(
    driver: &mut Driver,
    entrypoint: Option<&str>,
    wants_one: bool,
    shares_network: bool,
    variables: &str,
) -> Result<Result<(), NotStarted>, RunError> {
    let starter = match script(driver, entrypoint).await? {
        Some(_) if shares_network => return Ok(Err(NotStarted::SharedNetwork)),
        Some(path) => Starter::Script(path),
        None if wants_one => Starter::Daemon,
        None => return Ok(Ok(())),
    };
    let words: &[&str] = match &starter {
        // The script evaluates its arguments: a command that does nothing.
        Starter::Script(path) => &[path, ":"],
        Starter::Daemon => {
            if find(driver, DOCKERD[0]).await?.is_empty() {
                return Ok(Err(NotStarted::NoProgram));
            }
            &DOCKERD
        }
    };
    tracing::info!(?starter, "starting the Docker daemon of the build");
    let mut program = Program::default();
    program.call("cobuild_daemon", &[&[LOG, variables], words].concat());
    driver.send(program.text()).await?;
    loop {
        let state = ask(driver, "cobuild_daemon_state", &[LOG]).await?;
        match (&starter, state.split_once(' ')) {
            (Starter::Script(_), Some(("ended", "0"))) => return Ok(Ok(())),
            (_, Some(("ended", status))) => {
                let program = words[0].to_owned();
                let status = status.to_owned();
                return Ok(Err(NotStarted::Ended { program, status }));
            }
            (Starter::Daemon, None) if state == "ready" => return Ok(Ok(())),
            _ => tokio::time::sleep(ASK_AGAIN).await,
        }
    }
}

/// Returns the path of the script that starts the daemon, when the entrypoint is CodeBuild's.
async fn script(driver: &mut Driver, entrypoint: Option<&str>) -> Result<Option<String>, RunError> {
    let name = entrypoint.filter(|name| name.rsplit('/').next() == Some(SCRIPT));
    let Some(name) = name else {
        return Ok(None);
    };
    let path = find(driver, name).await?;
    if path.is_empty() {
        return Ok(None);
    }
    let mut beside = Tail::new(0);
    let is_known = match driver.print(&path, &mut Aside::kept(&mut beside)).await {
        Ok(text) => String::from_utf8_lossy(&text).contains(RUNS_ITS_ARGUMENTS),
        // CodeBuild's are short.
        Err(DriverError::LongFile(_)) => false,
        Err(error) => return Err(error.into()),
    };
    Ok(is_known.then_some(path))
}

/// Looks a program up; the answer is empty when there is none.
async fn find(driver: &mut Driver, name: &str) -> Result<String, RunError> {
    ask(driver, "cobuild_find", &[name]).await
}

/// Calls a function of the worker that answers with one word, whatever is printed before.
async fn ask(driver: &mut Driver, function: &str, words: &[&str]) -> Result<String, RunError> {
    let mut program = Program::default();
    program.call(function, words);
    driver.send(program.text()).await?;
    let mut beside = Tail::new(0);
    Ok(driver.answer(&mut Aside::kept(&mut beside)).await?)
}
