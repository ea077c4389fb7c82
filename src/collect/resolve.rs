//! Follows the links among an artifact's files to their content.

use super::unpack::{CollectError, Placement, Receiver, Reference, unpack};
use crate::engine::{ContainerId, Engine};

/// How many links may follow on each other, as in the kernel.
const LONGEST_CHAIN: usize = 40;

/// Returns the absolute path of the file that `reference` leads to, `None` when it leads nowhere or
/// to something that is no file.
pub(super) async fn target<E: Engine>(
    engine: &E,
    container: &ContainerId,
    reference: &Reference,
) -> Result<Option<String>, CollectError> {
    let mut path = reference.target.clone();
    for _ in 0..LONGEST_CHAIN {
        let look = Look {
            path: path.clone(),
            placement: Placement::Nowhere,
            found: Found::Nothing,
        };
        match unpack(engine.download(container, &path), &path, look)
            .await?
            .found
        {
            Found::File => return Ok(Some(path)),
            Found::Nothing => return Ok(None),
            Found::Link(next) => path = next,
        }
    }
    Ok(None)
}

/// Brings the file at `path` into its place.
pub(super) async fn fetch<E: Engine>(
    engine: &E,
    container: &ContainerId,
    path: &str,
    placement: Placement,
) -> Result<(), CollectError> {
    let look = Look {
        path: path.to_owned(),
        placement,
        found: Found::Nothing,
    };
    unpack(engine.download(container, path), path, look).await?;
    Ok(())
}

/// Looks at the one entry whose path was asked for: a directory's files are not the link's.
struct Look {
    path: String,
    placement: Placement,
    found: Found,
}

enum Found {
    Nothing,
    File,
    Link(String),
}

impl Receiver for Look {
    fn place(&mut self, path: &str) -> Option<Placement> {
        (path == self.path).then(|| {
            self.found = Found::File;
            self.placement.clone()
        })
    }

    fn refer(&mut self, reference: Reference) {
        if reference.path == self.path {
            self.found = Found::Link(reference.target);
        }
    }
}
