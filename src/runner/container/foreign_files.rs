//! Removes files of other users that a build left, with the help of the engine.
//!
//! This user cannot empty a directory of the build's root. No program is run to change that: a
//! container is created but never started, and the engine unpacks into it a tar of just these
//! directories, with permissions for everybody. All lie in a directory that only this user may
//! enter.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt as _;
use walkdir::WalkDir;

use crate::engine::{ContainerSpec, Engine, EngineError, Mount};
use crate::host::directory;
use crate::ownership::Owner;
use crate::resources::Extras;
use crate::runner::sources::scratch::Scratch;

/// The build that the container says it belongs to.
const BUILD: &str = "emptying";

/// The longest path in the tar, in bytes.
const LONGEST: usize = 4000;

/// How many directories one round opens.
const MANY: usize = 20_000;

/// Removes a build's directory in rounds: the content of a closed directory becomes visible when it
/// is open.
pub(in crate::runner) async fn remove<E: Engine>(
    engine: &E,
    owner: &Owner,
    image: &str,
    scratch: &Scratch,
) -> Result<(), io::Error> {
    let tag = owner.container(BUILD);
    let target = format!("/{}", tag.name);
    let spec = ContainerSpec {
        name: tag.name,
        image: image.to_owned(),
        command: vec!["none".to_owned()],
        working_directory: "/".to_owned(),
        labels: tag.labels,
        mounts: BTreeMap::from([(
            target.clone(),
            Mount::Bind(scratch.directory().to_path_buf()),
        )]),
        extras: Extras {
            network: Some("none".to_owned()),
            ..Extras::default()
        },
        ..ContainerSpec::default()
    };
    let container = engine.create_container(&spec).await.map_err(failed)?.id;
    let mut before = BTreeSet::new();
    let removed = loop {
        let closed = closed(scratch.directory());
        // Without progress the engine cannot help.
        if closed.is_empty() || closed == before {
            break scratch.remove();
        }
        let tar = match tar_of(&closed) {
            Ok(tar) => tar,
            Err(error) => break Err(error),
        };
        let stream = futures_util::stream::iter([Ok(tar)]).boxed();
        if let Err(error) = engine.upload(&container, &target, stream).await {
            break Err(failed(error));
        }
        before = closed;
        match scratch.remove() {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            removed => break removed,
        }
    };
    if let Err(error) = engine.remove_container(&container).await {
        tracing::debug!(%error, "the container stays that opened a build's directory");
    }
    removed
}

fn failed(error: EngineError) -> io::Error {
    io::Error::other(error)
}

/// The directories that this user cannot empty, as far as he can see them.
fn closed(root: &Path) -> BTreeSet<PathBuf> {
    let me = directory::user();
    WalkDir::new(root)
        .min_depth(1)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_dir())
        .filter(|entry| {
            entry
                .metadata()
                .is_ok_and(|found| found.uid() != me && found.mode() & 0o7777 != OPEN)
        })
        .filter_map(|entry| entry.path().strip_prefix(root).ok().map(Path::to_path_buf))
        .filter(|path| path.as_os_str().len() < LONGEST)
        .take(MANY)
        .collect()
}

/// The permissions of a directory that everybody can empty.
const OPEN: u32 = 0o777;

fn tar_of(directories: &BTreeSet<PathBuf>) -> io::Result<Bytes> {
    let mut tar = tar::Builder::new(Vec::new());
    for path in directories {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_size(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mode(OPEN);
        tar.append_data(&mut header, path, io::empty())?;
    }
    Ok(tar.into_inner()?.into())
}
