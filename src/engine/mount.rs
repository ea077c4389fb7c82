//! What is mounted into a container.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Something mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mount {
    Bind(PathBuf),
    /// A copy-on-write view of a directory of the host: changes go to `upper`.
    CopyOnWrite(CopyOnWrite),
    Memory,
    /// An empty volume that goes with the container.
    Volume,
    /// A persistent volume; created when missing.
    NamedVolume(NamedVolume),
}

/// A volume with a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedVolume {
    pub name: String,
    /// Set when the volume is created.
    pub labels: BTreeMap<String, String>,
}

/// The features without which an overlay is no plain file system: files are given to another owner without
/// being copied, directories can be renamed, and hard links hold.
pub const OVERLAY_FEATURES: [&str; 3] = ["metacopy", "redirect_dir", "index"];

/// The directories of an overlay, on the engine's host; their paths are text. It has all of
/// [`OVERLAY_FEATURES`] that the file systems below it allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyOnWrite {
    /// The read-only layers, the topmost first.
    pub lower: Vec<PathBuf>,
    /// Where changes go; `upper` and `work` are on one file system.
    pub upper: PathBuf,
    /// The work directory of the kernel.
    pub work: PathBuf,
}

/// Escapes the characters with a meaning in the options of an overlay mount.
pub fn escape_option(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for character in path.chars() {
        if matches!(character, '\\' | ',' | ':') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
