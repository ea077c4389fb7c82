//! The command line: one file for each subcommand, one for what goes wrong.

mod age;
mod args;
mod build_failure;
mod cache;
mod check;
mod clean;
mod completions;
mod config;
mod debug;
mod doctor;
mod exit_status;
mod failure;
mod help;
mod images;
mod installation;
mod man;
mod named;
mod output;
mod plan;
mod reference;
mod refusal;
mod run;
mod schema;
mod secrets;
mod showing;
mod signals;
mod tips;
mod trust;

use std::ffi::OsString;
use std::io;

use clap::error::ErrorKind;
use clap::{ArgAction, ColorChoice, CommandFactory as _, FromArgMatches, Parser, Subcommand};

use args::heading;
pub use check::{Format, show_problems};
use config::{ConfigArgs, FlagLayer, ResolvedSettings, settle};
use exit_status::EXIT_STATUS;
use failure::Failure;
use output::{stderr, written};

use crate::exit::ExitStatus;
use crate::settings::Environment;
use crate::terminal::{self, Color, Out, Traces};

/// Runs AWS CodeBuild buildspecs on your own machine.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    arg_required_else_help = true,
    disable_help_flag = true,
    after_long_help = EXIT_STATUS
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Say more about what cobuild does; twice for more.
    #[arg(
        short,
        long,
        action = ArgAction::Count,
        global = true,
        help_heading = heading::GLOBAL
    )]
    verbose: u8,

    /// Use colours: auto, always or never.
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        hide_possible_values = true,
        help_heading = heading::GLOBAL
    )]
    color: ColorChoice,

    /// Print this help; --help prints more than -h.
    #[arg(
        short,
        long,
        action = ArgAction::Help,
        global = true,
        help_heading = heading::GLOBAL
    )]
    help: Option<bool>,

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
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    #[command(hide = true)]
    CompleteWords(completions::WordsArgs),
}

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
        if error.use_stderr() {
            // Nobody is left to tell when there is nobody to read it.
            let _ = Self::complain(&arguments, &error);
            return Err(ExitStatus::Usage);
        }
        let mut out = Out::stdout(Color::Auto);
        let told = out.drawn(&error.render().ansi().to_string());
        Err(match written(told.and_then(|()| out.flush())) {
            Ok(()) => ExitStatus::Succeeded,
            Err(failure) => complaint(&failure, ColorChoice::Auto),
        })
    }

    fn parsed(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let definition = definition();
        let mut command = help::presented(definition.clone());
        let matches = match command.try_get_matches_from_mut(arguments) {
            Err(error) if is_of_several(&error) => {
                // What a flag needs may stand in another layer, and one that is off excludes nothing.
                config::lenient_matches(&definition, arguments).ok_or(error)?
            }
            Err(mut error) => {
                tips::advise(&mut error, arguments, &command);
                return Err(error);
            }
            Ok(matches) => matches,
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
        init_tracing(self.verbose, self.color);
        let color = self.color;
        let done = Box::pin(self.perform(environment)).await;
        done.unwrap_or_else(|failure| complaint(&failure, color))
    }

    async fn perform(self, environment: &Environment) -> Result<ExitStatus, Failure> {
        let color = self.color;
        let (command, settled) = self.settled(environment)?;
        for warning in &settled.warnings {
            // Nobody is left to tell when stderr is gone.
            let _ = writeln!(stderr(color), "warning: {warning}");
        }
        match command {
            Command::Run(args) if args.is_dry() => {
                plan::run(&args, &settled, environment, color).await
            }
            Command::Run(args) => Box::pin(run::run(*args, environment, color)).await,
            Command::Plan(args) => plan::run(&args.run, &settled, environment, color).await,
            Command::Schema(args) => schema::run(&args, &definition(), color),
            Command::Trust(args) => trust::run(&args, &definition(), environment, color),
            Command::Completions(args) => completions::run(&args, &presented(), color),
            Command::Man(args) => man::run(&args, presented(), color),
            Command::CompleteWords(args) => {
                completions::answer(&args, presented(), environment, color)
            }
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
    fn settled(self, environment: &Environment) -> Result<(Command, ResolvedSettings), Failure> {
        let config: Option<&ConfigArgs> = match &self.command {
            Command::Run(args) => Some(&args.config),
            Command::Plan(args) => Some(&args.run.config),
            Command::Doctor(_) | Command::Images(_) | Command::Clean(_) | Command::Cache(_) => None,
            // They need no engine and build nothing.
            Command::Schema(_)
            | Command::Check(_)
            | Command::Trust(_)
            | Command::Completions(_)
            | Command::Man(_)
            | Command::CompleteWords(_) => {
                return Ok((self.command, ResolvedSettings::default()));
            }
        };
        let settled = settle(&definition(), config, &self.flags, environment)?;
        if config.is_none() {
            return Ok((self.command, settled));
        }
        let cli = Self::parsed(&settled.arguments).map_err(|error| config::unusable(&error))?;
        Ok((cli.command, settled))
    }
}

/// The definition of the command line.
fn definition() -> clap::Command {
    config::definition(Cli::command())
}

/// The definition of the command line, with all that its help says.
fn presented() -> clap::Command {
    help::presented(definition())
}

/// Returns the reference page of the command line, in Markdown.
pub fn reference() -> String {
    reference::page(presented())
}

/// Whether an error is about several flags, rather than about one.
fn is_of_several(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ArgumentConflict | ErrorKind::MissingRequiredArgument
    )
}

/// Says on stderr what went wrong, and returns the exit status.
fn complaint(failure: &Failure, color: ColorChoice) -> ExitStatus {
    // Nobody is left to tell when stderr is gone.
    let _ = stderr(color).page(&failure.page());
    failure.status
}

/// Traces are for those who look into cobuild, never part of its output.
fn init_tracing(verbose: u8, color: ColorChoice) {
    let level = match verbose {
        0 => "error",
        1 => "cobuild=info",
        2 => "cobuild=debug",
        _ => "debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(level))
        .with_ansi(stderr(color).is_colored())
        .with_writer(|| Traces)
        .without_time()
        .with_target(false)
        .init();
}
