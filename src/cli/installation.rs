//! What of this machine is cobuild's own, checked before any of it is used.

use clap::ColorChoice;

use super::failure::Failure;
use super::output::stderr;
use crate::build::Installation;
use crate::settings::Environment;

/// Finds cobuild's own directories and key; warns of a home that is another user's.
pub(super) fn installation(
    environment: &Environment,
    color: ColorChoice,
) -> Result<Installation, Failure> {
    if let Some(home) = environment.foreign_home() {
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(
            stderr(color),
            "warning: `HOME` is `{}`, which belongs to another user; caches are kept in `{}`",
            home.display(),
            environment.cache_directory().display()
        );
    }
    Installation::find(environment).map_err(|error| {
        let variable = error.variable;
        Failure::usage(error).hint(format!(
            "cobuild uses directories that nobody else can write: remove it when it is not yours, close it \
             with `chmod go-w`, or name another place with {variable}=DIR"
        ))
    })
}
