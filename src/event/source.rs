//! The sources of a build: how they come in, and what the build changes in them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::phase::context_texts;
use crate::phase::PhaseContext;

/// Something that happens to the sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub enum SourceEvent {
    /// A source cannot be fetched; the agent never begins.
    #[serde(rename = "source-failed")]
    Failed {
        /// Why it cannot be fetched.
        context: PhaseContext,
    },
    /// The source trees are in place, and the agent begins.
    #[serde(rename = "source-ready")]
    Ready {
        /// `CODEBUILD_SRC_DIR`.
        directory: String,
        /// The secondary sources.
        secondary: Vec<SecondarySource>,
        /// How the trees get into the container: the sources first, then what git needs besides.
        transfer: Vec<Transferred>,
    },
    /// What the build changed in one source, when that was asked for.
    #[serde(rename = "source-changed")]
    Changed(SourceChanges),
}

/// A secondary source in the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecondarySource {
    /// Its identifier.
    pub identifier: String,
    /// Its directory.
    pub directory: String,
}

/// How a tree gets into the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transferred {
    /// Its directory there.
    pub directory: String,
    /// The way.
    pub way: Way,
    /// Why not copy-on-write.
    pub reason: Option<String>,
}

/// A way into the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// A copy-on-write view.
    CopyOnWrite,
    /// A copy, streamed.
    Tar,
    /// The directory itself.
    Mount,
}

/// What the build changed in a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceChanges {
    /// The identifier of a secondary source.
    pub identifier: Option<String>,
    /// Its directory in the container.
    pub directory: String,
    /// The changes by path; null when they cannot be told.
    pub changes: Option<Vec<Change>>,
    /// Why they cannot be told, or not all of them, in sentences.
    pub problems: Vec<String>,
}

/// A change in a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// What became of it.
    pub kind: ChangeKind,
    /// Relative to the source's root, with a slash at the end of a directory. Control characters, the
    /// backslash and what is no UTF-8 are escapes.
    pub path: String,
}

/// What became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// The path is new.
    Added,
    /// Its content, or its kind, is another.
    Modified,
    /// The path is gone.
    Deleted,
}

impl SourceEvent {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Failed { context } => context_texts(context).into(),
            Self::Ready {
                directory,
                secondary,
                transfer,
            } => {
                let secondary = secondary.iter_mut().flat_map(
                    |SecondarySource {
                         identifier,
                         directory,
                     }| [identifier, directory],
                );
                let transfer = transfer.iter_mut().flat_map(
                    |Transferred {
                         directory,
                         way: _,
                         reason,
                     }| std::iter::once(directory).chain(reason),
                );
                std::iter::once(directory)
                    .chain(secondary)
                    .chain(transfer)
                    .collect()
            }
            Self::Changed(changes) => changes.texts_mut(),
        }
    }

    #[cfg(test)]
    pub(super) fn examples(text: fn() -> String) -> Vec<Self> {
        let transferred = |way| Transferred {
            directory: text(),
            way,
            reason: Some(text()),
        };
        let change = |kind| Change { kind, path: text() };
        vec![
            Self::Failed {
                context: PhaseContext::new(text(), text()),
            },
            Self::Ready {
                directory: text(),
                secondary: vec![SecondarySource {
                    identifier: text(),
                    directory: text(),
                }],
                transfer: [Way::CopyOnWrite, Way::Tar, Way::Mount]
                    .map(transferred)
                    .into(),
            },
            Self::Changed(SourceChanges {
                identifier: Some(text()),
                directory: text(),
                changes: Some(
                    [ChangeKind::Added, ChangeKind::Modified, ChangeKind::Deleted]
                        .map(change)
                        .into(),
                ),
                problems: vec![text()],
            }),
        ]
    }
}

impl SourceChanges {
    fn texts_mut(&mut self) -> Vec<&mut String> {
        let Self {
            identifier,
            directory,
            changes,
            problems,
        } = self;
        let changes = changes.iter_mut().flatten();
        let paths = changes.map(|Change { kind: _, path }| path);
        identifier
            .iter_mut()
            .chain([directory])
            .chain(paths)
            .chain(problems)
            .collect()
    }
}
