//! Follows the links among an artifact's files to their content.

use std::path::Path;

use super::artifact::Download;
use super::unpack::{CollectError, Placement, Receiver, Reference, unpack};

/// How many links may follow on each other, as in the kernel.
const LONGEST_CHAIN: usize = 40;

/// Returns the absolute path of the file that `reference` leads to, `None` when it leads nowhere or
/// to something that is no file.
pub(super) async fn target(
    download: &Download<'_>,
    reference: &Reference,
) -> Result<Option<String>, CollectError> {
    let mut path = reference.target.clone();
    for _ in 0..LONGEST_CHAIN {
        let look = Look::new(&path, Placement::Nowhere);
        match unpack(download(&path), &path, look).await {
            Ok(Look {
                found: Found::File, ..
            }) => return Ok(Some(path)),
            Ok(Look {
                found: Found::Link(next),
                ..
            }) => path = next,
            Ok(Look {
                found: Found::Nothing,
                ..
            }) => return Ok(None),
            // An engine that answers so has found a loop.
            Err(CollectError::Engine(error)) if error.status.is_some() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Brings the file at `path` into its place.
pub(super) async fn fetch(
    download: &Download<'_>,
    path: &str,
    placement: Placement,
) -> Result<(), CollectError> {
    unpack(download(path), path, Look::new(path, placement)).await?;
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

impl Look {
    fn new(path: &str, placement: Placement) -> Self {
        Self {
            path: path.to_owned(),
            placement,
            found: Found::Nothing,
        }
    }
}

impl Receiver for Look {
    fn place(&mut self, path: &Path) -> Option<Placement> {
        (path == Path::new(&self.path)).then(|| {
            self.found = Found::File;
            self.placement.clone()
        })
    }

    fn refer(&mut self, reference: Reference) {
        if reference.path == Path::new(&self.path) {
            self.found = Found::Link(reference.target);
        }
    }
}
