//! Lists files of a running container without copying their content.
//!
//! Programs of the image answer, and a build may have replaced them: so only names are believed, in
//! bounded amounts.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;

use super::DownloadError;
use crate::engine::process::read;
use crate::engine::{ByteStream, ContainerId, Engine};

/// The longest name, in bytes: a little more than kernels allow.
const LONGEST_NAME: usize = 64 * 1024;

/// The longest path of a directory that a symlink points to, as in the kernel.
const LONGEST_TARGET: usize = 4096;

/// The longest listing, in bytes: enough for fifty million files.
const LONGEST_LISTING: usize = 4 << 30;

/// How many bytes of paths one `find` gets.
const MOST_WORDS: usize = 64 * 1024;

/// Some programs end with 1 where a path vanished while they looked.
const GOOD: &[i64] = &[0, 1];

/// `find` prints files once, directories twice, symlinks three times, anything else four times:
/// only `-print0` works everywhere. The trees of the kernel are skipped when reached from above.
const EXPRESSION: &str = "\\( -path /proc -o -path /sys -o -path /dev \\) -prune -o \
    -type f -print0 -o -type d -print0 -print0 -o -type l -print0 -print0 -print0 -o \
    -print0 -print0 -print0 -print0 </dev/null || status=$?\n";

/// The same without `-prune`, below a path that somebody named.
const EXPRESSION_BELOW: &str = "-type f -print0 -o -type d -print0 -print0 -o \
    -type l -print0 -print0 -print0 -o \
    -print0 -print0 -print0 -print0 </dev/null || status=$?\n";

/// The same in the shell alone.
const WALK: &str = r#"set +f
walk() {
    if [ -L "$1" ]; then printf '%s\0%s\0%s\0' "$1" "$1" "$1"
    elif [ -f "$1" ]; then printf '%s\0' "$1"
    elif [ -d "$1" ]; then
        printf '%s\0%s\0' "$1" "$1"
        case $1 in /proc | /sys | /dev) if [ "$from" = / ]; then return; fi ;; esac
        set -- "${1%/}"
        for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do walk "$entry"; done
    elif [ -e "$1" ]; then printf '%s\0%s\0%s\0%s\0' "$1" "$1" "$1" "$1"
    fi
}
"#;

/// Reports what a path points to.
const LEAD: &str = r#"lead() {
    if [ -d "$1" ]; then cd -P -- "$1" 2>/dev/null && printf 'd%s\0' "$PWD" || printf '\0'
    elif [ -f "$1" ]; then printf 'f\0'
    else printf '\0'
    fi
}
"#;

/// The type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    File,
    Directory,
    /// A symlink; [`leads`] says where it leads.
    Link,
    /// A fifo, a socket or a device.
    Other,
}

/// What a path points to when symlinks are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkTarget {
    File,
    /// To a directory, whose own path this is.
    Directory(PathBuf),
    /// To nothing, or to what is neither.
    Nowhere,
}

/// Calls `each` for the files at and below these absolute paths of the container, in no order,
/// until it fails.
///
/// Names are bytes, may contain newlines, and have no component `.` or `..`. Symlinks are not
/// followed, not even those among `roots`. Missing roots and paths that disappear are skipped. From
/// `/` the trees of the kernel are skipped. `has_find` says whether the image has `find`; without
/// it a shell searches, more slowly. The future may be dropped.
pub async fn list<E: Engine>(
    engine: &E,
    container: &ContainerId,
    has_find: bool,
    roots: &[PathBuf],
    mut each: impl FnMut(&Path, FileType) -> Result<(), DownloadError>,
) -> Result<(), DownloadError> {
    if roots.is_empty() {
        return Ok(());
    }
    let script = if has_find {
        find_script(roots)
    } else {
        walk_script(roots)
    };
    let stream = read(engine, container, &["sh"], script.into(), GOOD).await?;
    let mut repeated = Repeated::default();
    names(stream, |name| repeated.next(name, &mut each)).await?;
    repeated.finish(&mut each)
}

/// Returns what each of these absolute paths of the container points to, in order.
///
/// The future may be dropped.
pub async fn leads<E: Engine>(
    engine: &E,
    container: &ContainerId,
    paths: &[PathBuf],
) -> Result<Vec<LinkTarget>, DownloadError> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut script = LEAD.as_bytes().to_vec();
    for path in paths {
        script.extend_from_slice(b"lead ");
        quote(&mut script, path);
        script.push(b'\n');
    }
    // The last test may have found nothing.
    let stream = read(engine, container, &["sh"], script.into(), GOOD).await?;
    let mut leads = Vec::new();
    names(stream, |answer| {
        // Further names are ignored; their lengths are bounded as those of a listing.
        if leads.len() < paths.len() {
            leads.push(match answer.split_first() {
                Some((b'd', path)) if is_plain(path) && path.len() <= LONGEST_TARGET => {
                    LinkTarget::Directory(OsString::from_vec(path.to_vec()).into())
                }
                Some((b'f', _)) => LinkTarget::File,
                _ => LinkTarget::Nowhere,
            });
        }
        Ok(())
    })
    .await?;
    leads.resize(paths.len(), LinkTarget::Nowhere);
    Ok(leads)
}

fn find_script(roots: &[PathBuf]) -> Vec<u8> {
    let mut script = b"status=0\n".to_vec();
    let mut line = Vec::new();
    let mut end = |line: &mut Vec<u8>, expression: &str| {
        if !line.is_empty() {
            script.extend_from_slice(b"find");
            script.append(line);
            script.push(b' ');
            script.extend_from_slice(expression.as_bytes());
        }
    };
    for root in roots {
        if root == Path::new("/") {
            end(&mut b" /".to_vec(), EXPRESSION);
            continue;
        }
        line.push(b' ');
        quote(&mut line, root);
        if line.len() >= MOST_WORDS {
            end(&mut line, EXPRESSION_BELOW);
        }
    }
    end(&mut line, EXPRESSION_BELOW);
    script.extend_from_slice(b"exit $status\n");
    script
}

fn walk_script(roots: &[PathBuf]) -> Vec<u8> {
    let mut script = WALK.as_bytes().to_vec();
    for root in roots {
        script.extend_from_slice(b"from=");
        quote(&mut script, root);
        script.extend_from_slice(b"; walk \"$from\"\n");
    }
    script.extend_from_slice(b"exit 0\n");
    script
}

/// Adds a path as one word of a shell.
pub(crate) fn quote(script: &mut Vec<u8>, path: &Path) {
    script.push(b'\'');
    for &byte in path.as_os_str().as_bytes() {
        match byte {
            b'\'' => script.extend_from_slice(b"'\\''"),
            byte => script.push(byte),
        }
    }
    script.push(b'\'');
}

/// Splits a stream into NUL-terminated texts; an unterminated rest is ignored.
async fn names(
    mut stream: ByteStream,
    mut each: impl FnMut(&[u8]) -> Result<(), DownloadError>,
) -> Result<(), DownloadError> {
    let mut begun: Vec<u8> = Vec::new();
    let mut length = 0;
    while let Some(chunk) = stream.next().await {
        let chunk: Bytes = chunk?;
        length += chunk.len();
        let mut rest = &chunk[..];
        while let Some(end) = memchr::memchr(0, rest) {
            if begun.is_empty() {
                each(&rest[..end])?;
            } else {
                begun.extend_from_slice(&rest[..end]);
                each(&begun)?;
                begun.clear();
            }
            rest = &rest[end + 1..];
        }
        begun.extend_from_slice(rest);
        if begun.len() > LONGEST_NAME || length > LONGEST_LISTING {
            return Err(DownloadError::Listing);
        }
    }
    Ok(())
}

/// Counts the repetitions of a name.
#[derive(Default)]
struct Repeated {
    name: Vec<u8>,
    count: usize,
}

impl Repeated {
    fn next(
        &mut self,
        name: &[u8],
        each: &mut impl FnMut(&Path, FileType) -> Result<(), DownloadError>,
    ) -> Result<(), DownloadError> {
        if self.count > 0 && self.name == name {
            self.count += 1;
            return Ok(());
        }
        self.finish(each)?;
        self.name.clear();
        self.name.extend_from_slice(name);
        self.count = 1;
        Ok(())
    }

    fn finish(
        &mut self,
        each: &mut impl FnMut(&Path, FileType) -> Result<(), DownloadError>,
    ) -> Result<(), DownloadError> {
        let kind = match self.count {
            0 => return Ok(()),
            1 => FileType::File,
            2 => FileType::Directory,
            3 => FileType::Link,
            _ => FileType::Other,
        };
        self.count = 0;
        if is_plain(&self.name) {
            each(Path::new(OsStr::from_bytes(&self.name)), kind)?;
        }
        Ok(())
    }
}

/// Whether a text is an absolute path in which every component is a name.
fn is_plain(path: &[u8]) -> bool {
    path == b"/"
        || path.strip_prefix(b"/").is_some_and(|below| {
            below
                .split(|byte| *byte == b'/')
                .all(|name| !matches!(name, b"" | b"." | b".."))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_absolute_path_is_not_believed() {
        for path in ["/", "/a", "/a/..b/.c", "/\n"] {
            assert!(is_plain(path.as_bytes()), "{path}");
        }
        for path in [
            "", "a", "a/b", "/a/", "//a", "/a//b", "/../a", "/a/..", "/./a",
        ] {
            assert!(!is_plain(path.as_bytes()), "{path}");
        }
    }

    async fn named(chunks: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, DownloadError> {
        let stream = futures_util::stream::iter(chunks.into_iter().map(|chunk| Ok(chunk.into())));
        let mut found = Vec::new();
        let mut each = |name: &[u8]| {
            found.push(name.to_vec());
            Ok(())
        };
        names(stream.boxed(), &mut each).await?;
        Ok(found)
    }

    #[tokio::test]
    async fn names_come_whole_however_they_are_cut() {
        let found = named(vec![b"/a\0/b".to_vec(), b"c".to_vec(), b"\0\0/d".to_vec()]).await;
        assert_eq!(
            found.unwrap(),
            [b"/a".to_vec(), b"/bc".to_vec(), b"".to_vec()]
        );
    }

    #[tokio::test]
    async fn a_name_without_an_end_is_refused() {
        let chunk = vec![b'x'; 1024];
        let found = named(vec![chunk; LONGEST_NAME / 1024 + 2]).await;
        assert!(matches!(found, Err(DownloadError::Listing)));
    }
}
