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

/// Reads attributes, together with their keys no longer than one value may be; a file without any costs one
/// request.
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
            match list(&mut many) {
                Ok(length) => &many[..length],
                // The kernel gives out no longer list.
                Err(Errno::RANGE | Errno::TOOBIG) => &[],
                Err(error) => return Err(error.into()),
            }
        }
        Err(error) => return Err(error.into()),
    };
    let mut attributes = Vec::new();
    let mut buffer = Vec::new();
    let mut left = LONGEST;
    let names = names.split(|byte| *byte == 0);
    for name in names.filter_map(|name| std::str::from_utf8(name).ok()) {
        // The key ends at the first equals sign.
        if !name.starts_with(NAMESPACE) || name.contains('=') {
            continue;
        }
        let key = format!("{KEY}{name}");
        let Some(room) = left.checked_sub(key.len()) else {
            break;
        };
        buffer.resize(LONGEST, 0);
        match get(name, &mut buffer[..room]) {
            Ok(length) => {
                left = room - length;
                attributes.push((key, buffer[..length].to_vec()));
            }
            // It is gone, or too much.
            Err(Errno::NODATA | Errno::RANGE | Errno::TOOBIG | Errno::ACCESS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(names: &str, list: &mut [u8]) -> Result<usize, Errno> {
        let room = list.get_mut(..names.len()).ok_or(Errno::RANGE)?;
        room.copy_from_slice(names.as_bytes());
        Ok(names.len())
    }

    #[test]
    fn many_attributes_take_no_more_room_than_a_long_one() {
        let names: Vec<String> = (0..6000).map(|index| format!("user.{index}\0")).collect();
        let names = names.concat();
        let get = |_: &str, value: &mut [u8]| {
            value[0] = b'v';
            Ok(1)
        };
        let attributes = read(|list| listed(&names, list), get).unwrap();
        assert!(attributes.len() > 1000, "{}", attributes.len());
        let room = attributes
            .iter()
            .map(|(key, value)| key.capacity() + value.capacity());
        assert!(room.sum::<usize>() <= 2 * LONGEST);
    }

    #[test]
    fn a_list_that_is_too_long_for_the_kernel_has_nothing() {
        let list = |list: &mut [u8]| {
            Err(if list.len() < LONGEST {
                Errno::RANGE
            } else {
                Errno::TOOBIG
            })
        };
        let attributes = read(list, |_, _| Ok(0)).unwrap();
        assert_eq!(attributes, []);
    }
}
