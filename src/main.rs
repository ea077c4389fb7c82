//! The `cobuild` command.

use std::process::ExitCode;

use cobuild::cli::Cli;
use cobuild::exit::ExitStatus;
use cobuild::settings::Environment;

fn main() -> ExitCode {
    let environment = Environment::new(std::env::vars_os());
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(status) => return status.into(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let status = match runtime {
        Ok(runtime) => {
            let status = runtime.block_on(cli.execute(&environment));
            // A thread that waits for a blocked reader must not hold up the end.
            runtime.shutdown_background();
            status
        }
        Err(_) => ExitStatus::NoVerdict,
    };
    status.into()
}
