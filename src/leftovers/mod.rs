//! Finds and removes what runs leave behind when they are killed, or keep for debugging.
//!
//! The belongings of a living run are never taken for leftovers:
//!
//! - An object in the engine says which process made it ([`crate::ownership`]); a dead process never lives again.
//!   What has no proof that this user's cobuild made it is told of, and left to people.
//! - A directory of the host, and an archive that is being written, is locked by whoever uses it. What is
//!   found here is locked until it is removed.
//! - A directory that was left to a container is read of before the containers are listed, so its
//!   container is among them when it is there.

mod host;
mod leftover;
mod objects;
mod removal;

pub use host::HostDirectories;
pub use leftover::{Leftover, LeftoverKind, LeftoverReport, RemovableLeftover};
pub use removal::{RemovalError, remove};

use crate::engine::{Engine, EngineError};
use crate::ownership::Owner;

/// Finds all leftovers, as seen from the process `owner`.
///
/// `engine` is the engine, or the error that prevented the connection.
pub async fn find<E: Engine>(
    engine: Result<&E, EngineError>,
    owner: &Owner,
    places: &HostDirectories,
) -> LeftoverReport {
    let mut findings = LeftoverReport::default();
    let kept = crate::runner::kept(&places.scratch_root);
    let listed = match engine {
        Ok(engine) => objects::list(engine, owner, &places.scratch_root).await,
        Err(error) => Err(error),
    };
    match listed {
        Ok(objects) => {
            host::sort_kept(kept, &objects, &mut findings);
            findings.of_other_hosts = objects.of_other_hosts;
            findings.unproven = objects.unproven;
            findings.dead.extend(objects.dead);
            findings.living.extend(objects.living);
        }
        Err(error) => findings.not_looked_at = Some((error, kept.len())),
    }
    host::find(places, &mut findings);
    // Containers first: the objects that they use can be removed afterwards.
    findings.dead.sort_by_key(|found| found.leftover.kind);
    findings.living.sort_by_key(|found| found.leftover.kind);
    findings
}
