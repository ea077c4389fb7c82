//! The environment of a build: its image, its variables and its privileges.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};

use super::heading;
use crate::cli::failure::Failure;
use crate::cli::named::Named;
use crate::host::file;
use crate::project::image::{
    Origin, Platform, PullPolicy, Pulling, Resolution, System, default_image,
};
use crate::settings::{EnvFile, EnvFileFormat, Environment, Override, parse_override};

/// Which image a build runs in, and with which variables.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = heading::ENVIRONMENT)]
pub(crate) struct EnvironmentArgs {
    /// Build image [default: CodeBuild's Amazon Linux].
    ///
    /// The name of any image, of a curated image of CodeBuild (`cobuild images` lists them), or the id of a
    /// local image. The default is the current curated image of Amazon Linux.
    #[arg(short, long, value_name = "IMAGE")]
    image: Option<String>,

    /// When to pull the image [default: missing].
    #[arg(long, value_name = "WHEN", hide_short_help = true)]
    pull: Option<PullArg>,

    /// Platform of the image, such as linux/arm64 [default: the engine's].
    #[arg(long, value_name = "PLATFORM", hide_short_help = true)]
    platform: Option<Platform>,

    /// File of NAME=VALUE lines that set variables.
    ///
    /// They beat the buildspec's variables. A line NAME takes this machine's value, and `#` begins a comment.
    #[arg(short, long, value_name = "FILE")]
    env_file: Vec<PathBuf>,

    /// How env files are written [default: docker].
    #[arg(long, value_name = "FORMAT", hide_short_help = true)]
    env_file_format: Option<EnvFileForm>,

    /// Variable to set; NAME alone is this machine's.
    ///
    /// It beats the buildspec's variables and those of --env-file.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_override)]
    env: Vec<Override>,

    /// Values for parameter-store and secrets-manager.
    ///
    /// FILE is a dotenv or JSON file that nobody else can read. The variable COBUILD_SECRET_NAME of this machine gives
    /// a value for the build's variable NAME as well.
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets: Option<PathBuf>,

    /// Run the container privileged, for Docker in it.
    #[arg(short = 'd', long)]
    pub(crate) privileged: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PullArg {
    /// Before every build.
    Always,
    /// When the engine does not have it.
    Missing,
    /// Not at all.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EnvFileForm {
    /// As for `docker run`: quotes are part of the value.
    Docker,
    /// As for Docker Compose: quotes around a value are removed; nothing is expanded.
    Dotenv,
}

impl EnvironmentArgs {
    /// The name of the image. One that no engine for Linux containers can run is refused.
    pub(crate) fn image(&self) -> Result<String, Failure> {
        let image = self.image.as_deref().unwrap_or(default_image());
        match Resolution::of(image).origin {
            Origin::OtherSystem(system) => {
                let system = match system {
                    System::Windows => "Windows",
                    System::MacOs => "macOS",
                    System::Linux => "Linux",
                };
                let error = anyhow!(
                    "`{image}` is an image for {system}, but cobuild runs Linux images only"
                );
                Err(Failure::usage(error).hint("`cobuild images` lists the curated images"))
            }
            _ => Ok(image.to_owned()),
        }
    }

    /// When the image is pulled, and for which platform.
    pub(crate) fn pulling(&self) -> Pulling {
        Pulling {
            policy: match self.pull {
                None => Pulling::default().policy,
                Some(PullArg::Always) => PullPolicy::Always,
                Some(PullArg::Missing) => PullPolicy::Missing,
                Some(PullArg::Never) => PullPolicy::Never,
            },
            platform: self.platform.clone(),
        }
    }

    /// The variables that are set, in order: a later one beats an earlier one.
    pub(crate) fn overrides(
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
                .map_err(|error| {
                    let failure = Failure::usage(error);
                    if path.to_string_lossy().contains('=') {
                        failure
                            .hint("`--env NAME=VALUE` sets a variable; `-e` names a file of them")
                    } else {
                        failure
                    }
                })?;
            let file = EnvFile::parse(&text, format, lookup)
                .with_context(|| format!("cannot use the env file `{}`", path.display()))
                .map_err(Failure::usage)?;
            quoted.extend(file.quoted);
            overrides.extend(file.variables);
        }
        // Chosen and said: then it is known.
        if self.env_file_format.is_none() {
            warnings.extend(warning_of_quotes(&quoted));
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

/// Says which values keep their quotes.
fn warning_of_quotes(quoted: &[String]) -> Option<String> {
    let (first, others) = quoted.split_first()?;
    let others = match others.len() {
        0 => String::new(),
        1 => " and of 1 more variable".to_owned(),
        count => format!(" and of {count} more variables"),
    };
    Some(format!(
        "the quotes around the value of `{first}`{others} are part of it, as for \
         `docker run --env-file`; `--env-file-format dotenv` removes them"
    ))
}

/// The most bytes that an env file may have.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

fn not_text(_: std::string::FromUtf8Error) -> std::io::Error {
    // In the words of the standard library.
    std::io::Error::new(
        std::io::ErrorKind::InvalidData,
        "stream did not contain valid UTF-8",
    )
}
