//! Runs the buildspec of the current directory: `cargo run --example run_build -- IMAGE`.

use std::env;

use cobuild::build::{self, Hooks, Installation, Request};
use cobuild::engine::docker::Docker;
use cobuild::engine::endpoint::Endpoint;
use cobuild::phase::Status;
use cobuild::plan::Settings;
use cobuild::settings::Environment;
use cobuild::sinks::{Log, Sink, show};
use cobuild::terminal::{Color, Out};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let image = env::args().nth(1).unwrap_or("cobuild-debian:12".into());
    let environment = Environment::new(env::vars_os());
    let engine = Docker::connect(&Endpoint::resolve(&environment.surroundings(None, None))?)?;
    let installation = Installation::find(&environment)?;
    let request = Request::of_directory(".", Settings::new(image))?;
    let build = build::start(request, engine, &installation, Hooks::default());
    let log = Log::new(Out::stdout(Color::Auto));
    let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(log)];
    // The sinks may block: on a thread of their own.
    let runtime = tokio::runtime::Handle::current();
    let showing =
        tokio::task::spawn_blocking(move || runtime.block_on(show(build.events, &mut sinks)));
    let outcome = build.end.wait().await?;
    showing.await??;
    anyhow::ensure!(
        outcome.status == Status::Succeeded,
        "the build {}",
        outcome.status
    );
    Ok(())
}
