//! The interface to a container engine, at the level of container primitives.
//!
//! [`docker`] implements it over the Docker API. [`endpoint`] finds a running engine, [`podman`]
//! starts one, and `fake` is a scripted one for the tests of the run loop.

mod container;
pub mod docker;
pub mod endpoint;
mod error;
mod exchange;
mod facts;
#[cfg(test)]
pub(crate) mod fake;
mod image;
mod interface;
mod listed;
mod mount;
pub mod pipe;
pub mod podman;
pub mod process;
mod pull;
mod refusal;
mod streams;
mod terminal;

pub use container::{ContainerId, ContainerSpec, CreatedContainer};
pub use error::{EngineError, Operation};
pub use facts::{EngineDetails, EngineFacts, Product, UserNumbers};
pub use image::{ImageFacts, ImportSpec};
pub use interface::Engine;
pub use listed::{ListedContainer, ListedObject, ListedVolume};
pub use mount::{CopyOnWrite, Mount, NamedVolume, OVERLAY_FEATURES, escape_option};
pub use pull::{LayerState, PullFailure, PullRequest, PullStep, PullStream, RegistryCredential};
pub use refusal::{Refusal, says_no_shell, says_other_processor};
pub use streams::{Attachment, ByteStream, Process, ProcessInput, ProcessOutput, UploadStream};
pub use terminal::{Terminal, TerminalId, TerminalSize, TerminalSpec};
