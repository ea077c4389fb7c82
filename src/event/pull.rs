//! What happens while the image of a build is pulled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that happens while an image is pulled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub enum PullEvent {
    /// The pull starts.
    #[serde(rename = "image-pull")]
    Started {
        /// The image as the engine is asked for it.
        image: String,
        /// The platform, when one was asked for.
        platform: Option<String>,
    },
    /// One layer has come on. Not every step of it is told.
    #[serde(rename = "image-layer")]
    Layer {
        /// The layer, in the engine's short form.
        layer: String,
        /// How far it is.
        #[serde(flatten)]
        progress: LayerProgress,
    },
    /// The connection broke, and the pull starts anew; layers that came whole stay.
    #[serde(rename = "image-pull-again")]
    Again {
        /// Why, in the engine's words.
        reason: String,
    },
    /// The image was pulled.
    #[serde(rename = "image-pulled")]
    Finished {
        /// The image.
        image: String,
        /// How large it is on the engine's disk, in bytes.
        size: u64,
    },
    /// The image cannot be pulled.
    #[serde(rename = "image-pull-failed")]
    Failed,
}

/// How far a layer is. Numbers are bytes; a total that nobody knows is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum LayerProgress {
    /// It waits for others.
    Waiting,
    /// It is downloaded.
    Downloading {
        /// What has come.
        done: u64,
        /// Of how much.
        total: u64,
    },
    /// It was downloaded and waits to be unpacked.
    Downloaded,
    /// It is unpacked.
    Extracting {
        /// What has been unpacked, of the packed form.
        done: u64,
        /// Of how much.
        total: u64,
    },
    /// It is in its place.
    Complete,
    /// It was there before.
    AlreadyThere,
    /// The engine lost the connection and goes on with it soon.
    Retrying,
}

impl PullEvent {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Started { image, platform } => {
                std::iter::once(image).chain(platform.as_mut()).collect()
            }
            Self::Layer { layer, progress: _ } => vec![layer],
            Self::Again { reason } => vec![reason],
            Self::Finished { image, size: _ } => vec![image],
            Self::Failed => Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn examples(text: fn() -> String) -> Vec<Self> {
        let layer = |progress| Self::Layer {
            layer: text(),
            progress,
        };
        vec![
            Self::Started {
                image: text(),
                platform: Some(text()),
            },
            layer(LayerProgress::Waiting),
            layer(LayerProgress::Downloading { done: 1, total: 2 }),
            layer(LayerProgress::Downloaded),
            layer(LayerProgress::Extracting {
                done: 1,
                total: u64::MAX,
            }),
            layer(LayerProgress::Complete),
            layer(LayerProgress::AlreadyThere),
            layer(LayerProgress::Retrying),
            Self::Again { reason: text() },
            Self::Finished {
                image: text(),
                size: 1,
            },
            Self::Failed,
        ]
    }
}
