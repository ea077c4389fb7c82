//! What people should know about files that are not among the artifacts as one would think.

use std::fmt;
use std::path::PathBuf;

/// How many notices are said one by one.
const MOST: usize = 20;

/// Why a file is not where a pattern would have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Two files have the same place.
    Clash {
        /// The place.
        kept: PathBuf,
        /// The file that has it.
        taken: PathBuf,
        /// The file that has not.
        left: PathBuf,
    },
    /// A file has the place of a directory.
    InFile {
        /// The place.
        file: PathBuf,
        /// The file that would be below it.
        left: PathBuf,
    },
    /// Two names are one to the file system of the host.
    SameToHost {
        /// The name that is left out.
        left: PathBuf,
    },
    /// A link leads to nothing.
    Dangling(PathBuf),
    /// Neither a file nor a link to one.
    Special(PathBuf),
    /// A link leads to a directory outside of the base directory.
    Outside {
        /// The link.
        link: PathBuf,
        /// The directory.
        directory: PathBuf,
    },
    /// A link leads to a directory in which it lies.
    Circle(PathBuf),
    /// A file is gone, or cannot be read.
    Unreadable(PathBuf),
    /// So many links lead to directories that no more are followed.
    TooManyLinks,
    /// Where files are kept, links have no meaning.
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
                "the artifact file `{}` is left out: there is a file `{}` in the place of its directory",
                left.display(),
                file.display()
            ),
            Self::SameToHost { left } => write!(
                f,
                "the artifact `{}` is left out: for this machine's file system it has the name of another",
                left.display()
            ),
            Self::Dangling(path) => write!(
                f,
                "the artifact `{}` is a link that leads to no file; it is left out",
                path.display()
            ),
            Self::Special(path) => write!(
                f,
                "the artifact `{}` is a fifo, a socket or a device; it is left out",
                path.display()
            ),
            Self::Outside { link, directory } => write!(
                f,
                "the link `{}` leads to `{}`, outside of the artifact's base directory; what is there is left out",
                link.display(),
                directory.display()
            ),
            Self::Circle(path) => write!(
                f,
                "the link `{}` leads to a directory in which it lies itself; it is not followed",
                path.display()
            ),
            Self::Unreadable(path) => write!(
                f,
                "the artifact `{}` was there and cannot be read; it is left out",
                path.display()
            ),
            Self::TooManyLinks => f.write_str(
                "the artifact has more links to directories than are followed; what the others lead to is left out",
            ),
            Self::LinksFollowed => f.write_str(
                "`enable-symlinks` has an effect with `--packaging zip` only; links are followed",
            ),
        }
    }
}

/// Notices in the order in which they came up: the first of them, and how many there are.
#[derive(Debug, Default)]
pub struct Notices {
    first: Vec<Notice>,
    count: usize,
}

impl Notices {
    /// Adds one; it is made only when it will be said.
    pub fn add(&mut self, notice: impl FnOnce() -> Notice) {
        self.count += 1;
        if self.first.len() < MOST {
            self.first.push(notice());
        }
    }

    /// Says them.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        let more = self.count - self.first.len();
        let rest = (more > 0).then(|| format!("{more} more artifact files are left out likewise"));
        self.first.iter().map(ToString::to_string).chain(rest)
    }
}
