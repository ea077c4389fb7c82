//! What of this machine is cobuild's own, checked before any of it is used.

use std::path::PathBuf;

use clap::ColorChoice;

use super::{Failure, stderr};
use crate::host::directory;
use crate::owner::{Key, Owner};
use crate::settings::Environment;

/// Where cobuild keeps what is its own.
#[derive(Debug, Clone)]
pub(super) struct Own {
    /// Caches, and the directories of running builds.
    pub(super) cache_directory: PathBuf,
    /// This process, with the user's key.
    pub(super) owner: Owner,
}

impl Own {
    /// Checks the directories; those that are not there are nobody else's.
    pub(super) fn find(environment: &Environment, color: ColorChoice) -> Result<Self, Failure> {
        if let Some(home) = environment.foreign_home() {
            // Nobody is left to tell when stderr is gone.
            let _ = writeln!(
                stderr(color),
                "warning: `HOME` is `{}`, which belongs to another user; caches are kept in `{}`",
                home.display(),
                environment.cache_directory().display()
            );
        }
        let cache_directory = environment.cache_directory();
        let below = [cache_directory.join("runs"), cache_directory.join("caches")];
        for directory in [&cache_directory].into_iter().chain(&below) {
            match directory::is_own(directory) {
                Err(error) if error.is_unsafe() => {
                    return Err(refused(error, "XDG_CACHE_HOME"));
                }
                // Whoever needs it says why it cannot be used.
                Ok(_) | Err(_) => {}
            }
        }
        let key = match Key::kept_in(&environment.state_directory()) {
            Ok(key) => key,
            Err(error) if error.is_unsafe() => return Err(refused(error, "XDG_STATE_HOME")),
            Err(error) => {
                tracing::info!(%error, "what this run leaves, the next does not know");
                Key::of_one_run()
            }
        };
        Ok(Self {
            cache_directory,
            owner: Owner::this_process(key),
        })
    }
}

fn refused(error: impl Into<anyhow::Error>, variable: &str) -> Failure {
    Failure::usage(error).hint(format!(
        "cobuild uses directories that nobody else can write: remove it when it is not yours, close it \
         with `chmod go-w`, or name another place with {variable}=DIR"
    ))
}
