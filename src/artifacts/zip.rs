//! Packs the files of an artifact into a zip (contract §1.8, packaging ZIP).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use md5::Md5;
use sha2::{Digest, Sha256};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::DownloadError;
use super::download::KeptLink;
use super::file_list::ArtifactFiles;
use crate::host::file::open_beneath;

/// How much is read and written at once.
const BLOCK: usize = 256 * 1024;

/// The limits of a zip: the number of files, and the bytes of their paths. All entries stay in
/// memory until the end.
const MOST_FILES: usize = 150_000;
const MOST_BYTES: usize = 12 << 20;

/// Checksums of a zip, in hexadecimal digits, as the API has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksums {
    /// `sha256sum`.
    pub sha256: String,
    /// `md5sum`.
    pub md5: String,
}

/// Fails when there are more files than one zip can have.
pub fn can_hold(names: &ArtifactFiles) -> Result<(), DownloadError> {
    names.are_within("files for one zip", MOST_FILES, MOST_BYTES)
}

/// Packs the collected files and symlinks into a new zip, in the order of `names`.
///
/// Entries have the files' permissions and times, in UTC with a resolution of two seconds, so the
/// same files give the same bytes. Names are kept byte by byte. Files are read in blocks. `stop`
/// ends the packing early with an error.
pub fn pack(
    names: &ArtifactFiles,
    directory: &Path,
    links: &[KeptLink],
    path: &Path,
    stop: &AtomicBool,
) -> Result<Checksums, DownloadError> {
    let packed = || -> io::Result<Checksums> {
        let file = BufWriter::with_capacity(BLOCK, File::create_new(path)?);
        let mut zip = ZipWriter::new(file).set_auto_large_file();
        let links: BTreeMap<&Path, &KeptLink> = links
            .iter()
            .map(|link| (link.kept.as_path(), link))
            .collect();
        for wanted in names.iter() {
            if wanted.as_link
                && let Some(link) = links.get(wanted.kept)
            {
                add_link(&mut zip, link)?;
            } else {
                add_file(&mut zip, directory, wanted.kept, stop)?;
            }
        }
        zip.finish().map_err(words)?.flush()?;
        sums(path)
    };
    packed().map_err(|source| DownloadError::Write {
        path: path.to_path_buf(),
        source,
    })
}

fn add_file(
    zip: &mut ZipWriter<BufWriter<File>>,
    directory: &Path,
    kept: &Path,
    stop: &AtomicBool,
) -> io::Result<()> {
    let mut content = match open_beneath(directory, kept) {
        // The file did not arrive; a notice says so.
        Err(error) if error.is_not_found() => return Ok(()),
        content => content?,
    };
    let metadata = content.metadata()?;
    let options = SimpleFileOptions::default()
        .name(kept.as_os_str().as_bytes())
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(metadata.permissions().mode() & 0o777)
        .large_file(metadata.len() >= u64::from(u32::MAX) / 2)
        .last_modified_time(time(metadata.modified()?));
    zip.start_file_with_options(options).map_err(words)?;
    let mut buffer = vec![0; BLOCK];
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("the build was cut short"));
        }
        match content.read(&mut buffer)? {
            0 => return Ok(()),
            count => zip.write_all(&buffer[..count])?,
        }
    }
}

fn add_link(zip: &mut ZipWriter<BufWriter<File>>, link: &KeptLink) -> io::Result<()> {
    let options = SimpleFileOptions::default().last_modified_time(DateTime::default());
    let text = |path: &Path| path.to_string_lossy().into_owned();
    zip.add_symlink(text(&link.kept), text(&link.target), options)
        .map_err(words)
}

/// Converts a time; times that a zip cannot express become 1980.
fn time(modified: SystemTime) -> DateTime {
    Timestamp::try_from(modified)
        .ok()
        .and_then(|time| DateTime::try_from(time.to_zoned(TimeZone::UTC).datetime()).ok())
        .unwrap_or_default()
}

fn sums(path: &Path) -> io::Result<Checksums> {
    let (mut sha256, mut md5) = (Sha256::new(), Md5::new());
    let mut file = File::open(path)?;
    let mut buffer = vec![0; BLOCK];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        sha256.update(&buffer[..count]);
        md5.update(&buffer[..count]);
    }
    Ok(Checksums {
        sha256: digits(&sha256.finalize()),
        md5: digits(&md5.finalize()),
    })
}

fn digits(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn words(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        error => io::Error::other(error),
    }
}
