//! What names a build on the command line, shared by the commands that plan or run one.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::builder::OsStringValueParser;
use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use super::Failure;
use super::cache_args::CacheArgs;
use super::container_args::ContainerArgs;
use super::image_args::ImageArgs;
use super::named::Named;
use super::source_args::SourceArgs;
use super::transfer_args::TransferArgs;
use crate::build::Request;
use crate::host::file;
use crate::phase::PhaseType;
use crate::plan::part::{self, Mock, Part, Step};
use crate::plan::{Settings, Transfer};
use crate::project::ProjectName;
use crate::settings::{
    BuildspecName, EnvFile, EnvFileFormat, Environment, Override, parse_override,
};

/// The build that is meant.
#[derive(Debug, Clone, Args)]
pub(super) struct BuildArgs {
    #[command(flatten)]
    image: ImageArgs,

    /// Buildspec: a path in the source, an absolute path of this machine, its text, or `-` for stdin
    /// [default: buildspec.yml].
    #[arg(short, long, value_name = "FILE", value_parser = OsStringValueParser::new())]
    buildspec: Option<OsString>,

    #[command(flatten)]
    source: SourceArgs,

    /// Name of the project: in the build's id and ARN, for caches, build numbers and containers; builds with
    /// one name share caches [default: the name of the source's directory, apart from all others].
    #[arg(long, value_name = "NAME")]
    project_name: Option<ProjectName>,

    /// File of NAME=VALUE lines that beat the buildspec's variables.
    #[arg(short, long, value_name = "FILE")]
    env_file: Vec<PathBuf>,

    /// How env files are written [default: docker].
    #[arg(long, value_name = "FORMAT")]
    env_file_format: Option<EnvFileForm>,

    /// A variable that beats the buildspec's; NAME alone takes this machine's value.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_override)]
    env: Vec<Override>,

    /// Work in the source directory itself instead of an isolated view of it.
    #[arg(short, long, conflicts_with = "source_transfer")]
    mount: Option<bool>,

    /// Run the container privileged, as Docker in the build needs it.
    #[arg(short = 'd', long)]
    privileged: Option<bool>,

    /// Build timeout, such as 90s, 30m or 1h30m [default: 60m].
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout)]
    timeout: Option<Duration>,

    /// Begin at a phase, or at its command number N; what comes before does not run.
    #[arg(long, value_name = "PHASE[:N]", conflicts_with = "only")]
    from: Option<Step>,

    /// Run the commands of this phase only.
    #[arg(long, value_name = "PHASE", value_parser = part::phase)]
    only: Option<PhaseType>,

    /// Log commands that match the regular expression as mocked instead of running them.
    #[arg(long, value_name = "REGEX")]
    mock: Vec<Mock>,

    /// How the source reaches the container [default: auto].
    #[arg(long, value_name = "HOW")]
    source_transfer: Option<SourceTransfer>,

    #[command(flatten)]
    transfer: TransferArgs,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    container: ContainerArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SourceTransfer {
    /// Copy-on-write where the engine can, else tar.
    Auto,
    /// A copy-on-write view; costs nothing however big the source is.
    CopyOnWrite,
    /// A copy, streamed.
    Tar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EnvFileForm {
    /// As for `docker run`: quotes are part of the value.
    Docker,
    /// As for Docker Compose: quotes around a value are removed; nothing is expanded.
    Dotenv,
}

/// What a command line asks for, and what it names beside its sources.
#[derive(Debug)]
pub(super) struct AskedBuild {
    pub(super) request: Request,
    /// What else is named must not lead out of the sources.
    pub(super) named: Named,
}

impl BuildArgs {
    /// Resolves the files and directories that are named.
    pub(super) fn resolve(&self, environment: &Environment) -> Result<AskedBuild, Failure> {
        // Refused before anything is fetched or written.
        let defaults = Settings::new(self.image.image()?);
        let privileged = self.is_privileged()?;
        let sources = self.source.find(self.is_mounted())?;
        let named = Named::beside(&sources)?;
        let (mut overrides, mut warnings) = self.container.proxies(environment);
        overrides.extend(self.overrides(environment, &named, &mut warnings)?);
        let container = self.container.request(&named)?;
        let buildspec = BuildspecName::read(self.buildspec.as_deref())
            .context("cannot read the buildspec from stdin")
            .map_err(Failure::usage)?;
        let settings = Settings {
            pulling: self.image.pulling(),
            privileged,
            timeout: self.timeout.unwrap_or(defaults.timeout),
            project: self.project_name.clone(),
            kind: self.source.kind(),
            initiator: self.source.initiator(),
            transfer: match self.source_transfer {
                _ if self.is_mounted() => Transfer::Mount,
                None => defaults.transfer,
                Some(SourceTransfer::Auto) => Transfer::Automatic,
                Some(SourceTransfer::CopyOnWrite) => Transfer::CopyOnWrite,
                Some(SourceTransfer::Tar) => Transfer::Tar,
            },
            excludes: self.transfer.excludes(),
            overrides,
            part: Part {
                from: self.from,
                only: self.only,
                mocks: self.mock.clone(),
            },
            cache: self.cache.request(),
            container,
            warnings,
            ..defaults
        };
        let request = Request {
            sources,
            buildspec,
            settings,
        };
        Ok(AskedBuild { request, named })
    }

    /// Whether the build works in the source itself.
    fn is_mounted(&self) -> bool {
        self.mount.unwrap_or_default()
    }

    /// Whether the container is privileged.
    fn is_privileged(&self) -> Result<bool, Failure> {
        match self.privileged {
            Some(false) if self.container.needs_privileges() => Err(Failure::usage(anyhow!(
                "--start-dockerd needs a privileged container, and --privileged=false says that there is none"
            ))),
            asked => Ok(asked.unwrap_or_default() || self.container.needs_privileges()),
        }
    }

    fn overrides(
        &self,
        environment: &Environment,
        named: &Named,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<(String, String)>, Failure> {
        let format = match self.env_file_format {
            None | Some(EnvFileForm::Docker) => EnvFileFormat::Docker,
            Some(EnvFileForm::Dotenv) => EnvFileFormat::Dotenv,
        };
        let mut quoted = Vec::new();
        let lookup = |name: &str| environment.get(name).map(str::to_owned);
        let mut overrides = Vec::new();
        for path in &self.env_file {
            named.check("--env-file", path)?;
            let text = file::open_named(path)
                .and_then(|file| file::read_whole(file, MOST_BYTES))
                .map_err(std::io::Error::from)
                .and_then(|text| String::from_utf8(text).map_err(not_text))
                .with_context(|| format!("cannot read the env file `{}`", path.display()))
                .map_err(Failure::usage)?;
            let file = EnvFile::parse(&text, format, lookup)
                .with_context(|| format!("cannot use the env file `{}`", path.display()))
                .map_err(Failure::usage)?;
            quoted.extend(file.quoted);
            overrides.extend(file.variables);
        }
        if let [first, others @ ..] = quoted.as_slice() {
            let others = match others.len() {
                0 => String::new(),
                1 => " and of 1 more variable".to_owned(),
                count => format!(" and of {count} more variables"),
            };
            // Chosen and said: then it is known.
            if self.env_file_format.is_none() {
                warnings.push(format!(
                    "the quotes around the value of `{first}`{others} are part of it, as for \
                     `docker run --env-file`; `--env-file-format dotenv` removes them"
                ));
            }
        }
        for given in &self.env {
            let variable = given
                .clone()
                .resolve(lookup)
                .map_err(|problem| Failure::usage(anyhow!("--env: {problem}")))?;
            overrides.push(variable);
        }
        Ok(overrides)
    }
}

/// How many bytes an env file has at the most.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

fn not_text(_: std::string::FromUtf8Error) -> std::io::Error {
    // In the words of the standard library.
    std::io::Error::new(
        std::io::ErrorKind::InvalidData,
        "stream did not contain valid UTF-8",
    )
}

pub(super) fn parse_timeout(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("it must be longer than nothing".to_owned()),
        duration => Ok(duration),
    }
}

/// Reads a duration as people write it.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| "write it with units, such as 90s, 30m or 1h30m".to_owned())?;
    Duration::try_from(duration).map_err(|_| "it cannot be less than nothing".to_owned())
}
