//! Warnings about files that are missing from an artifact, or stored in another way.

use std::fmt;
use std::path::PathBuf;

/// How many notices are reported individually.
const MOST: usize = 20;

/// Why a file is not in the artifact as its pattern suggests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    Clash {
        kept: PathBuf,
        taken: PathBuf,
        /// The file that has not.
        left: PathBuf,
    },
    InFile {
        file: PathBuf,
        left: PathBuf,
    },
    /// Two names are one to the file system of the host.
    SameToHost {
        left: PathBuf,
    },
    Dangling(PathBuf),
    Special(PathBuf),
    /// A link leads to a directory outside of the base directory.
    Outside {
        link: PathBuf,
        directory: PathBuf,
    },
    /// A link leads to a directory in which it lies.
    Circle(PathBuf),
    Unreadable(PathBuf),
    /// So many links lead to directories that no more are followed.
    TooManyLinks,
    LinksFollowed,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clash { kept, taken, left } => write!(
                f,
                "two artifact files have the path `{}`: `{}` is kept and `{}` is left out",
                kept.display(),
                taken.display(),
                left.display()
            ),
            Self::InFile { file, left } => write!(
                f,
                "the artifact file `{}` is left out: its directory has the same path as the file `{}`",
                left.display(),
                file.display()
            ),
            Self::SameToHost { left } => write!(
                f,
                "the artifact `{}` is left out: on the file system of this machine its name equals the name of another artifact",
                left.display()
            ),
            Self::Dangling(path) => write!(
                f,
                "the artifact `{}` is left out: it is a broken symlink",
                path.display()
            ),
            Self::Special(path) => write!(
                f,
                "the artifact `{}` is left out: it is a fifo, a socket or a device",
                path.display()
            ),
            Self::Outside { link, directory } => write!(
                f,
                "the symlink `{}` is not followed: it points to `{}`, outside the base directory of the artifact",
                link.display(),
                directory.display()
            ),
            Self::Circle(path) => write!(
                f,
                "the symlink `{}` is not followed: it points to a directory that contains it",
                path.display()
            ),
            Self::Unreadable(path) => write!(
                f,
                "the artifact `{}` is left out: it could not be read",
                path.display()
            ),
            Self::TooManyLinks => f.write_str(
                "the artifact has too many symlinks to directories; the remaining ones are not followed",
            ),
            Self::LinksFollowed => f.write_str(
                "`enable-symlinks` works with `--packaging zip` only; symlinks are followed",
            ),
        }
    }
}

/// The first notices, in order, and the number of all.
#[derive(Debug, Default)]
pub struct Notices {
    first: Vec<Notice>,
    count: usize,
}

impl Notices {
    /// Adds a notice, which is created only when it will be reported.
    pub fn add(&mut self, notice: impl FnOnce() -> Notice) {
        self.count += 1;
        if self.first.len() < MOST {
            self.first.push(notice());
        }
    }

    /// Returns them as sentences.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        let more = self.count - self.first.len();
        let rest = (more > 0)
            .then(|| format!("{more} more artifact files are left out for similar reasons"));
        self.first.iter().map(ToString::to_string).chain(rest)
    }
}
