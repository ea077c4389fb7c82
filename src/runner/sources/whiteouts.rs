//! Writes an overlay layer that hides a part of a tree.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, Timespec, Timestamps, Uid};

use crate::source::excludes::LeftOut;

/// Writes the layer: a character device 0,0 for each excluded path (any user may create one since
/// Linux 5.8), in directories like those of the tree.
pub(in crate::runner) fn write(layer: &Path, tree: &Path, left_out: &LeftOut) -> io::Result<()> {
    let mut directories = BTreeSet::new();
    for path in left_out.iter() {
        let above = path.parent().unwrap_or(path);
        let new = above
            .ancestors()
            .take_while(|directory| !directory.as_os_str().is_empty())
            .take_while(|directory| directories.insert(PathBuf::from(directory)))
            .count();
        if new > 0 {
            fs::create_dir_all(layer.join(above))?;
        }
        let device = rustix::fs::makedev(0, 0);
        let kind = FileType::CharacterDevice;
        rustix::fs::mknodat(CWD, layer.join(path), kind, Mode::empty(), device).map_err(
            |error| {
                let error = io::Error::from(error);
                io::Error::new(
                    error.kind(),
                    format!("cannot create the layer that hides excluded files: {error}"),
                )
            },
        )?;
    }
    // The deepest first: creating an entry changes the time of its directory.
    for directory in directories.iter().rev() {
        imitate(&layer.join(directory), &tree.join(directory))?;
    }
    Ok(())
}

/// Copies owner (where permitted), mode and times from another directory.
pub(in crate::runner) fn imitate(directory: &Path, model: &Path) -> io::Result<()> {
    // The root of a tree may be a symlink to it.
    let model = fs::metadata(model)?;
    let owner = (Uid::from_raw(model.uid()), Gid::from_raw(model.gid()));
    // Without permission the owner stays.
    let _ = rustix::fs::chownat(
        CWD,
        directory,
        Some(owner.0),
        Some(owner.1),
        AtFlags::SYMLINK_NOFOLLOW,
    );
    fs::set_permissions(directory, model.permissions())?;
    let times = Timestamps {
        last_access: Timespec {
            tv_sec: model.atime(),
            tv_nsec: model.atime_nsec(),
        },
        last_modification: Timespec {
            tv_sec: model.mtime(),
            tv_nsec: model.mtime_nsec(),
        },
    };
    rustix::fs::utimensat(CWD, directory, &times, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(())
}
