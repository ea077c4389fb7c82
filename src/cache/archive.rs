//! The compressed archive of a cache entry: written once, and verified before it is read.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};

use sha2::{Digest, Sha256};
use zstd::stream::{read::Decoder, write::Encoder};

use super::entry::{Entry, hexadecimal};

/// Fast enough to keep up with `tar`; higher levels save little of what builds download.
const LEVEL: i32 = 1;

/// How much is read at once.
const CHUNK: usize = 256 * 1024;

/// Why an archive cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    #[error("its archive is damaged")]
    Damaged,
    #[error("its archive is missing")]
    Gone,
    #[error("its archive cannot be read")]
    Unreadable(#[source] io::Error),
}

/// Compresses what is written to it into a file.
pub(super) struct Writer {
    encoder: Encoder<'static, Measured>,
    unpacked: u64,
}

/// The length and checksum of a written archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) checksum: String,
    pub(super) size: u64,
    pub(super) unpacked: u64,
}

impl Writer {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let measured = Measured {
            file,
            hash: Sha256::new(),
            size: 0,
        };
        let mut encoder = Encoder::new(measured, LEVEL)?;
        // Compresses on other threads, while the next data is read.
        encoder.multithread(1)?;
        Ok(Self {
            encoder,
            unpacked: 0,
        })
    }

    /// Ends the archive and waits until it is on disk.
    pub(super) fn finish(self) -> io::Result<Written> {
        let measured = self.encoder.finish()?;
        measured.file.sync_all()?;
        Ok(Written {
            checksum: hexadecimal(measured.hash),
            size: measured.size,
            unpacked: self.unpacked,
        })
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.encoder.write(bytes)?;
        self.unpacked += u64::try_from(count).unwrap_or(u64::MAX);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.encoder.flush()
    }
}

/// A file whose length and checksum are known at its end.
struct Measured {
    file: File,
    hash: Sha256,
    size: u64,
}

impl Write for Measured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.size += u64::try_from(count).unwrap_or(u64::MAX);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads the tar of a verified archive.
pub struct Reader {
    decoder: Decoder<'static, BufReader<File>>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Reader {
    /// Verifies the whole archive first, so that no data of a damaged one is used.
    pub(super) fn open(mut file: File, entry: &Entry) -> Result<Self, Damage> {
        let length = file.metadata().map_err(Damage::Unreadable)?.len();
        if length != entry.size {
            return Err(Damage::Damaged);
        }
        let mut hash = Sha256::new();
        let mut buffer = vec![0; CHUNK];
        loop {
            match file.read(&mut buffer).map_err(Damage::Unreadable)? {
                0 => break,
                count => hash.update(&buffer[..count]),
            }
        }
        if hexadecimal(hash) != entry.checksum {
            return Err(Damage::Damaged);
        }
        file.rewind().map_err(Damage::Unreadable)?;
        Decoder::with_buffer(BufReader::with_capacity(CHUNK, file))
            .map(|decoder| Self { decoder })
            .map_err(Damage::Unreadable)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buffer)
    }
}
