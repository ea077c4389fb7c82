//! Reads an untrusted tar stream in little memory.
//!
//! The `tar` crate parses the headers. It would keep names of any length in memory, so this module
//! walks from header to header itself.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tar::{EntryType, Header, PaxExtensions};

/// The block size of tar, in bytes.
const BLOCK: u64 = 512;

/// The longest name or set of extended attributes, in bytes.
const LONGEST_WORDS: u64 = 1024 * 1024;

/// How many name records may precede an entry.
const MOST_WORDS: usize = 16;

/// How many empty blocks may follow each other.
const MOST_PADDING: usize = 2048;

/// An entry of a stream.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: PathBuf,
    pub(crate) kind: EntryKind,
    /// Its permissions, without those that mean more than reading, writing and running.
    pub(crate) mode: u32,
    /// When it was changed last.
    pub(crate) modified: SystemTime,
}

/// What an entry is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A file of this many bytes.
    File(u64),
    /// Another name of the file that is called so in the same stream.
    HardLink(PathBuf),
    Symlink(PathBuf),
    Directory,
    /// What has no content.
    Other,
}

/// The entries of a stream.
pub(crate) struct Entries<R> {
    stream: R,
    /// What is left of the last entry, padding included.
    left: u64,
}

impl<R: Read> Entries<R> {
    pub(crate) fn new(stream: R) -> Self {
        Self { stream, left: 0 }
    }

    /// Returns the next entry, `None` at the end of the stream.
    pub(crate) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut long_name = None;
        let mut long_link = None;
        let mut extensions = Vec::new();
        for _ in 0..MOST_WORDS {
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let size = header.entry_size()?;
            self.left = padded(size)?;
            match header.entry_type() {
                EntryType::GNULongName => long_name = Some(self.words(size)?),
                EntryType::GNULongLink => long_link = Some(self.words(size)?),
                EntryType::XHeader => extensions = self.words(size)?,
                EntryType::XGlobalHeader => {
                    self.words(size)?;
                }
                _ => {
                    return self
                        .entry(&header, long_name, long_link, &extensions)
                        .map(Some);
                }
            }
        }
        Err(io::Error::other(
            "the tar stream has too many name records before an entry",
        ))
    }

    /// Reads the content of the entry that was returned last.
    pub(crate) fn content(&mut self, size: u64) -> io::Result<Content<'_, R>> {
        if size > self.left {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Content {
            entries: self,
            size,
        })
    }

    /// Returns the next header that is not padding.
    fn header(&mut self) -> io::Result<Option<Header>> {
        skip(&mut self.stream, self.left)?;
        self.left = 0;
        let mut header = Header::new_old();
        // Empty blocks mark the end of a tar; another tar may follow.
        for _ in 0..MOST_PADDING {
            let begun = self.stream.read(&mut header.as_mut_bytes()[..1])?;
            // Not every program writes the blocks that mark the end.
            if begun == 0 {
                return Ok(None);
            }
            self.stream.read_exact(&mut header.as_mut_bytes()[1..])?;
            if header.as_bytes().iter().any(|byte| *byte != 0) {
                break;
            }
        }
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sum: u32 = header
            .as_bytes()
            .iter()
            .enumerate()
            // The checksum field counts as spaces.
            .map(|(at, byte)| {
                u32::from(if (148..156).contains(&at) {
                    b' '
                } else {
                    *byte
                })
            })
            .sum();
        if header.cksum()? != sum {
            return Err(io::Error::other("the stream is not a valid tar"));
        }
        Ok(Some(header))
    }

    fn entry(
        &mut self,
        header: &Header,
        long_name: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
        extensions: &[u8],
    ) -> io::Result<Entry> {
        let mut name = long_name.unwrap_or_else(|| header.path_bytes().into_owned());
        let mut link = long_link
            .or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned))
            .unwrap_or_default();
        let mut size = header.entry_size()?;
        let mut modified = Duration::from_secs(header.mtime()?);
        for extension in PaxExtensions::new(extensions) {
            let extension = extension?;
            let value = extension.value_bytes();
            match extension.key_bytes() {
                b"path" => name = value.to_vec(),
                b"linkpath" => link = value.to_vec(),
                b"size" => {
                    size = number(value)?;
                    self.left = padded(size)?;
                }
                b"mtime" => {
                    let seconds = value.split(|byte| *byte == b'.').next().unwrap_or(value);
                    // A time before 1970 is read as 1970.
                    modified = Duration::from_secs(number(seconds).unwrap_or(0));
                }
                _ => {}
            }
        }
        let kind = match header.entry_type() {
            EntryType::Regular | EntryType::Continuous => EntryKind::File(size),
            EntryType::Link => EntryKind::HardLink(path(&link)),
            EntryType::Symlink => EntryKind::Symlink(path(&link)),
            EntryType::Directory => EntryKind::Directory,
            _ => EntryKind::Other,
        };
        Ok(Entry {
            name: path(&name),
            kind,
            mode: header.mode()? & 0o777,
            modified: SystemTime::UNIX_EPOCH
                .checked_add(modified)
                .unwrap_or(SystemTime::UNIX_EPOCH),
        })
    }

    fn words(&mut self, size: u64) -> io::Result<Vec<u8>> {
        if size > LONGEST_WORDS {
            return Err(io::Error::other("a name in the tar stream is too long"));
        }
        let mut words = Vec::new();
        self.content(size)?.read_to_end(&mut words)?;
        while words.last() == Some(&0) {
            words.pop();
        }
        Ok(words)
    }
}

/// The content of one entry; an error when the stream ends before it does.
pub(crate) struct Content<'a, R> {
    entries: &'a mut Entries<R>,
    size: u64,
}

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.size).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let count = self.entries.stream.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let read = u64::try_from(count).map_err(io::Error::other)?;
        self.size -= read;
        self.entries.left -= read;
        Ok(count)
    }
}

fn skip(stream: &mut impl Read, count: u64) -> io::Result<()> {
    let skipped = io::copy(&mut stream.by_ref().take(count), &mut io::sink())?;
    if skipped < count {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn padded(size: u64) -> io::Result<u64> {
    size.checked_next_multiple_of(BLOCK)
        .ok_or_else(|| io::Error::other("the stream is not a valid tar"))
}

fn number(text: &[u8]) -> io::Result<u64> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| io::Error::other("the stream is not a valid tar"))
}

fn path(bytes: &[u8]) -> PathBuf {
    Path::new(OsStr::from_bytes(bytes)).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: EntryType, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o4644);
        header.set_mtime(1_000);
        header.set_path("short").unwrap();
        header.set_cksum();
        header
    }

    #[test]
    fn what_the_crate_writes_is_read() {
        let mut builder = tar::Builder::new(Vec::new());
        let long = format!("{}/file", "d".repeat(300));
        builder
            .append_data(&mut header(EntryType::Regular, 700), &long, &[7; 700][..])
            .unwrap();
        builder
            .append_link(&mut header(EntryType::Symlink, 0), "link", &long)
            .unwrap();
        let pax = [("path", "named by pax".as_bytes()), ("mtime", b"12.9")];
        builder.append_pax_extensions(pax).unwrap();
        builder
            .append(&header(EntryType::Regular, 3), &b"abc"[..])
            .unwrap();
        let stream = builder.into_inner().unwrap();
        let mut entries = Entries::new(&stream[..]);
        let first = entries.next().unwrap().unwrap();
        assert_eq!(first.name, Path::new(&long));
        assert_eq!((first.kind, first.mode), (EntryKind::File(700), 0o644));
        // The second is found whether or not the first is read.
        let second = entries.next().unwrap().unwrap();
        assert_eq!(second.kind, EntryKind::Symlink(long.into()));
        let third = entries.next().unwrap().unwrap();
        assert_eq!(third.name, Path::new("named by pax"));
        assert_eq!(
            third.modified,
            SystemTime::UNIX_EPOCH + Duration::from_secs(12)
        );
        let mut content = String::new();
        entries
            .content(3)
            .unwrap()
            .read_to_string(&mut content)
            .unwrap();
        assert_eq!(content, "abc");
        assert!(entries.next().unwrap().is_none());
    }

    #[test]
    fn a_name_without_an_end_is_not_read_into_memory() {
        let stream = header(EntryType::GNULongName, 1 << 40).as_bytes().to_vec();
        let endless = stream.chain(io::repeat(b'x'));
        let refused = Entries::new(endless).next().unwrap_err();
        assert_eq!(refused.to_string(), "a name in the tar stream is too long");
    }

    #[test]
    fn names_upon_names_are_refused() {
        let mut stream = Vec::new();
        for _ in 0..100 {
            stream.extend_from_slice(header(EntryType::GNULongName, 1).as_bytes());
            stream.extend_from_slice(&[b'x'; 512]);
        }
        let refused = Entries::new(&stream[..]).next().unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the tar stream has too many name records before an entry"
        );
    }

    #[test]
    fn garbage_and_half_a_stream_are_no_entries() {
        let refused = Entries::new(io::repeat(b'x')).next().unwrap_err();
        assert!(refused.to_string().contains("no tar") || !refused.to_string().is_empty());
        let mut half = Entries::new(&header(EntryType::Regular, 9).as_bytes()[..]).next();
        assert!(half.as_mut().unwrap().is_some());
        let stream = header(EntryType::Regular, 9).as_bytes().to_vec();
        let mut entries = Entries::new(&stream[..]);
        entries.next().unwrap();
        let ended = entries.next().unwrap_err();
        assert_eq!(ended.kind(), io::ErrorKind::UnexpectedEof);
    }
}
