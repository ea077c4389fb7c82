//! Lists the files of a tree of the container with `find`, `stat` and `sha256sum` of its image.
//!
//! A build may have replaced them: so only what looks like an answer is believed, in bounded amounts.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;
use memchr::{memchr, memmem};
use uuid::Uuid;

use super::walked::{PATIENCE, Walked};
use crate::artifacts::DownloadError;
use crate::artifacts::listing::quote;
use crate::engine::{ByteStream, ContainerId, Engine, process};
use crate::source::changes::FileFacts;

/// The longest record, in bytes: two paths, and the target of a symlink.
const LONGEST_RECORD: usize = 256 * 1024;

/// How many bytes of paths one `find` gets.
const MOST_WORDS: usize = 64 * 1024;

/// `find` may end with 1 where a path vanished; what counts is what it printed.
const GOOD: &[i64] = &[0, 1];

/// Goes to the tree, which is the first word, when the image has the programs.
const START: &str = r"PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export TZ=UTC0 LC_ALL=C
for tool in find stat sha256sum; do command -v $tool > /dev/null || exit 0; done
cd -P -- ";

/// Selects the regular files of less than 64 MiB.
const SUMMED: &str = "-xdev -type f -size -131072 -exec sha256sum {} + < /dev/null\n";

/// Calls `each` for the files at and below the directory `root`, a directory before what is in it,
/// until it says no. Paths are relative to `root`, which is the empty path.
///
/// Other file systems are left out. Without the programs nothing is listed. The future may be
/// dropped.
pub(super) async fn files<E: Engine>(
    engine: &E,
    container: &ContainerId,
    root: &Path,
    mut each: impl FnMut(&Path, FileFacts<'_>) -> bool,
) -> Result<Walked, DownloadError> {
    // No file can be called like this by chance.
    let mark = Uuid::new_v4().simple().to_string();
    let mark = mark.get(..16).unwrap_or(&mark);
    let mut script = start(root);
    // The name comes twice: `%N` is the one way to the target of a symlink, and quotes it.
    let format = format!("{mark}<%f %s %i %y %z {mark}|%n {mark}>%N");
    let walk = format!("find . -xdev -exec stat -c '{format}' {{}} + < /dev/null\nexit 0\n");
    script.extend_from_slice(walk.as_bytes());
    let marks = [
        format!("{mark}<"),
        format!(" {mark}|"),
        format!(" {mark}>"),
        mark.to_owned(),
    ];
    let stream = process::read(engine, container, &["sh"], script.into(), GOOD).await?;
    records(stream, marks[0].as_bytes(), |record| {
        match parse(record, &marks) {
            Some((path, facts)) => each(path, facts),
            None => true,
        }
    })
    .await
}

/// Calls `each` for the checksums of regular files of less than 64 MiB below `root`: of these
/// paths, or of all.
///
/// What is no regular file any more has no checksum. The future may be dropped.
pub(super) async fn checksums<E: Engine>(
    engine: &E,
    container: &ContainerId,
    root: &Path,
    paths: Option<&[PathBuf]>,
    mut each: impl FnMut(&Path, &[u8]),
) -> Result<Walked, DownloadError> {
    let mut script = start(root);
    match paths {
        None => script.extend_from_slice(format!("find . {SUMMED}").as_bytes()),
        Some(paths) => add_finds(&mut script, paths),
    }
    script.extend_from_slice(b"exit 0\n");
    let stream = process::read(engine, container, &["sh"], script.into(), GOOD).await?;
    records(stream, b"\n", |line| {
        if let Some((path, checksum)) = parse_checksum(line) {
            each(Path::new(OsStr::from_bytes(&path)), checksum);
        }
        true
    })
    .await
}

fn start(root: &Path) -> Vec<u8> {
    let mut script = START.as_bytes().to_vec();
    quote(&mut script, root);
    script.extend_from_slice(b" || exit 0\n");
    script
}

/// Adds calls of `find` for these paths alone.
fn add_finds(script: &mut Vec<u8>, paths: &[PathBuf]) {
    let mut words = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        words.push(b' ');
        quote(&mut words, &Path::new(".").join(path));
        if words.len() >= MOST_WORDS || index + 1 == paths.len() {
            script.extend_from_slice(b"find");
            script.append(&mut words);
            script.push(b' ');
            script.extend_from_slice(SUMMED.as_bytes());
        }
    }
}

/// Splits a stream into records that begin with `mark`, or end with it; calls `each` until it says
/// no. What is before the first mark is a record, too.
async fn records(
    mut stream: ByteStream,
    mark: &[u8],
    mut each: impl FnMut(&[u8]) -> bool,
) -> Result<Walked, DownloadError> {
    let finder = memmem::Finder::new(mark);
    let mut begun: Vec<u8> = Vec::new();
    loop {
        let Ok(next) = tokio::time::timeout(PATIENCE, stream.next()).await else {
            return Ok(Walked::Silent);
        };
        let Some(chunk) = next else {
            return Ok(if each(&begun) {
                Walked::Whole
            } else {
                Walked::Refused
            });
        };
        let chunk: Bytes = chunk?;
        // A mark may lie across two chunks.
        let mut from = begun.len().saturating_sub(mark.len());
        begun.extend_from_slice(&chunk);
        let mut start = 0;
        while let Some(at) = begun.get(from..).and_then(|rest| finder.find(rest)) {
            let end = from + at;
            if !each(&begun[start..end]) {
                return Ok(Walked::Refused);
            }
            start = end + mark.len();
            from = start;
        }
        begun.drain(..start);
        if begun.len() > LONGEST_RECORD {
            return Err(DownloadError::Listing);
        }
    }
}

/// Reads what `stat` says of one file: the mode, the length and the stamp, the path, and the path
/// with the target of a symlink.
fn parse<'a>(record: &'a [u8], marks: &[String; 4]) -> Option<(&'a Path, FileFacts<'a>)> {
    let [_, path_mark, target_mark, _] = marks;
    let (head, rest) = split(record, path_mark.as_bytes())?;
    let (path, content) = split(rest, target_mark.as_bytes())?;
    let (mode, rest) = split(head, b" ")?;
    let (size, stamp) = split(rest, b" ")?;
    let mode = u32::from_str_radix(std::str::from_utf8(mode).ok()?, 16).ok()?;
    let size = std::str::from_utf8(size).ok()?.parse().ok()?;
    let facts = FileFacts {
        mode,
        size,
        content,
        stamp,
    };
    Some((relative(path)?, facts))
}

/// Reads a line of `sha256sum`, where the path is escaped after a backslash at the beginning.
fn parse_checksum(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (is_escaped, line) = match line.strip_prefix(b"\\") {
        Some(line) => (true, line),
        None => (false, line),
    };
    let (checksum, rest) = line.split_at_checked(64)?;
    let path = rest.get(2..)?;
    let path = if is_escaped {
        unescaped(path)
    } else {
        path.to_vec()
    };
    let path = relative(&path)?.as_os_str().as_bytes().to_vec();
    Some((path, checksum))
}

fn unescaped(mut path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while let Some(at) = memchr(b'\\', path) {
        let (before, rest) = path.split_at(at);
        plain.extend_from_slice(before);
        plain.push(match rest.get(1) {
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            _ => b'\\',
        });
        path = rest.get(2..).unwrap_or_default();
    }
    plain.extend_from_slice(path);
    plain
}

fn split<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memmem::find(text, mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// The path below the tree of a path that `find .` printed; `None` when it is none.
fn relative(path: &[u8]) -> Option<&Path> {
    if path == b"." {
        return Some(Path::new(""));
    }
    let below = path.strip_prefix(b"./")?;
    let is_plain = below
        .split(|byte| *byte == b'/')
        .all(|name| !matches!(name, b"" | b"." | b".."));
    is_plain.then(|| Path::new(OsStr::from_bytes(below)))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn split_at(chunks: &[&str], mark: &str) -> Vec<String> {
        let chunks: Vec<_> = chunks
            .iter()
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk.as_bytes())))
            .collect();
        let mut found = Vec::new();
        let stream = futures_util::stream::iter(chunks).boxed();
        let each = |record: &[u8]| {
            found.push(String::from_utf8_lossy(record).into_owned());
            true
        };
        records(stream, mark.as_bytes(), each).await.unwrap();
        found
    }

    #[tokio::test]
    async fn records_come_whole_however_they_are_cut() {
        let found = split_at(&["M<", "one M", "<two", "\nM<thr", "ee"], "M<").await;
        assert_eq!(found, ["", "one ", "two\n", "three"]);
        assert_eq!(
            split_at(&["a\nb", "\n", "\nc"], "\n").await,
            ["a", "b", "", "c"]
        );
    }

    #[tokio::test]
    async fn a_record_without_an_end_is_refused() {
        let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
        let chunks = std::iter::repeat_n(chunk, 8).map(Ok);
        let stream = futures_util::stream::iter(chunks).boxed();
        let refused = records(stream, b"M<", |_| true).await;
        assert!(matches!(refused, Err(DownloadError::Listing)));
    }

    #[test]
    fn facts_are_read_and_nothing_else_is_believed() {
        let marks = ["M<", " M|", " M>", "M"].map(str::to_owned);
        let record = b"81a4 12 7 2026 M|./a\nb M>'./a\nb'\n";
        let (path, facts) = parse(record, &marks).unwrap();
        assert_eq!(path, Path::new("a\nb"));
        assert_eq!((facts.mode, facts.size), (0o100_644, 12));
        assert_eq!(facts.stamp, b"7 2026");
        for record in [
            "",
            "find: no such file",
            "zz 1 7 M|./a M>./a",
            "81a4 x 7 M|./a M>./a",
            "81a4 1 7 M|/a M>./a",
            "81a4 1 7 M|./../a M>./a",
            "81a4 1 7 M|./a//b M>./a",
        ] {
            assert!(parse(record.as_bytes(), &marks).is_none(), "{record}");
        }
    }

    #[test]
    fn checksums_belong_to_the_names_that_are_meant() {
        let sum = "0".repeat(64);
        let read = |name: &str, prefix: &str| {
            let line = format!("{prefix}{sum}  {name}");
            parse_checksum(line.as_bytes()).map(|(path, _)| String::from_utf8(path).unwrap())
        };
        assert_eq!(read("./a b", "").as_deref(), Some("a b"));
        assert_eq!(read("./a\\b", "").as_deref(), Some("a\\b"));
        assert_eq!(read("./a\\nb\\\\c\\", "\\").as_deref(), Some("a\nb\\c\\"));
        assert_eq!(read("/etc/passwd", ""), None);
        assert_eq!(parse_checksum(b"sha256sum: ./a: gone"), None);
    }
}
