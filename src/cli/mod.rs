//! The command line: one file for each subcommand, one for what goes wrong.

mod build_args;
mod cache;
mod cache_args;
mod check;
mod clean;
mod container_args;
mod debug;
mod doctor;
mod engine_args;
mod failure;
mod gather;
mod image_args;
mod images;
mod named;
mod own;
mod plan;
mod prepare;
mod refusal;
mod run;
mod schema;
mod secrets;
mod signals;
mod source_args;
mod supervise;
mod transfer_args;
mod workspace;

use std::io::{self, Write as _};

use anstream::AutoStream;
use clap::{ColorChoice, Parser, Subcommand};

pub use check::{Format, show_problems};
use failure::Failure;

use crate::exit::ExitStatus;
use crate::settings::Environment;

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
    /// Does what was asked and says how it went; what went wrong is told on stderr.
    pub async fn execute(self, environment: &Environment) -> ExitStatus {
        init_tracing(self.verbose);
        let done = match self.command {
            Command::Run(args) => Box::pin(run::run(*args, environment, self.color)).await,
            Command::Plan(args) => plan::run(*args, environment, self.color).await,
            Command::Schema(args) => schema::run(&args),
            Command::Check(args) => check::check(&args, self.color),
            Command::Doctor(args) => Box::pin(doctor::run(args, environment, self.color)).await,
            Command::Images(args) => images::run(args, environment, self.color).await,
            Command::Clean(args) => Box::pin(clean::run(args, environment, self.color)).await,
            Command::Cache(command) => cache::run(command, environment, self.color).await,
        };
        done.unwrap_or_else(|failure| {
            // Nobody is left to tell when stderr is gone.
            let _ = write!(stderr(self.color), "{}", failure.render());
            failure.status
        })
    }
}

/// Where cobuild itself speaks, coloured as the user wants it.
fn stderr(color: ColorChoice) -> AutoStream<io::Stderr> {
    AutoStream::new(io::stderr(), choice(color))
}

fn choice(color: ColorChoice) -> anstream::ColorChoice {
    match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
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
        .with_writer(io::stderr)
        .without_time()
        .with_target(false)
        .init();
}
