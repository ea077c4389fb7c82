//! All flags that describe a build, and the request that they make together.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;

use super::artifacts::ArtifactArgs;
use super::buildspec::BuildspecArgs;
use super::cache::CacheArgs;
use super::container::ContainerArgs;
use super::environment::EnvironmentArgs;
use super::source::SourceArgs;
use crate::build::Request;
use crate::cli::failure::Failure;
use crate::cli::named::Named;
use crate::plan::Settings;
use crate::settings::{BuildspecName, Environment, UnwritableError, writable_directory};

/// The build that is meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    source: SourceArgs,

    #[command(flatten)]
    pub(crate) environment: EnvironmentArgs,

    #[command(flatten)]
    buildspec: BuildspecArgs,

    #[command(flatten)]
    container: ContainerArgs,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    artifacts: ArtifactArgs,
}

/// What a command line asks for, and what it names beside its sources.
#[derive(Debug)]
pub(crate) struct ResolvedBuild {
    pub(crate) request: Request,
    /// What else is named must not lead out of the sources.
    pub(crate) named: Named,
}

impl BuildArgs {
    /// Resolves the files and directories that are named; writes none.
    pub(crate) fn resolve(&self, environment: &Environment) -> Result<ResolvedBuild, Failure> {
        // Refused before anything is fetched or written.
        let defaults = Settings::new(self.environment.image()?);
        let privileged = self.is_privileged()?;
        let sources = self.source.find()?;
        let named = Named::beside(&sources)?;
        let (mut overrides, mut warnings) = self.container.proxies(environment);
        overrides.extend(
            self.environment
                .overrides(environment, &named, &mut warnings)?,
        );
        let container = self.container.request(&named)?;
        let buildspec = BuildspecName::read(self.buildspec.name())
            .context("cannot read the buildspec from stdin")
            .map_err(Failure::usage)?;
        if let Some(directory) = self.artifacts.directory() {
            named.check("--artifacts", directory)?;
        }
        if let Some(file) = &self.environment.secrets {
            named.check("--secrets", file)?;
        }
        let settings = Settings {
            pulling: self.environment.pulling(),
            privileged,
            timeout: self.buildspec.timeout().unwrap_or(defaults.timeout),
            grace: self.buildspec.grace().unwrap_or(defaults.grace),
            project: self.source.project(),
            kind: self.source.kind(),
            initiator: self.source.initiator(),
            transfer: self.source.transfer().unwrap_or(defaults.transfer),
            source_owner: self.source.owner().unwrap_or(defaults.source_owner),
            excludes: self.source.excludes(),
            overrides,
            part: self.buildspec.part(),
            cache: self.cache.request(),
            container,
            artifacts: self.artifacts.directory().map(PathBuf::from),
            storage: self.artifacts.storage(),
            warnings,
            ..defaults
        };
        let request = Request {
            sources,
            buildspec,
            settings,
        };
        Ok(ResolvedBuild { request, named })
    }

    /// Makes sure that artifacts can be written where they are to go, and returns where that is.
    pub(crate) fn writable_artifacts(&self) -> Result<Option<PathBuf>, Failure> {
        let Some(directory) = self.artifacts.directory() else {
            return Ok(None);
        };
        let writable = writable_directory(directory).map_err(|error| {
            let is_no_directory = matches!(error, UnwritableError::NoDirectory(_));
            let directory = directory.display();
            let error =
                anyhow!(error).context(format!("cannot write artifacts into `{directory}`"));
            let failure = Failure::usage(error);
            if is_no_directory {
                failure.hint("`-a DIR` names a directory, which is made when it is not there")
            } else {
                failure
            }
        });
        writable.map(Some)
    }

    /// Whether the container is privileged.
    fn is_privileged(&self) -> Result<bool, Failure> {
        match self.environment.privileged {
            Some(false) if self.container.needs_privileges() => Err(Failure::usage(anyhow!(
                "--start-dockerd needs a privileged container, and --privileged=false says that there is none"
            ))),
            asked => Ok(asked.unwrap_or_default() || self.container.needs_privileges()),
        }
    }
}
