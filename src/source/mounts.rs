//! Reads what is mounted: file systems below a source tree, which an overlay does not include, and overlays.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Where the kernel lists what a process sees mounted.
pub const MOUNT_TABLE: &str = "/proc/self/mountinfo";

/// Finds a directory below `tree` that something else is mounted on.
pub fn below(tree: &Path) -> io::Result<Option<PathBuf>> {
    let table = std::fs::read(MOUNT_TABLE)?;
    Ok(points(&table).find(|point| point != tree && point.starts_with(tree)))
}

/// The options of the overlay that is mounted at `point` in a table as the kernel prints it; `None` when
/// something else is mounted there, or nothing.
pub fn overlay_options(table: &[u8], point: &Path) -> Option<String> {
    let line = table
        .split(|byte| *byte == b'\n')
        .rfind(|line| points(line).any(|found| found == point))?;
    let line = String::from_utf8_lossy(line);
    let (_, file_system) = line.split_once(" - ")?;
    let mut fields = file_system.splitn(3, ' ');
    (fields.next() == Some("overlay")).then(|| fields.nth(1).unwrap_or_default().to_owned())
}

/// Whether an overlay of this machine with these options has a feature.
pub fn has_feature(options: &str, feature: &str) -> bool {
    let is_on = options
        .split(',')
        .any(|option| option.strip_prefix(feature) == Some("=on"));
    // The kernel does not list what every overlay has.
    is_on || is_default(feature)
}

fn is_default(feature: &str) -> bool {
    let path = format!("/sys/module/overlay/parameters/{feature}");
    std::fs::read_to_string(path).is_ok_and(|value| value.trim() == "Y")
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
    fn the_overlay_on_top_tells_its_options() {
        let table = b"1 0 0:1 / /s rw - tmpfs tmpfs rw\n\
            2 1 0:2 / /s rw,relatime shared:1 - overlay overlay rw,lowerdir=/l,index=on\n\
            3 2 0:3 / /s/below rw - tmpfs tmpfs rw\n";
        let options = |point: &str| overlay_options(table, Path::new(point));
        assert_eq!(options("/s").as_deref(), Some("rw,lowerdir=/l,index=on"));
        assert!(has_feature(&options("/s").unwrap(), "index"));
        assert!(!has_feature(&options("/s").unwrap(), "lower"));
        assert_eq!(options("/s/below"), None);
        assert_eq!(options("/elsewhere"), None);
    }

    #[test]
    fn what_is_mounted_below_the_root_is_found() {
        assert!(below(Path::new("/")).unwrap().is_some());
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(below(empty.path()).unwrap(), None);
    }
}
