//! What happens while the image of a build is fetched.

use serde::Serialize;

/// One thing that happens while an image is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullEvent {
    /// The fetching begins.
    Started {
        /// The image as the engine is asked for it.
        image: String,
        /// The platform, when that was asked for.
        platform: Option<String>,
    },
    /// One layer has come on. Not every step of it is told.
    Layer {
        /// The layer, in the engine's short form.
        layer: String,
        /// How far it is.
        progress: LayerProgress,
    },
    /// The connection broke, and the fetching begins anew; layers that came whole stay.
    Again {
        /// Why, in the engine's words.
        reason: String,
    },
    /// The image is there.
    Finished {
        /// The image.
        image: String,
        /// How large it is on the engine's disk, in bytes.
        size: u64,
    },
    /// The image cannot be had.
    Failed,
}

/// How far a layer is. Numbers are bytes; a total that nobody knows is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum LayerProgress {
    /// It waits for others.
    Waiting,
    /// It comes.
    Downloading {
        /// What has come.
        done: u64,
        /// Of how much.
        total: u64,
    },
    /// It is there and waits to be unpacked.
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
