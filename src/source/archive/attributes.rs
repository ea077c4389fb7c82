//! The attributes that users give to files (`user.*`).

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{fgetxattr, flistxattr, lgetxattr, llistxattr};
use rustix::io::Errno;

/// What comes before the name of an attribute in a tar.
const KEY: &str = "SCHILY.xattr.";

/// The attributes that are everybody's; others are the system's.
const NAMESPACE: &str = "user.";

/// How long lists of names are, at most of the times, in bytes.
const USUAL: usize = 1024;

/// The longest list of names and the longest value that the kernel gives out, in bytes.
const LONGEST: usize = 64 * 1024;

/// Attributes as a tar has them, by key.
pub(super) type Attributes = Vec<(String, Vec<u8>)>;

/// The attributes of an open file.
pub(super) fn of_file(file: &File) -> io::Result<Attributes> {
    read(
        |list| flistxattr(file, list),
        |name, value| fgetxattr(file, name, value),
    )
}

/// The attributes of a directory.
pub(super) fn of_directory(path: &Path) -> io::Result<Attributes> {
    read(
        |list| llistxattr(path, list),
        |name, value| lgetxattr(path, name, value),
    )
}

/// Reads attributes, together as many as one could be long; a file without any costs one request.
fn read(
    list: impl Fn(&mut [u8]) -> Result<usize, Errno>,
    get: impl Fn(&str, &mut [u8]) -> Result<usize, Errno>,
) -> io::Result<Attributes> {
    let mut few = [0; USUAL];
    let mut many = Vec::new();
    let names = match list(&mut few) {
        Ok(length) => &few[..length],
        Err(Errno::NOTSUP | Errno::PERM | Errno::ACCESS) => &[],
        Err(Errno::RANGE) => {
            many.resize(LONGEST, 0);
            let length = list(&mut many)?;
            &many[..length]
        }
        Err(error) => return Err(error.into()),
    };
    let mut attributes = Vec::new();
    let mut left = LONGEST;
    let names = names.split(|byte| *byte == 0);
    for name in names.filter_map(|name| std::str::from_utf8(name).ok()) {
        // The key ends at the first equals sign.
        if !name.starts_with(NAMESPACE) || name.contains('=') {
            continue;
        }
        let mut value = vec![0; left];
        match get(name, &mut value) {
            Ok(length) => {
                value.truncate(length);
                left -= length;
                attributes.push((format!("{KEY}{name}"), value));
            }
            // It is gone, or too much.
            Err(Errno::NODATA | Errno::RANGE | Errno::ACCESS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(attributes)
}
