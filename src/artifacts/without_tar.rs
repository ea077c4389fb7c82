//! Copies files out of a container without `tar`: the engine packs whole trees or single paths.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::DownloadError;
use super::download::{Fetch, Received, stays_inside};
use super::entries::{Entries, EntryKind};
use super::file_list::{ArtifactFiles, ByPath};
use super::file_writer::{Attributes, FileWriter};
use super::stream_reader::read_from;
use crate::engine::Engine;
use crate::plan::artifacts::join;

/// How many symlinks may form a chain, as in the kernel.
const LONGEST_CHAIN: usize = 40;

/// What is at a path.
enum PathContent {
    Nothing,
    Placed { same: Vec<usize> },
    Link(PathBuf),
}

impl<E: Engine> Fetch<'_, E> {
    /// Copies the `wanted` files that lie in a tree, by copying the whole tree; returns the others,
    /// and those that are symlinks.
    pub(super) async fn tree(
        &self,
        names: &Arc<ArtifactFiles>,
        (path, name): &(PathBuf, PathBuf),
        wanted: Vec<usize>,
        directory: &Path,
    ) -> Result<(Vec<usize>, Received), DownloadError> {
        let stream = self
            .engine
            .download(self.container, &path.to_string_lossy());
        let (names, name, directory) = (names.clone(), name.clone(), directory.to_path_buf());
        read_from((self.guard)(stream), move |stream| {
            receive_tree(stream, &names, &name, wanted, &directory)
        })
        .await
    }

    /// Copies one file, and follows symlinks.
    pub(super) async fn single(
        &self,
        names: &Arc<ArtifactFiles>,
        index: usize,
        directory: &Path,
    ) -> Result<Received, DownloadError> {
        let mut received = Received::default();
        let Some(wanted) = names.get(index) else {
            return Ok(received);
        };
        let mut path = wanted.path.to_string_lossy().into_owned();
        for _ in 0..LONGEST_CHAIN {
            let stream = self.engine.download(self.container, &path);
            let (kept, directory) = (wanted.kept.to_path_buf(), directory.to_path_buf());
            let look = read_from((self.guard)(stream), move |stream| {
                look(stream, index, &kept, &directory)
            });
            match look.await {
                Ok(PathContent::Placed { same }) => {
                    received.same = same;
                    return Ok(received);
                }
                Ok(PathContent::Link(target))
                    if wanted.as_link && stays_inside(wanted.kept, &target) =>
                {
                    received.links.push((index, target));
                    return Ok(received);
                }
                Ok(PathContent::Link(target)) => {
                    let parent = path.rsplit_once('/').map_or("/", |(parent, _)| parent);
                    path = join(parent, &target.to_string_lossy());
                }
                Ok(PathContent::Nothing) => break,
                // This answer means a loop of symlinks.
                Err(DownloadError::Engine(error)) if error.status.is_some() => break,
                Err(error) => return Err(error),
            }
        }
        received.missing.push(index);
        Ok(received)
    }
}

fn receive_tree(
    stream: impl Read,
    names: &ArtifactFiles,
    root: &Path,
    wanted: Vec<usize>,
    directory: &Path,
) -> Result<(Vec<usize>, Received), DownloadError> {
    let by_path = ByPath::new(names);
    let mut is_wanted = vec![false; names.len()];
    for index in wanted {
        is_wanted[index] = true;
    }
    let mut placing = FileWriter::new(directory);
    let mut entries = Entries::new(stream);
    while let Some(entry) = entries.next().map_err(DownloadError::Read)? {
        // The first component is the name of the tree.
        let below: PathBuf = entry.name.components().skip(1).collect();
        let EntryKind::File(size) = entry.kind else {
            continue;
        };
        let Some(index) = by_path.find(&root.join(below)) else {
            continue;
        };
        if let Some(file) = names.get(index)
            && std::mem::take(&mut is_wanted[index])
        {
            let attributes = Attributes {
                mode: entry.mode,
                modified: entry.modified,
            };
            let content = entries.content(size).map_err(DownloadError::Read)?;
            placing.file(index, file.kept, attributes, size, content)?;
        }
    }
    let received = Received {
        same: placing.end()?,
        ..Received::default()
    };
    let left = (0..names.len()).filter(|index| is_wanted[*index]).collect();
    Ok((left, received))
}

/// Writes the first file of a stream.
fn look(
    stream: impl Read,
    index: usize,
    kept: &Path,
    directory: &Path,
) -> Result<PathContent, DownloadError> {
    let mut entries = Entries::new(stream);
    let Some(entry) = entries.next().map_err(DownloadError::Read)? else {
        return Ok(PathContent::Nothing);
    };
    match entry.kind {
        EntryKind::File(size) => {
            let attributes = Attributes {
                mode: entry.mode,
                modified: entry.modified,
            };
            let mut placing = FileWriter::new(directory);
            let content = entries.content(size).map_err(DownloadError::Read)?;
            placing.file(index, kept, attributes, size, content)?;
            Ok(PathContent::Placed {
                same: placing.end()?,
            })
        }
        EntryKind::Symlink(target) => Ok(PathContent::Link(target)),
        EntryKind::HardLink(_) | EntryKind::Directory | EntryKind::Other => {
            Ok(PathContent::Nothing)
        }
    }
}
