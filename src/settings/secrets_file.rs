//! Reads a file of secrets that nobody else can read.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::secrets::local::{SecretsFile, SecretsFileError};

/// The permissions of group and others.
const OF_OTHERS: u32 = 0o077;

/// Why a file of secrets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    #[error("others than its owner have access to it: its mode is {0:03o}")]
    Exposed(u32),
    #[error(transparent)]
    Content(#[from] SecretsFileError),
}

/// Reads a file of secrets, which only its owner may have access to. A pipe is as good, as in
/// `--secrets <(sops decrypt FILE)`.
pub fn read_secrets(path: &Path) -> Result<SecretsFile, SecretsError> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.mode();
    if mode & OF_OTHERS != 0 {
        return Err(SecretsError::Exposed(mode & 0o777));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(SecretsFile::parse(&text)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_that_others_can_open_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "A=x\n").unwrap();
        for (mode, is_refused) in [
            (0o600, false),
            (0o400, false),
            (0o700, false),
            (0o640, true),
            (0o604, true),
            (0o620, true),
            (0o601, true),
        ] {
            let permissions = PermissionsExt::from_mode(mode);
            std::fs::set_permissions(file.path(), permissions).unwrap();
            let refused = matches!(
                read_secrets(file.path()),
                Err(SecretsError::Exposed(found)) if found == mode
            );
            assert_eq!(refused, is_refused, "{mode:o}");
        }
    }
}
