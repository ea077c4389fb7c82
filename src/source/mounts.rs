//! Finds file systems that are mounted below a source tree, which an overlay does not include.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Finds a directory below `tree` that something else is mounted on.
pub fn below(tree: &Path) -> io::Result<Option<PathBuf>> {
    let table = std::fs::read("/proc/self/mountinfo")?;
    Ok(points(&table).find(|point| point != tree && point.starts_with(tree)))
}

/// The mount points of a table as the kernel prints it.
fn points(table: &[u8]) -> impl Iterator<Item = PathBuf> {
    table
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ').nth(4))
        .map(|field| PathBuf::from(OsString::from_vec(unescape(field))))
}

/// Blanks and the like are written as a backslash and three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let escaped = after
            .split_at_checked(3)
            .filter(|_| *first == b'\\')
            .and_then(|(digits, after)| {
                let digits = std::str::from_utf8(digits).ok()?;
                Some((u8::from_str_radix(digits, 8).ok()?, after))
            });
        let (byte, after) = escaped.unwrap_or((*first, after));
        text.push(byte);
        rest = after;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read_as_the_kernel_writes_them() {
        let table = b"22 1 0:21 / /proc rw - proc proc rw\n\
            30 1 0:5 / /a\\040b\\134c\\012d rw,relatime shared:1 - tmpfs x rw\n";
        let points: Vec<PathBuf> = points(table).collect();
        assert_eq!(points, [Path::new("/proc"), Path::new("/a b\\c\nd")]);
    }

    #[test]
    fn what_is_mounted_below_the_root_is_found() {
        assert!(below(Path::new("/")).unwrap().is_some());
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(below(empty.path()).unwrap(), None);
    }
}
