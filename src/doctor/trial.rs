//! Runs containers of a tiny image that exists only during the examination.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;

use super::program::{Architecture, MARK};
use super::{ExaminationInputs, ReachedEngine};
use crate::engine::{ContainerSpec, Engine, EngineError, ImportSpec, Mount};
use crate::ownership::{self, ObjectKind, Owner};
use crate::resources::Limits;
use crate::runner::Scratch;

/// How long the import of an image may take.
const IMPORT_LIMIT: Duration = Duration::from_secs(20);

/// How long a container may take from creation to end; all run concurrently.
const TRIAL_LIMIT: Duration = Duration::from_mins(1);

/// The most bytes that are read of the output.
const MOST_PRINTED: usize = 64 * 1024;

/// How long the removal may take.
const REMOVAL_LIMIT: Duration = Duration::from_secs(20);

/// How often the removal of an image is tried while its container is being removed.
const REMOVAL_TRIES: u32 = 20;
const REMOVAL_PAUSE: Duration = Duration::from_millis(200);

/// The repository part of the images' names.
const REPOSITORY: &str = "cobuild-trial";

/// Where the program is in the image.
const PROGRAM: &str = "trial";

/// A trial in one container.
#[derive(Debug, Default)]
pub(super) struct Trial<'a> {
    pub(super) files: &'a [&'a str],
    pub(super) mounts: BTreeMap<String, Mount>,
    pub(super) privileged: bool,
    pub(super) init: bool,
    pub(super) limits: Limits,
}

/// Why a trial failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum TrialError {
    #[error("{}", .0.reason())]
    Engine(#[from] EngineError),
    #[error("{0}")]
    NoImage(String),
    #[error("the program in the container ended early{}", said(.0))]
    EndsEarly(String),
    #[error("the container did not end within {} s", TRIAL_LIMIT.as_secs())]
    TooSlow,
}

fn said(printed: &str) -> String {
    let printed = printed.trim();
    if printed.is_empty() {
        String::new()
    } else {
        format!(": {printed}")
    }
}

/// The images and the directory of the trials.
pub(super) struct Trials<'a, E> {
    engine: &'a E,
    owner: Owner,
    build: String,
    architecture: Option<Architecture>,
    native: Result<String, String>,
    foreign: Result<String, String>,
    /// A directory of the host, removed last.
    pub(super) scratch: Result<Scratch, std::io::Error>,
}

impl<'a, E: Engine> Trials<'a, E> {
    /// Creates the images and the directory.
    pub(super) async fn prepare(
        engine: &'a E,
        reached: &ReachedEngine,
        surroundings: &ExaminationInputs,
    ) -> Self {
        let build = format!("doctor:{}", surroundings.id);
        let name = &reached.facts.architecture;
        let architecture = Architecture::named(name);
        let no_program = || {
            Err(format!(
                "cobuild has no program for the architecture `{name}`"
            ))
        };
        let mut trials = Self {
            engine,
            owner: surroundings.owner.clone(),
            build,
            architecture,
            native: no_program(),
            foreign: no_program(),
            scratch: Scratch::create(
                &surroundings.scratch_root,
                &format!("doctor-{}", surroundings.id),
            ),
        };
        if let Some(architecture) = architecture {
            let id = &surroundings.id;
            let (native, foreign) = tokio::join!(
                trials.import(architecture, id),
                trials.import(architecture.other(), id)
            );
            trials.native = native;
            trials.foreign = foreign;
        }
        trials
    }

    /// The platform that is not the engine's own.
    pub(super) fn foreign_platform(&self) -> Option<String> {
        let other = self.architecture?.other();
        Some(format!("linux/{}", other.as_str()))
    }

    async fn import(&self, architecture: Architecture, id: &str) -> Result<String, String> {
        let name = format!("{REPOSITORY}:{id}-{}", architecture.as_str());
        let mut tag = self.owner.tag(ObjectKind::Image, name, &self.build);
        tag.labels
            .insert(ownership::TRIAL.to_owned(), "yes".to_owned());
        let spec = ImportSpec {
            name: tag.name,
            platform: format!("linux/{}", architecture.as_str()),
            labels: tag.labels,
        };
        let tar = tar_of(&architecture.executable()).map_err(|error| error.to_string())?;
        match tokio::time::timeout(IMPORT_LIMIT, self.engine.import_image(&spec, tar)).await {
            Ok(Ok(())) => Ok(spec.name),
            Ok(Err(error)) => Err(format!(
                "the engine cannot import an image: {}",
                error.reason()
            )),
            Err(_) => Err("the engine did not import the test image in time".to_owned()),
        }
    }

    /// Runs the engine's own program, and returns what it prints.
    pub(super) async fn run(&self, trial: Trial<'_>) -> Result<String, TrialError> {
        self.run_image(&self.native, trial).await
    }

    /// Runs the program of the other platform.
    pub(super) async fn run_foreign(&self) -> Result<String, TrialError> {
        self.run_image(&self.foreign, Trial::default()).await
    }

    async fn run_image(
        &self,
        image: &Result<String, String>,
        trial: Trial<'_>,
    ) -> Result<String, TrialError> {
        let image = image
            .as_ref()
            .map_err(|reason| TrialError::NoImage(reason.clone()))?;
        let command = [format!("/{PROGRAM}")].into_iter();
        let files = trial.files.iter().map(|&file| file.to_owned());
        let tag = self.owner.container(&self.build);
        let spec = ContainerSpec {
            name: tag.name,
            image: image.clone(),
            command: command.chain(files).collect(),
            labels: tag.labels,
            working_directory: "/".to_owned(),
            mounts: trial.mounts,
            privileged: trial.privileged,
            init: trial.init,
            limits: trial.limits,
            ..ContainerSpec::default()
        };
        match tokio::time::timeout(TRIAL_LIMIT, self.run_container(&spec)).await {
            Ok(printed) => printed,
            Err(_) => Err(TrialError::TooSlow),
        }
    }

    async fn run_container(&self, spec: &ContainerSpec) -> Result<String, TrialError> {
        let container = self.engine.create_container(spec).await?.id;
        let mut output = self.engine.attach(&container).await?.output;
        self.engine.start_container(&container).await?;
        let mut printed = Vec::new();
        while let Some(chunk) = output.next().await {
            printed.extend_from_slice(&chunk?);
            if printed.len() > MOST_PRINTED {
                break;
            }
        }
        // The host sees the mounted files completely only after the removal.
        self.engine.wait_removed(&container).await?;
        let printed = String::from_utf8_lossy(&printed).into_owned();
        match printed.strip_suffix(MARK) {
            Some(printed) => Ok(printed.to_owned()),
            None => Err(TrialError::EndsEarly(printed)),
        }
    }

    /// Removes everything; `cobuild clean` finds the rest.
    pub(super) async fn clear_away(self) {
        let clearing = async {
            self.remove_containers().await;
            for image in [&self.native, &self.foreign].into_iter().flatten() {
                self.remove_image(image).await;
            }
            // A container that was being created when the trials were stopped may appear late.
            tokio::time::sleep(REMOVAL_PAUSE).await;
            self.remove_containers().await;
        };
        if tokio::time::timeout(REMOVAL_LIMIT, clearing).await.is_err() {
            tracing::debug!("what was made for the trials cannot be removed in time");
        }
        if let Ok(scratch) = &self.scratch
            && let Err(error) = scratch.remove()
        {
            tracing::debug!(%error, "the directory of the trials stays");
        }
    }

    /// Removes containers until none is left. An engine may never report the end of a container
    /// that is removed while it starts, so the list is asked for.
    async fn remove_containers(&self) {
        let label = format!("{}={}", ownership::BUILD, self.build);
        let removing = async {
            for _ in 0..REMOVAL_TRIES {
                let mut left = self.engine.list_containers(&label, None).await?;
                left.retain(|it| self.owner.has_made_for(&self.build, &it.name, &it.labels));
                if left.is_empty() {
                    break;
                }
                for container in left {
                    self.engine.remove_container(&container.id).await?;
                }
                tokio::time::sleep(REMOVAL_PAUSE).await;
            }
            Ok::<_, EngineError>(())
        };
        if let Err(error) = removing.await {
            tracing::debug!(%error, "containers of the trials stay");
        }
    }

    async fn remove_image(&self, image: &str) {
        for _ in 0..REMOVAL_TRIES {
            match self.engine.remove_image(image).await {
                Err(error) if error.is_conflict() => {
                    tokio::time::sleep(REMOVAL_PAUSE).await;
                    self.remove_containers().await;
                }
                Err(error) => {
                    tracing::debug!(%error, image, "an image of the trials stays");
                    return;
                }
                Ok(()) => return,
            }
        }
    }
}

/// The files of the image.
fn tar_of(program: &[u8]) -> std::io::Result<Bytes> {
    let mut header = tar::Header::new_ustar();
    header.set_size(program.len() as u64);
    header.set_mode(0o755);
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_data(&mut header, PROGRAM, program)?;
    Ok(tar.into_inner()?.into())
}
