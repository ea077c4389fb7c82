//! The command line: one file for each subcommand, one for what goes wrong.

mod build_args;
mod build_failure;
mod cache;
mod cache_args;
mod check;
mod clean;
mod config;
mod container_args;
mod debug;
mod doctor;
mod engine_args;
mod failure;
mod image_args;
mod images;
mod installation;
mod log_args;
mod named;
mod plan;
mod refusal;
mod run;
mod schema;
mod secrets;
mod showing;
mod signals;
mod source_args;
mod transfer_args;
mod trust;

use std::ffi::OsString;
use std::io;

use clap::error::ErrorKind;
use clap::{ColorChoice, FromArgMatches, Parser, Subcommand};

pub use check::{Format, show_problems};
use config::{ConfigArgs, FlagLayer, Settled, settle};
use failure::Failure;

use crate::exit::ExitStatus;
use crate::settings::Environment;
use crate::terminal::{self, Color, Out, Page, Traces};

/// Runs AWS CodeBuild buildspecs on your own machine.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true, after_help = EXIT_STATUS)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,

    /// When to use colours.
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        help_heading = "Global options"
    )]
    color: ColorChoice,

    /// Say more of what cobuild itself does, on stderr; twice for more.
    #[arg(
        short,
        long,
        action = clap::ArgAction::Count,
        global = true,
        help_heading = "Global options"
    )]
    verbose: u8,

    /// The same, as a layer of settings.
    #[arg(skip)]
    flags: FlagLayer,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<run::RunArgs>),
    Plan(Box<plan::PlanArgs>),
    Schema(schema::SchemaArgs),
    Check(check::CheckArgs),
    Doctor(doctor::DoctorArgs),
    Images(images::ImagesArgs),
    Clean(clean::CleanArgs),
    Cache(cache::CacheCommand),
    Trust(trust::TrustArgs),
}

const EXIT_STATUS: &str = "\
Exit status:
  0    the build SUCCEEDED
  1    the build FAILED; buildspec errors and timeouts are failed builds too
  2    the command line, or a file it names, cannot be used
  3    no verdict: the engine cannot be reached, or cobuild is at fault
  130  stopped by SIGINT
  143  stopped by SIGTERM";

impl Cli {
    /// Reads the command line. Shows the help or the version that it asks for, or what is wrong with
    /// it, and returns the exit status then.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ExitStatus> {
        terminal::show_panics();
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let error = match Self::parsed(&arguments) {
            Ok(cli) => return Ok(cli),
            Err(error) => error,
        };
        // Nobody is left to tell when there is nobody to read it.
        let _ = if error.use_stderr() {
            Self::complain(&arguments, &error)
        } else {
            let mut out = Out::stdout(Color::Auto);
            out.drawn(&error.render().ansi().to_string())
                .and_then(|()| out.flush())
        };
        Err(if error.exit_code() == 0 {
            ExitStatus::Succeeded
        } else {
            ExitStatus::Usage
        })
    }

    fn parsed(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let mut command = config::definition();
        let matches = match command.try_get_matches_from_mut(arguments) {
            Err(error) if is_of_several(&error) => {
                // What a flag needs may stand in another layer, and one that is off excludes nothing.
                config::lenient_matches(arguments).ok_or(error)?
            }
            parsed => parsed?,
        };
        let mut cli =
            Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        cli.flags = FlagLayer::of(&command, &matches);
        Ok(cli)
    }

    /// Says what is wrong with a command line, as of one in which all that a terminal would obey is
    /// visible: what is said quotes it.
    fn complain(arguments: &[OsString], error: &clap::Error) -> io::Result<()> {
        let mut out = Out::stderr(Color::Auto);
        let plain: Vec<OsString> = arguments
            .iter()
            .map(|argument| {
                terminal::visible(&argument.to_string_lossy())
                    .into_owned()
                    .into()
            })
            .collect();
        if !out.is_terminal() || plain == arguments {
            return out.drawn(&error.render().ansi().to_string());
        }
        match Self::parsed(&plain) {
            Err(error) => out.drawn(&error.render().ansi().to_string()),
            // Only in its odd form it is wrong.
            Ok(_) => writeln!(out, "{}", error.render().ansi()),
        }
    }

    /// Does what was asked and says how it went; what went wrong is told on stderr.
    pub async fn execute(self, environment: &Environment) -> ExitStatus {
        init_tracing(self.verbose);
        let color = self.color;
        let done = Box::pin(self.perform(environment)).await;
        done.unwrap_or_else(|failure| {
            // Nobody is left to tell when stderr is gone.
            let _ = stderr(color).page(&failure.page());
            failure.status
        })
    }

    async fn perform(self, environment: &Environment) -> Result<ExitStatus, Failure> {
        let color = self.color;
        let (command, settled) = self.settled(environment)?;
        for warning in &settled.warnings {
            // Nobody is left to tell when stderr is gone.
            let _ = writeln!(stderr(color), "warning: {warning}");
        }
        match command {
            Command::Run(args) => Box::pin(run::run(*args, environment, color)).await,
            Command::Plan(args) => plan::run(*args, &settled, environment, color).await,
            Command::Schema(args) => schema::run(&args, color),
            Command::Trust(args) => trust::run(&args, environment, color),
            Command::Check(args) => check::check(&args, color),
            Command::Doctor(mut args) => {
                args.engine = settled.engine;
                Box::pin(doctor::run(args, environment, color)).await
            }
            Command::Images(mut args) => {
                args.engine = settled.engine;
                images::run(args, environment, color).await
            }
            Command::Clean(mut args) => {
                args.engine = settled.engine;
                Box::pin(clean::run(args, environment, color)).await
            }
            Command::Cache(command) => {
                cache::run(command, &settled.engine, environment, color).await
            }
        }
    }

    /// What is to be done, once all layers of settings have had their say.
    fn settled(self, environment: &Environment) -> Result<(Command, Settled), Failure> {
        let config: Option<&ConfigArgs> = match &self.command {
            Command::Run(args) => Some(&args.config),
            Command::Plan(args) => Some(&args.config),
            Command::Doctor(_) | Command::Images(_) | Command::Clean(_) | Command::Cache(_) => None,
            // They look at files alone.
            Command::Schema(_) | Command::Check(_) | Command::Trust(_) => {
                return Ok((self.command, Settled::default()));
            }
        };
        let settled = settle(config, &self.flags, environment)?;
        if config.is_none() {
            return Ok((self.command, settled));
        }
        let cli = Self::parsed(&settled.arguments).map_err(|error| config::unusable(&error))?;
        Ok((cli.command, settled))
    }
}

/// Whether an error is about several flags, rather than about one.
fn is_of_several(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ArgumentConflict | ErrorKind::MissingRequiredArgument
    )
}

/// Where cobuild itself speaks, coloured as the user wants it.
fn stderr(color: ColorChoice) -> Out<io::Stderr> {
    Out::stderr(choice(color))
}

/// Where a command writes what it was asked for.
fn stdout(color: ColorChoice) -> Out<io::BufWriter<io::Stdout>> {
    Out::stdout(choice(color)).buffered()
}

fn choice(color: ColorChoice) -> Color {
    match color {
        ColorChoice::Auto => Color::Auto,
        ColorChoice::Always => Color::Always,
        ColorChoice::Never => Color::Never,
    }
}

/// What a command has to say.
#[derive(Debug)]
enum Told {
    Text(Page),
    Json(String),
}

impl Told {
    /// Writes it to stdout.
    fn write(&self, color: ColorChoice) -> Result<(), Failure> {
        let mut out = stdout(color);
        let told = match self {
            Self::Text(page) => out.page(page),
            Self::Json(text) => out.json(text),
        };
        written(told.and_then(|()| out.flush()))
    }
}

/// Says that stdout cannot be written to; whoever stops reading has read enough.
fn written(done: io::Result<()>) -> Result<(), Failure> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::no_verdict(
            anyhow::Error::new(error).context("cannot write to stdout"),
        )),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Traces are for those who look into cobuild, never part of its output.
fn init_tracing(verbose: u8) {
    let level = match verbose {
        0 => "error",
        1 => "cobuild=info",
        2 => "cobuild=debug",
        _ => "debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(level))
        .with_writer(|| Traces)
        .without_time()
        .with_target(false)
        .init();
}
