//! Packs the paths of a cache in the container into an archive of the store.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, stream};
use tar::{Archive, Builder, EntryType, Header};

use super::filter::{Direction, FilterResult, Outlet, Parent, Prefix, TRAILER, pass};
use crate::artifacts::listing::quote;
use crate::cache::{Archive as Store, Writing};
use crate::engine::process::read;
use crate::engine::{ByteStream, ContainerId, Engine, EngineError, Operation, pipe};
use crate::plan::cache::{CachePaths, CacheRoot};

/// How many bytes of names one `tar` gets.
const MOST_WORDS: usize = 64 * 1024;

/// GNU's tar ends with 1 where a file changed while it was read, busybox's whatever is wrong.
const GOOD: &[i64] = &[0, 1];

/// The paths to pack: root, directory, and names below it.
pub(super) type PathsToSave = Vec<(CacheRoot, String, BTreeSet<PathBuf>)>;

/// Why the cache could not be saved.
#[derive(Debug, thiserror::Error)]
pub(super) enum PackError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Store(#[from] io::Error),
}

impl PackError {
    /// The engine's error, if it is one.
    pub(super) fn of_engine(&self) -> Option<&EngineError> {
        match self {
            Self::Engine(error) => Some(error),
            Self::Store(_) => None,
        }
    }

    /// Returns the reason in one line.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Engine(error) => format!("{error}: {}", error.reason()),
            Self::Store(error) => error.to_string(),
        }
    }
}

/// A tar from the container.
type Tar<'a> = BoxStream<'a, Result<Bytes, EngineError>>;

/// Streams a tar of these paths; missing ones are skipped. The engine packs where the image's `tar`
/// packs nothing.
pub(super) async fn stream<'a, E: Engine>(
    engine: &'a E,
    container: &'a ContainerId,
    has_tar: bool,
    wanted: &'a PathsToSave,
) -> Result<Tar<'a>, EngineError> {
    if has_tar {
        let script = script(wanted).into();
        let mut packed = read(engine, container, &["sh"], script, GOOD)
            .await?
            .peekable();
        match Pin::new(&mut packed).peek().await {
            None => {}
            Some(Err(error)) if error.is_of_stuck_program() => {}
            Some(_) => return Ok(packed.boxed()),
        }
    }
    // One path after the other: the engine packs one at a time, and there may be many.
    let paths = wanted.iter().flat_map(|(place, directory, names)| {
        names.iter().map(move |name| (*place, directory, name))
    });
    let downloads = paths.map(move |(place, directory, name)| {
        let path = Path::new(directory).join(name);
        let packed = engine.download(container, &path.to_string_lossy());
        rebased(packed, entry_name(place, name))
    });
    Ok(stream::iter(downloads).flatten().boxed())
}

/// Returns the name of a path in an archive.
fn entry_name(place: CacheRoot, path: &Path) -> PathBuf {
    match place {
        CacheRoot::Source => Path::new(".").join(path),
        CacheRoot::System => path.to_path_buf(),
    }
}

/// Returns a script that packs the paths with the image's own tar.
fn script(wanted: &PathsToSave) -> Vec<u8> {
    let mut script = b"status=0
pack() {
    if [ \"$#\" -gt 0 ]; then
        tar -c -f - -- \"$@\" < /dev/null || { ended=$?; if [ \"$ended\" -gt \"$status\" ]; then status=$ended; fi; }
    fi
}
# A tar that cannot leave out what is in a directory writes nothing here.
pack_parents() {
    if [ \"$#\" -gt 0 ]; then
        tar -c -f - --no-recursion -- \"$@\" < /dev/null 2> /dev/null || :
    fi
}
"
    .to_vec();
    for (place, directory, names) in wanted {
        script.extend_from_slice(b"cd ");
        quote(&mut script, Path::new(directory));
        script.extend_from_slice(b" || exit 3\n");
        let mut words = Vec::new();
        for parent in parents(names) {
            words.push(b' ');
            quote(&mut words, &entry_name(*place, parent));
            if words.len() >= MOST_WORDS {
                end(&mut script, &mut words, "pack_parents");
            }
        }
        end(&mut script, &mut words, "pack_parents");
        for name in names {
            words.push(b' ');
            quote(&mut words, &entry_name(*place, name));
            if words.len() >= MOST_WORDS {
                end(&mut script, &mut words, "pack");
            }
        }
        end(&mut script, &mut words, "pack");
    }
    script.extend_from_slice(b"exit \"$status\"\n");
    script
}

/// The directories above these paths, each before those below it.
fn parents(names: &BTreeSet<PathBuf>) -> BTreeSet<&Path> {
    names
        .iter()
        .flat_map(|name| name.ancestors().skip(1))
        .filter(|parent| !parent.as_os_str().is_empty())
        .collect()
}

/// Ends a list of paths: `function` packs those that are there.
fn end(script: &mut Vec<u8>, words: &mut Vec<u8>, function: &str) {
    if !words.is_empty() {
        script.extend_from_slice(b"set --\nfor path in");
        script.append(words);
        script.extend_from_slice(
            b"; do if [ -e \"$path\" ] || [ -L \"$path\" ]; then set -- \"$@\" \"$path\"; fi; done\n",
        );
        script.extend_from_slice(function.as_bytes());
        script.extend_from_slice(b" \"$@\"\n");
    }
}

/// Renames the entries of an engine's tar, which begin with the last component of the path. A
/// missing path has no entries.
fn rebased(packed: ByteStream, name: PathBuf) -> ByteStream {
    let (mut pipe, repacked) = pipe::writer();
    let unpacking = async move {
        let (source, feeder) = pipe::reader();
        let writing = tokio::task::spawn_blocking(move || {
            let mut tar = Builder::new(&mut pipe);
            let renamed = rename(source, &name, &mut tar).and_then(|()| tar.finish());
            drop(tar);
            renamed.and_then(|()| pipe.flush())
        });
        let fed = feeder.feed(packed).await;
        let written = writing.await.map_err(io::Error::other).flatten();
        match (fed, written) {
            (Err(error), _) if error.is_not_found() => None,
            (Err(error), _) => Some(Err(error)),
            (Ok(()), Err(error)) => Some(Err(unreadable(error))),
            (Ok(()), Ok(())) => None,
        }
    };
    // The two take turns, and neither outlives the stream.
    let failure = stream::once(unpacking).filter_map(std::future::ready);
    stream::select(repacked.boxed(), failure.boxed()).boxed()
}

fn unreadable(error: io::Error) -> EngineError {
    EngineError {
        operation: Operation::ReadOutput,
        status: None,
        source: error.into(),
    }
}

fn rename(source: impl Read, name: &Path, tar: &mut Builder<impl Write>) -> io::Result<()> {
    let mut prefix = Prefix::default();
    // Raw entries, so that an endless name is not read into memory.
    for entry in Archive::new(source).entries()?.raw(true) {
        let mut entry = entry?;
        if prefix.take(&mut entry)? {
            continue;
        }
        let Prefix {
            name: long_name,
            link: long_link,
            ..
        } = std::mem::take(&mut prefix);
        let renamed = |path: &[u8]| {
            let mut parts = Path::new(OsStr::from_bytes(path)).components();
            parts.next();
            name.join(parts.as_path())
        };
        let own = entry.header().path_bytes();
        let path = renamed(long_name.as_deref().unwrap_or(&own));
        let mut header = entry.header().clone();
        if let Some(ustar) = header.as_ustar_mut() {
            // The rest of a name that is too long for its field.
            ustar.prefix.fill(0);
        }
        let own = entry.header().link_name_bytes();
        let target = long_link.as_deref().or(own.as_deref());
        let target = target.map(|target| match header.entry_type() {
            EntryType::Link => renamed(target),
            _ => Path::new(OsStr::from_bytes(target)).to_path_buf(),
        });
        let fields = header.as_old_mut();
        put(tar, &mut fields.name, EntryType::GNULongName, &path)?;
        if let Some(target) = target {
            put(tar, &mut fields.linkname, EntryType::GNULongLink, &target)?;
        }
        header.set_cksum();
        tar.append(&header, &mut entry)?;
    }
    Ok(())
}

/// Writes a name into its field, or into a record before the entry when it is too long.
fn put(
    tar: &mut Builder<impl Write>,
    field: &mut [u8],
    long: EntryType,
    name: &Path,
) -> io::Result<()> {
    let name = name.as_os_str().as_bytes();
    field.fill(0);
    if let Some(room) = field.get_mut(..name.len()) {
        room.copy_from_slice(name);
        return Ok(());
    }
    let mut header = Header::new_gnu();
    let mark = b"././@LongLink";
    header.as_old_mut().name[..mark.len()].copy_from_slice(mark);
    header.set_entry_type(long);
    header.set_size(u64::try_from(name.len()).unwrap_or(u64::MAX) + 1);
    header.set_cksum();
    tar.append(&header, Read::chain(name, &[0][..]))
}

/// Writes the entries of a tar within the paths into the store, and returns the archive to publish;
/// `None` when there are none. When the stream fails, the archive is removed. Do not drop the
/// future, or a thread continues alone: end the stream instead.
pub(super) async fn store(
    tar: impl Stream<Item = Result<Bytes, EngineError>> + Unpin,
    mut writing: Writing,
    paths: CachePaths,
) -> Result<(Option<Writing>, FilterResult), PackError> {
    let (source, feeder) = pipe::reader();
    let storing = tokio::task::spawn_blocking(move || {
        let mut outlet = Shelf(writing.archive());
        let passed = pass(source, &paths, Direction::Save, &mut outlet)?;
        outlet.write_all(&TRAILER)?;
        let writing = (passed.files > 0).then_some(writing);
        Ok::<_, io::Error>((writing, passed))
    });
    let fed = feeder.feed(tar).await;
    let stored = storing.await.map_err(io::Error::other)?;
    // A stream that broke off also looks damaged; the engine's reason is the better one.
    fed?;
    Ok(stored?)
}

/// An archive has the entries of both roots one after the other.
struct Shelf<'a>(&'a mut Store);

impl Write for Shelf<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Outlet for Shelf<'_> {
    fn enter(&mut self, _place: CacheRoot) -> io::Result<()> {
        Ok(())
    }

    fn need(&mut self, _place: CacheRoot, _directory: Parent) -> io::Result<()> {
        Ok(())
    }
}
