//! Placeholders for secrets in keys and paths.
//!
//! Keys are stored in clear text and shown in lists. A secret in a key is stored as
//! `***{0123456789abcdef}`: the same secret gives the same digits in every build, so keys and
//! prefixes match as before, and another secret gives another key. The digits are an HMAC with a
//! random key that only this user can read, so a secret cannot be guessed. Lists show `***`.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::host::file;

/// The file with the random key. Directories of namespaces have no `.` in their names.
const FILE: &str = "stand-ins.key";

/// How many bytes the random key has.
const LENGTH: usize = 32;

/// How many digits there are.
const DIGITS: usize = 16;

const BEGIN: &str = "***{";
const END: char = '}';

/// Creates placeholders for secrets.
pub struct SecretPlaceholders {
    key: [u8; LENGTH],
}

impl std::fmt::Debug for SecretPlaceholders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretPlaceholders").finish_non_exhaustive()
    }
}

impl SecretPlaceholders {
    /// Reads the random key of this directory, or creates it.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let named = |error: io::Error| {
            let path = root.join(FILE);
            io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
        };
        match read(root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            read => return read.map(|key| Self { key }).map_err(named),
        }
        make(root)
            .and_then(|()| read(root))
            .map(|key| Self { key })
            .map_err(named)
    }

    /// Returns the placeholder of a secret.
    pub fn of(&self, secret: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("an HMAC takes a key of any length");
        mac.update(secret);
        let mut digits = String::with_capacity(2 * LENGTH);
        for byte in mac.finalize().into_bytes() {
            // Writing to a `String` does not fail.
            let _ = write!(digits, "{byte:02x}");
        }
        format!("{BEGIN}{}{END}", &digits[..DIGITS])
    }
}

fn read(root: &Path) -> io::Result<[u8; LENGTH]> {
    let file = file::open_beneath(root, Path::new(FILE))?;
    let metadata = file.metadata()?;
    let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if !is_ours || metadata.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the file must belong to this user and must not be readable by others",
        ));
    }
    let key = file::read_whole(file, LENGTH as u64)?;
    key.try_into()
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the file is damaged; remove it"))
}

/// Creates the file atomically, unless another build was quicker.
fn make(root: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(root)?;
    let mut file = tempfile::Builder::new()
        .prefix(".stand-ins-")
        .permissions(PermissionsExt::from_mode(0o600))
        .tempfile_in(root)?;
    for _ in 0..LENGTH / 16 {
        file.write_all(Uuid::new_v4().as_bytes())?;
    }
    match file.persist_noclobber(root.join(FILE)) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Returns a stored key or path for display: without the digits.
pub fn shown(kept: &str) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(kept);
    let mut at = 0;
    while let Some(found) = shown[at..].find(BEGIN) {
        let digits = at + found + BEGIN.len();
        at = digits;
        let end = digits + DIGITS;
        let is_stand_in = shown
            .as_bytes()
            .get(digits..end)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            && shown[end..].starts_with(END);
        if is_stand_in {
            let brace = digits - 1;
            shown.to_mut().replace_range(brace..=end, "");
            at = brace;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_one_stand_in_for_each_user() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = one.path().join("made");
        let first = SecretPlaceholders::open(&root).unwrap().of(b"hunter2");
        assert_eq!(
            SecretPlaceholders::open(&root).unwrap().of(b"hunter2"),
            first
        );
        assert_ne!(
            SecretPlaceholders::open(&root).unwrap().of(b"hunter3"),
            first
        );
        assert_ne!(
            SecretPlaceholders::open(other.path())
                .unwrap()
                .of(b"hunter2"),
            first
        );
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&root.join(FILE)), 0o600);
        assert_eq!(shown(&format!("a-{first}-b-{first}")), "a-***-b-***");
    }

    #[test]
    fn a_key_that_others_can_read_is_not_used() {
        let root = tempfile::tempdir().unwrap();
        SecretPlaceholders::open(root.path()).unwrap();
        let path = root.path().join(FILE);
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let error = SecretPlaceholders::open(root.path())
            .unwrap_err()
            .to_string();
        assert!(error.contains("must not be readable by others"), "{error}");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert!(SecretPlaceholders::open(root.path()).is_err());
    }

    #[test]
    fn what_only_looks_like_one_stays() {
        for text in [
            "***",
            "***{",
            "***{0123}",
            "***{0123456789abcdef",
            "***{0123456789abcdeg}",
            "***{é123456789abcdef}",
        ] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("***{***{0123456789abcdef}"), "***{***");
    }
}
