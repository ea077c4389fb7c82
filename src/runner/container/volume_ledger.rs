//! Records which anonymous volumes belong to containers of this user's runs.
//!
//! The engine chooses their names, so their labels cannot prove the names. The names are recorded
//! in a directory of cobuild when the container is created.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::engine::ListedVolume;
use crate::host::{directory, file};
use crate::ownership::{self, ObjectKind, Owner};

/// The longest file, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Records are forgotten after this time.
const LIMIT: Duration = Duration::from_hours(7 * 24);

/// The files, one for each container.
#[derive(Debug, Clone)]
pub struct Ledger {
    directory: PathBuf,
}

impl Ledger {
    /// Returns the ledger beside `scratch_root`.
    pub fn beside(scratch_root: &Path) -> Self {
        Self {
            directory: scratch_root.with_file_name("volumes"),
        }
    }

    /// Records the volumes of a container.
    pub(in crate::runner) fn enter(&self, container: &str, volumes: &[String]) -> io::Result<()> {
        directory::make_own(&self.directory)?;
        let mut file = file::make_own(&self.directory.join(container))?;
        file.write_all(volumes.join("\n").as_bytes())
    }

    /// Forgets a container that was removed with its volumes.
    pub(in crate::runner) fn strike(&self, container: &str) {
        // There is none where a container has no such volume.
        let _ = fs::remove_file(self.directory.join(container));
    }

    /// Forgets old records.
    pub(in crate::runner) fn tidy(&self) {
        for path in self.files() {
            let modified = fs::metadata(&path).and_then(|found| found.modified());
            let age = modified.ok().and_then(|modified| modified.elapsed().ok());
            if age.is_some_and(|age| age > LIMIT) {
                let _ = fs::remove_file(path);
            }
        }
    }

    /// The names of all volumes.
    pub fn volumes(&self) -> BTreeSet<String> {
        let read = |path: PathBuf| {
            let text = file::read_whole(file::open_own(&path).ok()?, LONGEST).ok()?;
            String::from_utf8(text).ok()
        };
        let texts = self.files().into_iter().filter_map(read);
        texts
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }

    fn files(&self) -> Vec<PathBuf> {
        let is_own = directory::is_own(&self.directory).unwrap_or(false);
        let entries = is_own.then(|| fs::read_dir(&self.directory).ok()).flatten();
        let entries = entries.into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }
}

/// Whether an anonymous volume belongs to a container of this user's runs: it is recorded, or it is
/// an overlay whose changes lie below `scratch_root`.
pub fn is_of_container(
    volume: &ListedVolume,
    owner: &Owner,
    scratch_root: &Path,
    entered: &BTreeSet<String>,
) -> bool {
    let name = volume.labels.get(ownership::NAME);
    (entered.contains(&volume.name) || is_view(volume, scratch_root))
        && name.is_some_and(|name| owner.has_made(ObjectKind::Container, name, &volume.labels))
}

/// Whether a volume is the copy-on-write view of a source: its changes are in `scratch_root`.
fn is_view(volume: &ListedVolume, scratch_root: &Path) -> bool {
    let option = |name: &str| volume.options.get(name).map(String::as_str);
    let root = crate::engine::escape_option(&scratch_root.to_string_lossy());
    let upper = option("o").and_then(|options| options.split(",upperdir=").nth(1));
    option("type") == Some("overlay")
        && upper.is_some_and(|upper| {
            let below = upper.strip_prefix(&root);
            below.is_some_and(|below| below.starts_with('/') && !below.contains(".."))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ownership::Key;

    #[test]
    fn a_volume_is_known_by_its_name_or_by_its_place_and_by_labels_alone_by_nobody() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("runs");
        let ledger = Ledger::beside(&root);
        assert!(ledger.volumes().is_empty());
        let owner = Owner::this_process(Key::of_one_run());
        let tag = owner.container("build");
        let volume = |name: &str, options: &[(&str, &str)]| ListedVolume {
            name: name.to_owned(),
            labels: tag.labels.clone(),
            options: options
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        ledger.enter(&tag.name, &["0123".to_owned()]).unwrap();
        let entered = ledger.volumes();
        let is_ours = |volume: &ListedVolume| is_of_container(volume, &owner, &root, &entered);
        assert!(is_ours(&volume("0123", &[])));
        assert!(!is_ours(&volume("4567", &[])));
        let overlay = |upper: &str| {
            let options = format!("lowerdir=/l,upperdir={upper},workdir=/w");
            volume("4567", &[("type", "overlay"), ("o", &options)])
        };
        assert!(is_ours(&overlay(&format!("{}/x/0/upper", root.display()))));
        for upper in [
            "/elsewhere",
            &format!("{}-elsewhere/x", root.display()),
            &format!("{}/../x", root.display()),
        ] {
            assert!(!is_ours(&overlay(upper)), "{upper}");
        }
        let mut unlabelled = volume("0123", &[]);
        unlabelled.labels.clear();
        assert!(!is_ours(&unlabelled));
        ledger.strike(&tag.name);
        assert!(ledger.volumes().is_empty());
    }
}
