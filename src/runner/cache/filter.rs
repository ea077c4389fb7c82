//! Filters the entries of a cache's tar, and passes them on unchanged.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tar::{Archive, Entry, EntryType, Header, PaxExtensions};

use crate::plan::cache::{CachePaths, CacheRoot, PathMatch, entry_place};

/// The block size of tar, in bytes.
const BLOCK: u64 = 512;

/// The end of a tar.
pub(super) const TRAILER: [u8; 1024] = [0; 1024];

/// The longest name, in bytes.
const LONGEST_NAME: u64 = 1024 * 1024;

/// How many links may be in a tar.
const MOST_LINKS: usize = 1_000_000;

/// How many skipped entries are reported by name.
const MOST_SKIPPED: usize = 1_000;

/// The longest path that is reported, in bytes.
const LONGEST_TOLD: usize = 4096;

/// The direction of a tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Into the store. Directories above what is within are kept too.
    Save,
    /// Into a build. Directories above what is within are only made where they are missing; what is
    /// outside is left out, and counted as skipped.
    Restore,
}

/// Receives the entries.
pub(super) trait Outlet: Write {
    /// The following entries are relative to this root.
    fn enter(&mut self, place: CacheRoot) -> io::Result<()>;

    /// What follows may need this directory.
    fn need(&mut self, place: CacheRoot, directory: Parent) -> io::Result<()>;
}

/// How many directories above the paths are kept: each costs three programs in the container.
const MOST_PARENTS: usize = 1_000;

/// A directory above the paths, as it was when they were saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parent {
    /// Its path below its root.
    pub(super) path: PathBuf,
    /// The bits of its permissions.
    pub(super) mode: u32,
    pub(super) owner: u64,
    pub(super) group: u64,
}

/// The result of filtering.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FilterResult {
    /// How many files, links and directories were passed on.
    pub(super) files: u64,
    /// What was skipped first.
    pub(super) skipped: Vec<(CacheRoot, PathBuf)>,
    /// How much else was skipped.
    pub(super) skipped_besides: u64,
}

/// Passes on the entries within the paths. Several tars may follow each other. Unsafe entries are
/// skipped: names with `..`, hard links to entries outside the paths, entries below a symlink of
/// the same tar, and devices.
pub(super) fn pass(
    source: impl Read,
    paths: &CachePaths,
    direction: Direction,
    out: &mut impl Outlet,
) -> io::Result<FilterResult> {
    let mut archive = Archive::new(source);
    archive.set_ignore_zeros(true);
    let mut filter = Filter {
        paths,
        direction,
        out,
        place: None,
        links: Links::default(),
        parents: 0,
        passed: FilterResult::default(),
    };
    let mut prefix = Prefix::default();
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        if !prefix.take(&mut entry)? {
            filter.entry(&mut entry, std::mem::take(&mut prefix))?;
        }
    }
    Ok(filter.passed)
}

/// The records before an entry for values that do not fit its header.
#[derive(Default)]
pub(super) struct Prefix {
    bytes: Vec<u8>,
    pub(super) name: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
}

impl Prefix {
    /// Reads an entry that describes the next one; returns whether it was such an entry.
    pub(super) fn take(&mut self, entry: &mut Entry<'_, impl Read>) -> io::Result<bool> {
        let is_prefix = matches!(
            entry.header().entry_type(),
            EntryType::GNULongName
                | EntryType::GNULongLink
                | EntryType::XHeader
                | EntryType::XGlobalHeader
        );
        if is_prefix {
            self.read(entry)?;
        }
        Ok(is_prefix)
    }

    fn read(&mut self, entry: &mut Entry<'_, impl Read>) -> io::Result<()> {
        let size = entry.header().entry_size()?;
        let known = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        if size.saturating_add(known) > LONGEST_NAME {
            return Err(damaged("a name is too long"));
        }
        self.bytes.extend_from_slice(entry.header().as_bytes());
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        self.bytes.extend_from_slice(&content);
        self.bytes.extend_from_slice(padding(size));
        let text = |content: &[u8]| {
            let end = content.iter().position(|byte| *byte == 0);
            content[..end.unwrap_or(content.len())].to_vec()
        };
        match entry.header().entry_type() {
            EntryType::GNULongName => self.name = Some(text(&content)),
            EntryType::GNULongLink => self.link = Some(text(&content)),
            _ => {
                for extension in PaxExtensions::new(&content) {
                    let extension = extension?;
                    match extension.key_bytes() {
                        b"path" => self.name = Some(extension.value_bytes().to_vec()),
                        b"linkpath" => self.link = Some(extension.value_bytes().to_vec()),
                        b"size" => return Err(damaged("a file is too large")),
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }
}

struct Filter<'a, O> {
    paths: &'a CachePaths,
    direction: Direction,
    out: &'a mut O,
    place: Option<CacheRoot>,
    links: Links,
    /// How many directories above the paths there were.
    parents: usize,
    passed: FilterResult,
}

impl<O: Outlet> Filter<'_, O> {
    fn entry(&mut self, entry: &mut Entry<'_, impl Read>, prefix: Prefix) -> io::Result<()> {
        let kind = entry.header().entry_type();
        let name = prefix
            .name
            .unwrap_or_else(|| entry.header().path_bytes().into_owned());
        let Some((place, path)) = entry_place(&name) else {
            let odd = PathBuf::from(String::from_utf8_lossy(&name).into_owned());
            self.skip(CacheRoot::System, odd);
            return Ok(());
        };
        let is_directory = kind.is_dir();
        let known = is_directory || kind.is_file() || kind.is_symlink() || kind.is_hard_link();
        if !known && kind != EntryType::Continuous {
            return Ok(());
        }
        let standing = self.paths.standing(place, &path);
        let leads_astray = self.is_below_link(place, &path)
            || (kind.is_hard_link() && !self.is_link_within(place, entry, prefix.link.as_deref()));
        let head = [&prefix.bytes[..], entry.header().as_bytes()].concat();
        match standing {
            PathMatch::Within if !leads_astray => {
                self.enter(place)?;
                self.out.write_all(&head)?;
                let size = entry.header().entry_size()?;
                if io::copy(entry, self.out)? != size {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.out.write_all(padding(size))?;
                self.passed.files += 1;
                if kind.is_symlink() {
                    self.links.insert(place, &path)?;
                }
            }
            // A build writes its own archive: whatever it repeats counts.
            PathMatch::Above if is_directory && self.parents >= MOST_PARENTS => {}
            PathMatch::Above if is_directory && !leads_astray => {
                self.parents += 1;
                if self.direction == Direction::Save {
                    self.enter(place)?;
                    self.out.write_all(&head)?;
                } else {
                    self.out.need(place, parent(entry.header(), path)?)?;
                }
            }
            _ => self.skip(place, path),
        }
        Ok(())
    }

    fn enter(&mut self, place: CacheRoot) -> io::Result<()> {
        if self.place != Some(place) {
            self.place = Some(place);
            self.out.enter(place)?;
        }
        Ok(())
    }

    fn skip(&mut self, place: CacheRoot, path: PathBuf) {
        if self.direction != Direction::Restore {
            return;
        }
        let is_told = path.as_os_str().len() <= LONGEST_TOLD;
        if is_told && self.passed.skipped.len() < MOST_SKIPPED {
            self.passed.skipped.push((place, path));
        } else {
            self.passed.skipped_besides += 1;
        }
    }

    fn is_below_link(&self, place: CacheRoot, path: &Path) -> bool {
        let mut above = path.ancestors().skip(1);
        above.any(|ancestor| self.links.holds(place, ancestor))
    }

    /// Whether a hard link leads to a file of the cache.
    fn is_link_within(
        &self,
        place: CacheRoot,
        entry: &Entry<'_, impl Read>,
        link: Option<&[u8]>,
    ) -> bool {
        let own = entry.header().link_name_bytes();
        let Some((target_place, target)) = link.or(own.as_deref()).and_then(entry_place) else {
            return false;
        };
        target_place == place
            && self.paths.standing(place, &target) == PathMatch::Within
            && !self.is_below_link(place, &target)
            && !self.links.holds(place, &target)
    }
}

/// Whose a directory is that names nobody.
const ROOT: u64 = 0;

/// Reads what is known of a directory.
fn parent(header: &Header, path: PathBuf) -> io::Result<Parent> {
    Ok(Parent {
        path,
        mode: header.mode()? & 0o7777,
        owner: header.uid().unwrap_or(ROOT),
        group: header.gid().unwrap_or(ROOT),
    })
}

/// The hashes of the links' roots and paths: there may be a million links with the longest names.
/// The key of the hashes is random, so that no collision can be prepared.
#[derive(Default)]
struct Links {
    hash: RandomState,
    numbers: HashSet<u64>,
}

impl Links {
    fn insert(&mut self, place: CacheRoot, path: &Path) -> io::Result<()> {
        if self.numbers.len() >= MOST_LINKS {
            return Err(damaged("the archive has more than 1000000 links"));
        }
        self.numbers.insert(self.hash.hash_one((place, path)));
        Ok(())
    }

    fn holds(&self, place: CacheRoot, path: &Path) -> bool {
        !self.numbers.is_empty() && self.numbers.contains(&self.hash.hash_one((place, path)))
    }
}

/// Returns the padding of a content of this size.
fn padding(size: u64) -> &'static [u8] {
    let beyond = usize::try_from(size % BLOCK).unwrap_or(0);
    let missing = (TRAILER.len() / 2 - beyond) % (TRAILER.len() / 2);
    &TRAILER[..missing]
}

fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
