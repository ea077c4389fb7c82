//! Copies the files of an artifact out of the container, many in one stream.

use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;

use super::DownloadError;
use super::entries::{Entries, EntryKind};
use super::file_list::{ArtifactFile, ArtifactFiles, ByPath};
use super::file_writer::{Attributes, FileWriter, copy};
use super::listing::quote;
use super::notices::{Notice, Notices};
use super::stream_reader::read_from;
use crate::engine::pipe::StreamReader;
use crate::engine::process::read;
use crate::engine::{ByteStream, ContainerId, Engine};

/// How many files one `tar` packs.
const MOST_NAMES: usize = 50_000;

/// The limits for the targets of kept symlinks, in bytes: of one, and of all.
const LONGEST_LINK: usize = 4096;
const MOST_LINKS: usize = 8 << 20;

/// Packs the files whose NUL-terminated names come on stdin; its argument is an option of tar. GNU
/// tar and bsdtar accept such names; with any other tar this script packs nothing. Only the
/// beginning of the version is read, since the program may print without end. A tar that misses
/// some files has packed the others.
const PACK: &str = r#"case $(tar --version 2>/dev/null </dev/null | dd bs=64 count=1 2>/dev/null) in
    *"GNU tar"*) exec tar -c -f - --format=gnu --no-recursion --no-unquote --null -C / $1 -T - ;;
    *bsdtar*) exec tar -c -f - -n --null -C / $1 -T - ;;
esac"#;

/// How many bytes of names one `tar` gets as arguments.
const MOST_WORDS: usize = 64 * 1024;

/// The exit statuses of a tar that misses files, or packs a changing file.
const GOOD: &[i64] = &[0, 1, 2];

/// A symlink that is kept as a symlink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLink {
    pub kept: PathBuf,
    pub target: PathBuf,
}

/// The result of a download.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    pub count: usize,
    /// The links among them; these are not in the directory.
    pub links: Vec<KeptLink>,
}

/// The result of one stream.
#[derive(Default)]
pub(super) struct Received {
    /// The links, by the index of their names.
    pub(super) links: Vec<(usize, PathBuf)>,
    pub(super) missing: Vec<usize>,
    pub(super) same: Vec<usize>,
}

/// Downloads files into a directory.
#[expect(missing_debug_implementations, reason = "it holds a closure")]
pub struct Fetch<'a, E> {
    pub engine: &'a E,
    pub container: &'a ContainerId,
    /// Whether the image has `tar`.
    pub has_tar: bool,
    /// The searched trees, for an engine that packs whole trees: the path of each, and its path as
    /// patterns see it.
    pub trees: &'a [(PathBuf, PathBuf)],
    /// Ends a stream of the engine when the build is cut short.
    pub guard: &'a (dyn Fn(ByteStream) -> ByteStream + Sync),
    /// Whether the build has been cut short: then nothing more is asked for.
    pub is_cut_short: &'a (dyn Fn() -> bool + Sync),
}

impl<E: Engine> Fetch<'_, E> {
    /// Writes the files into the empty `directory`, and no others, whatever the container sends. Do
    /// not drop the future: end the streams. The result of a build that was cut short is
    /// incomplete.
    pub async fn run(
        &self,
        names: Arc<ArtifactFiles>,
        directory: &Path,
        notices: &mut Notices,
    ) -> Result<Fetched, DownloadError> {
        let mut fetched = Fetched {
            count: names.len(),
            links: Vec::new(),
        };
        let mut files = self.sort(&names);
        for indexes in files.links.chunks(MOST_NAMES) {
            if (self.is_cut_short)() {
                return Ok(fetched);
            }
            let Some(received) = self.pack(&names, indexes, "", directory).await? else {
                files.single.extend(indexes);
                continue;
            };
            let outward = fetched.keep_links(&names, &received)?;
            // A link that points outside the artifact would be broken in it.
            files.packed.extend(outward);
            self.leave_out(&mut fetched, &names, &received, notices);
        }
        files.packed.sort_unstable();
        for indexes in files.packed.chunks(MOST_NAMES) {
            if (self.is_cut_short)() {
                return Ok(fetched);
            }
            let Some(received) = self.pack(&names, indexes, "-h", directory).await? else {
                files.single.extend(indexes);
                continue;
            };
            self.leave_out(&mut fetched, &names, &received, notices);
        }
        if !files.single.is_empty() {
            for tree in self.trees {
                let (singles, received) = self.tree(&names, tree, files.single, directory).await?;
                files.single = singles;
                self.leave_out(&mut fetched, &names, &received, notices);
            }
        }
        for index in files.single {
            if (self.is_cut_short)() {
                return Ok(fetched);
            }
            let received = self.single(&names, index, directory).await?;
            fetched.keep_links(&names, &received)?;
            self.leave_out(&mut fetched, &names, &received, notices);
        }
        Ok(fetched)
    }

    /// Leaves out what did not come. Nothing is said of files that nobody read since the build was cut short.
    fn leave_out(
        &self,
        fetched: &mut Fetched,
        names: &ArtifactFiles,
        received: &Received,
        notices: &mut Notices,
    ) {
        if !(self.is_cut_short)() {
            fetched.leave_out(names, received, notices);
        }
    }

    /// Decides how to download each file.
    fn sort(&self, names: &ArtifactFiles) -> Sorted {
        let mut sorted = Sorted::default();
        for (index, wanted) in names.iter().enumerate() {
            let list = match wanted {
                _ if !self.has_tar => &mut sorted.single,
                ArtifactFile { as_link: true, .. } => &mut sorted.links,
                _ => &mut sorted.packed,
            };
            list.push(index);
        }
        sorted
    }

    /// Fetches these files in one stream; `None` when the image's `tar` packs nothing.
    async fn pack(
        &self,
        names: &Arc<ArtifactFiles>,
        indexes: &[usize],
        option: &str,
        directory: &Path,
    ) -> Result<Option<Received>, DownloadError> {
        let mut list = Vec::new();
        for wanted in indexes.iter().filter_map(|index| names.get(*index)) {
            // What begins so is no option.
            list.push(b'.');
            list.extend_from_slice(wanted.path.as_os_str().as_encoded_bytes());
            list.push(0);
        }
        let command = ["sh", "-c", PACK, "sh", option];
        let packed = match self.packed(&command, list).await? {
            Packed::Nothing if (self.is_cut_short)() => return Ok(None),
            Packed::Nothing => {
                let script = as_arguments(names, indexes, option);
                self.packed(&["sh"], script).await?
            }
            packed => packed,
        };
        let Packed::Stream(stream) = packed else {
            return Ok(None);
        };
        let (names, directory) = (names.clone(), directory.to_path_buf());
        let expected = indexes.to_vec();
        let receive = move |stream: StreamReader| receive(stream, &names, &expected, &directory);
        read_from(stream, receive).await.map(Some)
    }

    /// Runs a command that packs files.
    async fn packed(&self, command: &[&str], input: Vec<u8>) -> Result<Packed, DownloadError> {
        let stream = read(self.engine, self.container, command, input.into(), GOOD).await?;
        let mut stream = (self.guard)(stream).peekable();
        // Even a tar of nothing has an end that is marked.
        Ok(match Pin::new(&mut stream).peek().await {
            None => Packed::Nothing,
            Some(Err(error)) if error.is_of_stuck_program() => Packed::Stuck,
            Some(_) => Packed::Stream(stream.boxed()),
        })
    }
}

/// What comes of a command that packs files.
enum Packed {
    Stream(ByteStream),
    Nothing,
    /// It hangs, and has printed nothing.
    Stuck,
}

/// How to download files, by their indexes.
#[derive(Default)]
struct Sorted {
    /// With their content, many in one stream.
    packed: Vec<usize>,
    /// As links, many in one stream.
    links: Vec<usize>,
    /// By the engine: one by one, or with all that lies around them.
    single: Vec<usize>,
}

impl Fetched {
    /// Keeps the symlinks that stay symlinks, and returns the others.
    fn keep_links(
        &mut self,
        names: &ArtifactFiles,
        received: &Received,
    ) -> Result<Vec<usize>, DownloadError> {
        let kept = self.links.iter().map(|link| &link.target);
        let targets = kept.chain(received.links.iter().map(|(_, target)| target));
        let length: usize = targets.map(|target| target.as_os_str().len()).sum();
        if length > MOST_LINKS {
            return Err(too_many_links());
        }
        let mut outward = Vec::new();
        for (index, target) in &received.links {
            match names.get(*index) {
                Some(wanted) if stays_inside(wanted.kept, target) => self.links.push(KeptLink {
                    kept: wanted.kept.to_path_buf(),
                    target: target.clone(),
                }),
                _ => outward.push(*index),
            }
        }
        Ok(outward)
    }

    /// Reports the files that did not arrive.
    fn leave_out(&mut self, names: &ArtifactFiles, received: &Received, notices: &mut Notices) {
        let path = |index: &usize| names.get(*index).map(|wanted| wanted.path.to_path_buf());
        for path in received.missing.iter().filter_map(path) {
            notices.add(|| Notice::Unreadable(path));
        }
        for left in received.same.iter().filter_map(path) {
            notices.add(|| Notice::SameToHost { left });
        }
        self.count -= received.missing.len() + received.same.len();
    }
}

/// Returns a script that packs the files in groups, for a tar that reads no list.
fn as_arguments(names: &ArtifactFiles, indexes: &[usize], option: &str) -> Vec<u8> {
    let begin = format!("tar -c -f - -C / {option}");
    let mut script = begin.clone().into_bytes();
    let mut length = 0;
    for wanted in indexes.iter().filter_map(|index| names.get(*index)) {
        if length > MOST_WORDS {
            script.extend_from_slice(b" </dev/null\n");
            script.extend_from_slice(begin.as_bytes());
            length = 0;
        }
        // What begins so is no option.
        script.extend_from_slice(b" .");
        quote(&mut script, wanted.path);
        length += wanted.path.as_os_str().len();
    }
    script.extend_from_slice(b" </dev/null\n");
    script
}

fn too_many_links() -> DownloadError {
    DownloadError::TooMany {
        what: "links",
        most: MOST_NAMES,
        bytes: MOST_LINKS,
    }
}

/// Whether a symlink points inside the artifact.
pub(super) fn stays_inside(kept: &Path, target: &Path) -> bool {
    let mut depth = kept.components().count().saturating_sub(1);
    for component in target.components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    true
}

/// Reads a stream that must contain only the expected files, in order.
fn receive(
    stream: impl Read,
    names: &ArtifactFiles,
    expected: &[usize],
    directory: &Path,
) -> Result<Received, DownloadError> {
    let mut received = Received::default();
    let mut placing = FileWriter::new(directory);
    let mut hard_links = Vec::new();
    let mut by_path = None;
    let mut length = 0;
    let mut entries = Entries::new(stream);
    let mut cursor = 0;
    while let Some(entry) = entries.next().map_err(DownloadError::Read)? {
        let name = path_of(&entry.name);
        let begun = cursor;
        let found = expected[begun..].iter().find_map(|index| {
            cursor += 1;
            let wanted = names.get(*index)?;
            (wanted.path == name).then_some((*index, wanted))
        });
        let Some((index, wanted)) = found else {
            return Err(DownloadError::Unasked(entry.name));
        };
        received.missing.extend(&expected[begun..cursor - 1]);
        match entry.kind {
            EntryKind::File(size) => {
                let attributes = Attributes {
                    mode: entry.mode,
                    modified: entry.modified,
                };
                let content = entries.content(size).map_err(DownloadError::Read)?;
                placing.file(index, wanted.kept, attributes, size, content)?;
            }
            EntryKind::HardLink(target) => {
                // Only the path that it stands for is kept.
                let by_path = by_path.get_or_insert_with(|| ByPath::new(names));
                hard_links.push((index, by_path.find(&path_of(&target))));
            }
            EntryKind::Symlink(target)
                if wanted.as_link && target.as_os_str().len() <= LONGEST_LINK =>
            {
                length += target.as_os_str().len();
                if length > MOST_LINKS {
                    return Err(too_many_links());
                }
                received.links.push((index, target));
            }
            EntryKind::Symlink(_) | EntryKind::Directory | EntryKind::Other => {
                received.missing.push(index);
            }
        }
    }
    received.missing.extend(&expected[cursor..]);
    received.same = placing.end()?;
    copy_hard_links(names, &hard_links, directory, &mut received)?;
    Ok(received)
}

/// Copies the content of a file to its hard links.
fn copy_hard_links(
    names: &ArtifactFiles,
    links: &[(usize, Option<usize>)],
    directory: &Path,
    received: &mut Received,
) -> Result<(), DownloadError> {
    for (index, first) in links {
        let first = first.and_then(|index| names.get(index));
        let (Some(first), Some(wanted)) = (first, names.get(*index)) else {
            received.missing.push(*index);
            continue;
        };
        let is_there = directory
            .join(first.kept)
            .symlink_metadata()
            .is_ok_and(|there| there.is_file());
        if !is_there {
            received.missing.push(*index);
        } else if !copy(directory, first.kept, wanted.kept)? {
            received.same.push(*index);
        }
    }
    Ok(())
}

/// The absolute path that a name of the stream stands for.
fn path_of(name: &Path) -> PathBuf {
    let below = name.strip_prefix(".").unwrap_or(name);
    Path::new("/").join(below)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn names(paths: &[&str]) -> ArtifactFiles {
        let mut names = ArtifactFiles::default();
        for path in paths {
            let kept = path.strip_prefix("/src/").unwrap();
            names.push(Path::new(path), Path::new(kept), false).unwrap();
        }
        names.settle(&mut Notices::default());
        names
    }

    /// A stream of files with their names as their contents; a name after `=` makes a hard link.
    fn stream(files: &[&str]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for file in files {
            let (name, target) = file.split_once('=').unwrap_or((file, ""));
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            if target.is_empty() {
                header.set_size(name.len() as u64);
                header.set_cksum();
                builder.append(&header, name.as_bytes()).unwrap();
            } else {
                header.set_entry_type(tar::EntryType::Link);
                header.set_size(0);
                header.set_link_name_literal(target).unwrap();
                header.set_cksum();
                builder.append(&header, io::empty()).unwrap();
            }
        }
        builder.into_inner().unwrap()
    }

    fn received(
        names: &ArtifactFiles,
        files: &[&str],
    ) -> (tempfile::TempDir, Result<Received, DownloadError>) {
        let directory = tempfile::tempdir().unwrap();
        let expected: Vec<usize> = (0..names.len()).collect();
        let stream = stream(files);
        let received = receive(&stream[..], names, &expected, directory.path());
        (directory, received)
    }

    #[test]
    fn what_is_asked_for_arrives_and_what_is_not_there_is_told() {
        let names = names(&["/src/a", "/src/b", "/src/d/c", "/src/d/e"]);
        let (directory, received) =
            received(&names, &["./src/a", "./src/d/c", "./src/d/e=./src/a"]);
        assert_eq!(received.unwrap().missing, [1]);
        for (kept, content) in [("a", "./src/a"), ("d/c", "./src/d/c"), ("d/e", "./src/a")] {
            let path = directory.path().join(kept);
            assert_eq!(std::fs::read_to_string(path).unwrap(), content);
        }
    }

    #[test]
    fn nothing_else_is_ever_written() {
        let names = names(&["/src/a", "/src/b"]);
        for files in [
            &["./src/a", "./etc/passwd"][..],
            &["../src/a"],
            &["/src/../src/a"],
            &["./src/b", "./src/a"],
            &["./src/a", "./src/a"],
        ] {
            let (_, received) = received(&names, files);
            assert!(
                matches!(received, Err(DownloadError::Unasked(_))),
                "{files:?}"
            );
        }
        let (directory, received) = received(&names, &["./src/a=/etc/passwd", "./src/b=./src/b"]);
        assert_eq!(received.unwrap().missing, [0, 1]);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn half_a_stream_is_no_artifact() {
        let names = names(&["/src/a"]);
        let directory = tempfile::tempdir().unwrap();
        let whole = stream(&["./src/a"]);
        let received = receive(&whole[..515], &names, &[0], directory.path());
        assert!(matches!(received, Err(DownloadError::Read(_))));
    }

    #[test]
    fn links_that_lead_out_are_told_from_those_that_do_not() {
        for (kept, target, inside) in [
            ("a/b", "c", true),
            ("a/b", "../c", true),
            ("a/b", "../../c", false),
            ("a/b", "c/../../../d", false),
            ("b", "../c", false),
            ("b", "/c", false),
            ("b", "./a/b", true),
        ] {
            assert_eq!(
                stays_inside(Path::new(kept), Path::new(target)),
                inside,
                "{kept} {target}"
            );
        }
    }
}
