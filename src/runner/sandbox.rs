//! Everything of a build that exists in the engine, opened and closed in plain sight.

use std::collections::BTreeMap;
use std::time::Duration;

use super::driver::{BOOTSTRAP, Driver, DriverError};
use super::output::Piece;
use super::program::{Program, can_be_unset, exports};
use super::scratch::Scratch;
use super::{RunError, RunSettings, debug, sweep, user_bin};
use crate::engine::{
    Attachment, ContainerId, ContainerSpec, Engine, EngineError, EngineFacts, ImageFacts, Mount,
    Operation, process,
};
use crate::plan::layout;
use crate::plan::{Plan, SourcePlan, Transfer, Variable, Work, complete};
use crate::source::archive;

/// How long a container whose processes are gone may take to disappear before it is removed.
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a container's shell may take to answer; one that is none never does.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// A running build container.
pub(super) struct Sandbox<'a, E> {
    engine: &'a E,
    container: ContainerId,
    driver: Driver,
    scratch: Option<Scratch>,
    means: Means,
    image_name: String,
    image: ImageFacts,
}

/// What the engine is asked for; some engines refuse some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Means {
    init: bool,
    copy_on_write: bool,
}

impl Means {
    fn first(plan: &Plan, facts: &EngineFacts) -> Self {
        Self {
            init: facts.has_init,
            copy_on_write: match plan.transfer {
                Transfer::Automatic => facts.shares_host,
                Transfer::CopyOnWrite => true,
                Transfer::Tar | Transfer::Mount => false,
            },
        }
    }

    /// What to ask for after a refusal; `None` when the refusal is about something else.
    fn after(self, refusal: &EngineError, transfer: Transfer) -> Option<Self> {
        let reason = refusal.reason();
        if self.init && reason.contains("init") && reason.contains("not found") {
            return Some(Self {
                init: false,
                ..self
            });
        }
        let about_mount = reason.contains("mount") || reason.contains("overlay");
        (self.copy_on_write && about_mount && transfer == Transfer::Automatic).then_some(Self {
            copy_on_write: false,
            ..self
        })
    }
}

impl<'a, E: Engine> Sandbox<'a, E> {
    /// Creates and starts the build container. When this fails nothing is left in the engine.
    pub(super) async fn open(
        engine: &'a E,
        plan: &Plan,
        settings: &RunSettings,
        facts: &EngineFacts,
        image: ImageFacts,
    ) -> Result<Self, RunError> {
        let mut means = Means::first(plan, facts);
        loop {
            let scratch = match means.copy_on_write.then(|| make_scratch(plan, settings)) {
                None => None,
                Some(Ok(scratch)) => Some(scratch),
                // A copy needs no directory on the host.
                Some(Err(error)) if plan.transfer == Transfer::Automatic => {
                    tracing::info!(%error, "no place for copy-on-write");
                    means.copy_on_write = false;
                    None
                }
                Some(Err(error)) => return Err(error),
            };
            let started = match spec(plan, settings, means, scratch.as_ref()) {
                Ok(spec) => start(engine, &spec).await.map_err(RunError::Engine),
                Err(error) => Err(error),
            };
            match started {
                Ok((container, attachment)) => {
                    tracing::info!(container = %container.short(), ?means, "build container started");
                    let answer = Driver::start(attachment, settings.token.clone());
                    let driver = tokio::time::timeout(ANSWER_TIMEOUT, answer)
                        .await
                        .unwrap_or_else(|_| {
                            Err(RunError::DriverFailed {
                                output: "its shell does not answer".to_owned(),
                            })
                        });
                    return match driver {
                        Ok(driver) => Ok(Self {
                            engine,
                            container,
                            driver,
                            scratch,
                            means,
                            image_name: plan.engine_image.clone(),
                            image,
                        }),
                        Err(error) => {
                            engine.remove_container(&container).await?;
                            engine.wait_removed(&container).await?;
                            if let Some(scratch) = &scratch {
                                sweep::discard(engine, &plan.engine_image, scratch).await;
                            }
                            Err(error)
                        }
                    };
                }
                Err(error) => {
                    if let Some(scratch) = &scratch {
                        sweep::discard(engine, &plan.engine_image, scratch).await;
                    }
                    let other = match &error {
                        RunError::Engine(refusal) => means.after(refusal, plan.transfer),
                        _ => None,
                    };
                    means = other.ok_or(error)?;
                    tracing::info!(?means, "the engine refused; trying again with less");
                }
            }
        }
    }

    /// The driver of the container.
    pub(super) fn driver(&mut self) -> &mut Driver {
        &mut self.driver
    }

    /// The container.
    pub(super) fn container(&self) -> &ContainerId {
        &self.container
    }

    /// Brings in the sources and everything else the first command finds. Returns whether the image
    /// has a table of runtimes. `session` is the token when somebody debugs the build.
    pub(super) async fn prepare(
        &mut self,
        plan: &Plan,
        work: &Work,
        session: Option<&String>,
    ) -> Result<bool, RunError> {
        if !self.means.copy_on_write && plan.transfer != Transfer::Mount {
            for source in &plan.sources {
                self.upload(source).await?;
            }
        }
        let environment = complete(
            &self.image.environment,
            &plan.environment,
            self.container.short(),
        );
        let mut program = layout_program(plan, work, &self.foreign_trees(plan));
        let debugging = debug::prepare_commands(&mut program, session);
        user_bin::install(&mut program, debugging);
        if session.is_some() {
            let shell = debug::shell_script(&self.image.environment, work.shell.as_deref());
            program.call("cobuild_write", &[layout::DEBUG_SHELL, &shell]);
        }
        add_state(&mut program, plan, work, &environment, &self.image);
        self.driver.send(program.text()).await?;
        let mut complaint = Vec::new();
        loop {
            match self.driver.next().await? {
                Piece::Output(bytes) => complaint.extend_from_slice(&bytes),
                Piece::Fence(answer) => {
                    if !complaint.is_empty() {
                        let complaint = String::from_utf8_lossy(&complaint);
                        tracing::warn!(%complaint, "while preparing the container");
                    }
                    return Ok(answer == "there");
                }
            }
        }
    }

    /// Streams a source tree into the container. The image's own `tar` is faster than the engine.
    async fn upload(&self, source: &SourcePlan) -> Result<(), RunError> {
        let tar = archive::stream(source.host.clone(), source.directory.clone());
        if !self.driver.tools().tar {
            self.engine.upload(&self.container, "/", tar).await?;
            return Ok(());
        }
        let command = ["tar", "-x", "-p", "-f", "-", "-C", "/"];
        let fed = process::feed(self.engine, &self.container, &command, tar).await?;
        if fed.status == 0 {
            return Ok(());
        }
        Err(EngineError {
            operation: Operation::Upload,
            status: None,
            source: fed.words.into(),
        }
        .into())
    }

    /// The trees whose roots belong to another user than the build's, which git would not trust.
    fn foreign_trees<'p>(&self, plan: &'p Plan) -> Vec<&'p SourcePlan> {
        use std::os::unix::fs::MetadataExt;
        // An uploaded tree belongs to root from the start.
        let keeps_owner = self.means.copy_on_write || plan.transfer == Transfer::Mount;
        plan.sources
            .iter()
            .filter(|_| keeps_owner)
            .filter(|source| {
                std::fs::metadata(&source.host).is_ok_and(|metadata| metadata.uid() != 0)
            })
            .collect()
    }

    /// Takes everything down: the container ends as soon as its stdin does.
    pub(super) async fn close(self) -> Result<(), RunError> {
        drop(self.driver);
        let gone = self.engine.wait_removed(&self.container);
        if let Ok(gone) = tokio::time::timeout(REMOVAL_TIMEOUT, gone).await {
            gone?;
        } else {
            self.engine.remove_container(&self.container).await?;
            self.engine.wait_removed(&self.container).await?;
        }
        if let Some(scratch) = &self.scratch {
            sweep::discard(self.engine, &self.image_name, scratch).await;
        }
        Ok(())
    }

    /// Leaves the container, and what it stands on, to whoever wants to look into it.
    pub(super) async fn keep(mut self) {
        if let Err(error) = self.driver.keep().await {
            tracing::warn!(%error, "cannot keep the build container");
        }
        if let Some(scratch) = self.scratch
            && let Err(error) = scratch.keep(&self.container.0)
        {
            tracing::warn!(%error, "cannot keep the source tree of the build");
        }
    }

    /// Takes everything down at once.
    pub(super) async fn kill(self) -> Result<(), RunError> {
        self.engine.remove_container(&self.container).await?;
        self.close().await
    }
}

fn make_scratch(plan: &Plan, settings: &RunSettings) -> Result<Scratch, RunError> {
    Scratch::create(&settings.scratch_root, &plan.uuid).map_err(|source| RunError::Host {
        path: settings.scratch_root.clone(),
        source,
    })
}

pub(super) async fn start<E: Engine>(
    engine: &E,
    spec: &ContainerSpec,
) -> Result<(ContainerId, Attachment), EngineError> {
    let container = engine.create_container(spec).await?;
    // Attached before the start, so that nothing is missed.
    let started = async {
        let attachment = engine.attach(&container).await?;
        engine.start_container(&container).await?;
        Ok(attachment)
    };
    match started.await {
        Ok(attachment) => Ok((container, attachment)),
        Err(error) => {
            engine.remove_container(&container).await?;
            Err(error)
        }
    }
}

fn spec(
    plan: &Plan,
    settings: &RunSettings,
    means: Means,
    scratch: Option<&Scratch>,
) -> Result<ContainerSpec, RunError> {
    let mut mounts = BTreeMap::new();
    // State that is read and written around every command; in memory it costs next to nothing.
    mounts.insert(layout::SCRIPT_DIRECTORY.to_owned(), Mount::Memory);
    if plan.privileged {
        // A daemon in the container cannot stack its layers on the container's own.
        mounts.insert("/var/lib/docker".to_owned(), Mount::Volume);
    }
    for (index, source) in plan.sources.iter().enumerate() {
        let mount = match (plan.transfer, scratch) {
            (Transfer::Mount, _) => Mount::Bind(source.host.clone()),
            (_, Some(scratch)) => {
                let overlay = scratch.copy_on_write(&source.host, index);
                Mount::CopyOnWrite(overlay.map_err(|error| RunError::Host {
                    path: scratch.directory().to_path_buf(),
                    source: error,
                })?)
            }
            (_, None) => continue,
        };
        mounts.insert(source.directory.clone(), mount);
    }
    let mut labels = settings.labels.clone();
    labels.insert("cobuild.build".to_owned(), plan.identity.id.clone());
    Ok(ContainerSpec {
        image: plan.engine_image.clone(),
        command: ["sh", "-c", BOOTSTRAP].map(str::to_owned).to_vec(),
        environment: vec![(user_bin::VARIABLE.to_owned(), user_bin::library())],
        labels,
        working_directory: layout::READONLY.to_owned(),
        privileged: plan.privileged,
        init: means.init,
        mounts,
    })
}

/// The program that lays out the container. Nothing in it but `mkdir`, `chmod` and `chown` needs
/// more of the image than its shell.
fn layout_program(plan: &Plan, work: &Work, foreign: &[&SourcePlan]) -> Program {
    let mut program = Program::default();
    program.call("mkdir", &["-p", layout::READONLY, layout::USER_BIN]);
    for directory in plan.directories() {
        program.call("mkdir", &["-p", directory]);
    }
    if let Some((commit, primary)) = plan
        .identity
        .resolved_source_version
        .as_ref()
        .zip(plan.sources.first())
        && plan.transfer != Transfer::Mount
        && primary.host.join(".git").is_dir()
    {
        // CodeBuild checks out a commit and no branch.
        let head = format!("{}/.git/HEAD", primary.directory);
        program.call("cobuild_write", &[&head, &format!("{commit}\n")]);
    }
    if let Some(text) = &work.inline {
        let text = String::from_utf8_lossy(text);
        program.call("cobuild_write", &[layout::INLINE_BUILDSPEC, &text]);
    }
    for source in foreign {
        if plan.transfer == Transfer::Mount {
            // The tree is the host's own and stays as it is: git is told to trust it.
            program.trust(&source.directory);
            continue;
        }
        program.call("chown", &["0:0", &source.directory]);
        if source.host.join(".git").exists() {
            let git = format!("{}/.git", source.directory);
            program.call("chown", &["-h", "0:0", &git]);
        }
    }
    program
}

/// Adds what the first command finds as if another had run before it.
fn add_state(
    program: &mut Program,
    plan: &Plan,
    work: &Work,
    environment: &[Variable],
    image: &ImageFacts,
) {
    let variables = environment
        .iter()
        .map(|variable| (variable.name.as_str(), variable.value.as_str()));
    let exports = exports(variables);
    program.call("cobuild_write", &[layout::ENVIRONMENT_FILE, &exports]);
    let directory = format!("{}\n", plan.layout.source);
    program.call("cobuild_write", &[layout::DIRECTORY_FILE, &directory]);
    let shell = work.shell.as_deref().unwrap_or("sh");
    program.call("cobuild_select_shell", &[shell]);
    program.call("cobuild_fence_if_there", &[layout::RUNTIMES]);
    // The container's own variables are in the commands' environment by now; left in the worker's, one
    // that a command unsets would come back.
    let names: Vec<&str> = image
        .environment
        .iter()
        .map(|(name, _)| name.as_str())
        .chain(["HOME", "HOSTNAME", "PATH"])
        .filter(|name| can_be_unset(name))
        .collect();
    program.call("unset", &names);
}

impl From<DriverError> for RunError {
    fn from(error: DriverError) -> Self {
        match error {
            DriverError::Ended => Self::ContainerDied,
            DriverError::Engine(error) => Self::Engine(error),
        }
    }
}
