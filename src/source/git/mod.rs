//! Reads the git repository of a source without running anything that the source configures.
//!
//! A repository from somebody else may configure programs, have hooks, borrow objects from
//! anywhere, and point to directories that are not its own. So git never runs in it:
//!
//! - [`directory`] finds the git directory of a tree, and takes it only when it lies in the source, points
//!   back at the tree, or is named by the user.
//! - [`settings`] reads the configuration as data: git lists one file, without includes, from its stdin.
//! - [`replica`] makes a repository of cobuild's own with the refs, the index and the objects of another. Its
//!   configuration is ours and has nothing of the other's but the format of its objects and refs. All questions
//!   are asked there.
//! - [`command`] runs git without the caller's and the machine's configuration, without a terminal, and
//!   without fetching anything that is missing.
//! - [`origin`] asks another machine, with the user's own settings and none of the tree's.
//!
//! Why git and not a library that runs nothing: a checkout, a shallow clone and the ways to a remote take git
//! all the same, and two readers of one repository may disagree. Over a replica there is nothing of the tree's
//! to obey, whatever a coming version of git learns to read from a configuration.

mod blocking;
pub mod checkout;
mod command;
pub mod directory;
mod facts;
mod ignores;
mod index;
mod objects;
mod origin;
mod replica;
pub mod repository;
mod settings;
pub mod view;

pub use command::GitError;
pub use facts::facts;
pub(super) use ignores::LONGEST_PATTERNS;
pub use ignores::{Ignores, ignores};
pub use index::IndexError;
pub use view::quote;
