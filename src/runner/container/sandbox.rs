//! Creates and removes everything of a build in the engine.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

use crate::engine::{
    Attachment, ContainerId, ContainerSpec, CreatedContainer, Engine, EngineError, EngineFacts,
    Mount, NamedVolume,
};
use crate::event::{BuildIdentity, SourceChanges, Transferred, Way};
use crate::ownership::{self, Owner};
use crate::plan::layout;
use crate::plan::{Plan, Transfer, Work, complete};
use crate::project::readable;
use crate::resources::Limits;
use crate::runner::container::certificates as trust;
use crate::runner::container::driver::{Aside, BOOTSTRAP, Driver, DriverError, MOST_WORDS, Tools};
use crate::runner::container::engine_features::EngineFeatures;
use crate::runner::container::preparation::{add_state, layout_program};
use crate::runner::container::sweep;
use crate::runner::container::tail::Tail;
use crate::runner::container::user_bin;
use crate::runner::container::volume_ledger::Ledger;
use crate::runner::debug_shell;
use crate::runner::image::BuildImage;
use crate::runner::sources::changes::{ContainerTrees, SourceSnapshot};
use crate::runner::sources::handover::hand_over;
use crate::runner::sources::inventory_walk::InventoryWalk;
use crate::runner::sources::scratch::Scratch;
use crate::runner::sources::trees::InputTrees;
use crate::runner::sources::unpacker::Unpacker;
use crate::runner::sources::upload::upload;
use crate::runner::{Cancellation, Host, RunError};
use crate::source::inventory::Inventory;

/// How long a container whose processes are gone may take to disappear before it is removed.
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the shell of a container may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// A container that is ready for the first command.
pub(in crate::runner) struct Prepared {
    pub(in crate::runner) has_runtimes: bool,
    /// What people should know of how the sources came in.
    pub(in crate::runner) notes: Vec<String>,
}

/// A running build container.
pub(in crate::runner) struct Sandbox<'a, E> {
    engine: &'a E,
    container: ContainerId,
    name: String,
    driver: Driver,
    scratch: Option<Scratch>,
    trees: InputTrees,
    /// How each of the trees gets into the container.
    ways: Vec<Transferred>,
    /// The sources before the first command, where their changes are asked for.
    snapshots: Option<Vec<SourceSnapshot>>,
    /// What is in the trees that keep their files.
    inventories: Vec<Inventory>,
    image: BuildImage,
    /// The warnings of the engine.
    warnings: Vec<String>,
    owner: Owner,
    ledger: Ledger,
}

impl<'a, E: Engine> Sandbox<'a, E> {
    /// Creates and starts the build container. After a failure nothing is left in the engine.
    pub(in crate::runner) async fn open(
        engine: &'a E,
        plan: &Plan,
        host: &Host,
        facts: &EngineFacts,
        image: BuildImage,
        trees: InputTrees,
        layers: Option<&NamedVolume>,
    ) -> Result<Self, RunError> {
        let mut means = EngineFeatures::first(plan, facts);
        let ledger = Ledger::beside(&host.scratch_root);
        let mut inventory_walk = InventoryWalk::begin(plan, &trees);
        let mut inventories = None;
        loop {
            let scratch = match means
                .copy_on_write
                .is_ok()
                .then(|| make_scratch(plan, host))
            {
                None => None,
                Some(Ok(scratch)) => Some(scratch),
                // A copy needs no directory on the host.
                Some(Err(error)) if plan.transfer == Transfer::Automatic => {
                    tracing::info!(%error, "no place for copy-on-write");
                    means.copy_on_write = Err(format!("cannot use the cache directory: {error}"));
                    None
                }
                Some(Err(error)) => return Err(error),
            };
            let mut ways = Vec::new();
            let started = match trees.route(plan, &means, scratch.as_ref()) {
                Ok(route) => {
                    ways = route.ways;
                    let mut spec = spec(plan, host, &image, &means, route.mounts, layers);
                    spec.limits = plan.container.limits_within(facts.machine()).0;
                    let started = start(engine, &spec, &ledger).await;
                    let started = started.map_err(RunError::Engine);
                    started.map(|(created, attachment)| (spec.name, created, attachment))
                }
                Err(error) => Err(error),
            };
            match started {
                Ok((name, created, attachment)) => {
                    let container = created.id;
                    tracing::info!(container = %container.short(), init = means.init, "build container started");
                    tell(&trees, &ways);
                    let mut driver = start_driver(attachment).await;
                    let inventories = match &mut inventories {
                        Some(inventories) => inventories,
                        none => none.insert(inventory_walk.end().await),
                    };
                    if let Ok(ready) = &mut driver
                        && let Err(error) = hand_over(ready, plan, &trees, &ways, inventories).await
                    {
                        driver = Err(error);
                    }
                    let error = match driver {
                        Ok(driver) => {
                            return Ok(Self {
                                engine,
                                container,
                                name,
                                driver,
                                scratch,
                                trees,
                                ways,
                                snapshots: None,
                                inventories: std::mem::take(inventories),
                                image,
                                warnings: created.warnings,
                                owner: host.owner.clone(),
                                ledger,
                            });
                        }
                        Err(error) => error,
                    };
                    if is_gone(engine, &container).await {
                        ledger.strike(&name);
                    }
                    if let Some(scratch) = &scratch {
                        sweep::discard(engine, &host.owner, &image.name, scratch).await;
                    }
                    match error {
                        RunError::NoCopyOnWrite { reason, .. }
                            if plan.transfer == Transfer::Automatic =>
                        {
                            tracing::info!("no copy-on-write: {reason}; trying again without");
                            means.copy_on_write = Err(reason);
                        }
                        error => return Err(error),
                    }
                }
                Err(error) => {
                    if let Some(scratch) = &scratch {
                        sweep::discard(engine, &host.owner, &image.name, scratch).await;
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
    pub(in crate::runner) fn driver(&mut self) -> &mut Driver {
        &mut self.driver
    }

    /// Which tools the image has.
    pub(in crate::runner) fn tools(&self) -> Tools {
        self.driver.tools()
    }

    pub(in crate::runner) fn container(&self) -> &ContainerId {
        &self.container
    }

    /// Returns the warnings of the engine.
    pub(in crate::runner) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The image's entrypoint, which is not run.
    pub(in crate::runner) fn entrypoint(&self) -> &[String] {
        &self.image.facts.entrypoint
    }

    /// How the trees get into the container.
    pub(in crate::runner) fn ways(&self) -> &[Transferred] {
        &self.ways
    }

    /// Prepares the sources and everything else for the first command. `has_session` says that the
    /// build has a debugger.
    pub(in crate::runner) async fn prepare(
        &mut self,
        plan: &Plan,
        work: &Work,
        has_session: bool,
    ) -> Result<Prepared, RunError> {
        let notes = self.upload().await?;
        let environment = complete(
            &self.image.facts.environment,
            &plan.environment,
            self.container.short(),
        );
        let mut program = layout_program(plan, work, &self.trees, &self.ways, &self.inventories);
        let session = has_session.then(|| self.driver.token());
        let debugging = debug_shell::prepare_commands(&mut program, session);
        user_bin::install(&mut program, debugging);
        if has_session {
            let shell =
                debug_shell::shell_script(&self.image.facts.environment, work.shell.as_deref());
            program.call("cobuild_write", &[layout::DEBUG_SHELL, &shell]);
            let profile = debug_shell::profile();
            program.call("cobuild_write", &[layout::DEBUG_PROFILE, &profile]);
        }
        add_state(&mut program, plan, work, &environment, &self.image.facts);
        self.driver.send(program.text()).await?;
        let mut complaint = Tail::new(MOST_WORDS);
        let answer = self.driver.answer(&mut Aside::kept(&mut complaint)).await?;
        let complaint = complaint.take();
        if !complaint.is_empty() {
            let complaint = String::from_utf8_lossy(&complaint);
            tracing::warn!(%complaint, "while preparing the container");
        }
        let mut notes = notes;
        if let Some(certificate) = &plan.container.certificate {
            notes.extend(trust::install(&mut self.driver, certificate).await?);
        }
        Ok(Prepared {
            has_runtimes: answer == "there",
            notes,
        })
    }

    /// Streams the trees that are not mounted into the container; returns warnings.
    async fn upload(&mut self) -> Result<Vec<String>, RunError> {
        let mut notes = std::mem::take(&mut self.trees.notes);
        if self
            .ways
            .iter()
            .all(|transferred| transferred.way != Way::Tar)
        {
            return Ok(notes);
        }
        let has_tar = self.driver.tools().tar;
        let unpacker = Unpacker::of_image(self.engine, &self.container, has_tar).await?;
        for (tree, _) in self
            .trees
            .all
            .iter()
            .zip(&self.ways)
            .filter(|(_, transferred)| transferred.way == Way::Tar)
        {
            notes.extend(upload(self.engine, &self.container, tree, unpacker).await?);
        }
        Ok(notes)
    }

    /// Records the sources before the first command.
    pub(in crate::runner) async fn record_sources(&mut self, plan: &Plan) {
        self.snapshots = Some(self.container_trees().record(plan).await);
    }

    /// Lists what the build changed in its sources.
    pub(in crate::runner) async fn changes(
        &self,
        plan: &Plan,
        cancellation: &Cancellation,
    ) -> Vec<SourceChanges> {
        let before = self.snapshots.as_deref();
        let trees = self.container_trees();
        trees.changes(plan, before, cancellation).await
    }

    fn container_trees(&self) -> ContainerTrees<'_, E> {
        ContainerTrees {
            engine: self.engine,
            container: &self.container,
            trees: &self.trees,
        }
    }

    /// Takes everything down: the container ends as soon as its stdin does.
    pub(in crate::runner) async fn close(self) -> Result<(), RunError> {
        drop(self.driver);
        let closed = async {
            let gone = self.engine.wait_removed(&self.container);
            if let Ok(gone) = tokio::time::timeout(REMOVAL_TIMEOUT, gone).await {
                return gone;
            }
            self.engine.remove_container(&self.container).await?;
            self.engine.wait_removed(&self.container).await
        };
        let closed = closed.await;
        if closed.is_ok() {
            self.ledger.strike(&self.name);
        }
        match (&self.scratch, &closed) {
            (Some(scratch), Ok(())) => {
                sweep::discard(self.engine, &self.owner, &self.image.name, scratch).await;
            }
            // The engine does not answer.
            (Some(scratch), Err(_)) => sweep::remove(scratch),
            (None, _) => {}
        }
        Ok(closed?)
    }

    /// Leaves the container to an engine that does not answer: it ends as soon as its stdin does.
    pub(in crate::runner) fn forsake(self) {
        drop(self.driver);
        if let Some(scratch) = &self.scratch {
            sweep::remove(scratch);
        }
    }

    /// Keeps the container and its directories for debugging.
    pub(in crate::runner) async fn keep(mut self) {
        let name = ownership::kept_name(&self.name);
        if let Err(error) = self.engine.rename_container(&self.container, &name).await {
            tracing::warn!(%error, "the next run takes the build container for a killed run's");
        }
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
    pub(in crate::runner) async fn kill(mut self) -> Result<(), RunError> {
        // An engine may wait until the output of the container was read. Closing the connection
        // instead would end the container during its removal, which not every engine handles.
        let (driver, engine) = (&mut self.driver, self.engine);
        let unread = async {
            while driver.next().await.is_ok() {}
            std::future::pending().await
        };
        let removed = tokio::select! {
            removed = engine.remove_container(&self.container) => removed,
            never = unread => never,
        };
        match removed {
            Ok(()) => self.close().await,
            Err(error) => {
                self.forsake();
                Err(error.into())
            }
        }
    }
}

/// Logs how the trees get into the container, and why.
fn tell(trees: &InputTrees, ways: &[Transferred]) {
    for (tree, transferred) in trees.all.iter().zip(ways) {
        let host = tree.host.display();
        match (&transferred.way, &transferred.reason) {
            (way, Some(reason)) => tracing::info!("`{host}` comes in by {way}: {reason}"),
            (way, None) => tracing::info!("`{host}` comes in by {way}"),
        }
    }
}

fn make_scratch(plan: &Plan, host: &Host) -> Result<Scratch, RunError> {
    let made = Scratch::create(&host.scratch_root, &plan.uuid).and_then(|scratch| {
        scratch.note_image(&plan.engine_image)?;
        Ok(scratch)
    });
    made.map_err(|source| RunError::Host {
        path: host.scratch_root.clone(),
        source,
    })
}

async fn start<E: Engine>(
    engine: &E,
    spec: &ContainerSpec,
    ledger: &Ledger,
) -> Result<(CreatedContainer, Attachment), EngineError> {
    let created = engine.create_container(spec).await?;
    let container = &created.id;
    if spec.mounts.values().any(|mount| *mount == Mount::Volume) {
        let entered = match engine.nameless_volumes(container).await {
            Ok(volumes) => ledger.enter(&spec.name, &volumes),
            Err(error) => Err(std::io::Error::other(error)),
        };
        if let Err(error) = entered {
            tracing::info!(%error, "a killed engine may forget volumes of this build");
        }
    }
    // Attached before the start, so that nothing is missed.
    let started = async {
        let attachment = engine.attach(container).await?;
        engine.start_container(container).await?;
        Ok(attachment)
    };
    match started.await {
        Ok(attachment) => Ok((created, attachment)),
        Err(error) => {
            remove(engine, container).await;
            ledger.strike(&spec.name);
            Err(error)
        }
    }
}

/// Waits for the shell of a container that has just started.
async fn start_driver(attachment: Attachment) -> Result<Driver, RunError> {
    let answer = Driver::start(attachment, Uuid::new_v4().simple().to_string());
    let answered = tokio::time::timeout(ANSWER_TIMEOUT, answer).await;
    answered.unwrap_or_else(|_| {
        Err(RunError::DriverFailed {
            output: "its shell did not answer within 60 s".to_owned(),
        })
    })
}

/// Removes a container; returns whether it has disappeared.
async fn is_gone<E: Engine>(engine: &E, container: &ContainerId) -> bool {
    remove(engine, container).await;
    let gone = engine.wait_removed(container);
    matches!(
        tokio::time::timeout(REMOVAL_TIMEOUT, gone).await,
        Ok(Ok(()))
    )
}

/// Removes a useless container; a failure is only logged, since the reason for the removal matters
/// more.
async fn remove<E: Engine>(engine: &E, container: &ContainerId) {
    if let Err(error) = engine.remove_container(container).await {
        tracing::warn!(%error, container = %container.short(), "cannot remove");
    }
}

fn spec(
    plan: &Plan,
    host: &Host,
    image: &BuildImage,
    means: &EngineFeatures,
    trees: BTreeMap<String, Mount>,
    layers: Option<&NamedVolume>,
) -> ContainerSpec {
    let mut mounts = trees;
    // State that is read and written around every command; memory makes it cheap.
    mounts.insert(layout::SCRIPT_DIRECTORY.to_owned(), Mount::Memory);
    if plan.privileged {
        // A daemon in the container cannot stack its layers on the container's own.
        let volume = layers.cloned().map_or(Mount::Volume, Mount::NamedVolume);
        mounts.insert("/var/lib/docker".to_owned(), volume);
    }
    // Mounts of the user replace others at the same path.
    let volumes = &plan.container.extras.volumes;
    mounts.retain(|target, _| volumes.iter().all(|volume| volume.target != *target));
    let (owner, build) = (&host.owner, &plan.identity);
    let tag = owner.container_called(&object_name(build), &build.id);
    ContainerSpec {
        name: tag.name,
        image: image.name.clone(),
        platform: plan.pulling.platform.as_ref().map(ToString::to_string),
        command: ["sh", "-c", BOOTSTRAP].map(str::to_owned).to_vec(),
        environment: vec![(user_bin::VARIABLE.to_owned(), user_bin::library())],
        labels: tag.labels,
        working_directory: layout::READONLY.to_owned(),
        privileged: plan.privileged,
        init: means.init,
        mounts,
        limits: Limits::default(),
        extras: plan.container.extras.clone(),
    }
}

/// How the names of a build's objects in the engine begin: with what people call the build.
fn object_name(build: &BuildIdentity) -> String {
    let project = readable(&build.project_name);
    format!("cobuild-{project}-{}", build.build_number)
}

impl From<DriverError> for RunError {
    fn from(error: DriverError) -> Self {
        match error {
            DriverError::Ended => Self::ContainerDied,
            DriverError::Engine(error) => Self::Engine(error),
            DriverError::LongValue => Self::TooLong {
                what: "a value of the build".to_owned(),
            },
            DriverError::LongFile(path) => Self::TooLong {
                what: format!("`{path}` of the build container"),
            },
        }
    }
}
