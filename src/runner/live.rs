//! A build whose container lives.

use super::cache::{Caching, Layers};
use super::container::sandbox::Sandbox;
use super::debugger::Debugger;
use super::phases::carried::Carried;
use super::run::Run;
use crate::mask::Masker;
use crate::plan::{ArtifactsPlan, PhasePlan, Work};
use crate::resources::Limits;

/// A build while its container lives: from PROVISIONING to FINALIZING.
pub(super) struct Live<'a, E> {
    pub(super) run: Run<'a, E>,
    pub(super) work: &'a Work,
    pub(super) sandbox: Sandbox<'a, E>,
    /// The command phases as they stand; a debugger may bring new ones.
    pub(super) phases: Vec<PhasePlan>,
    /// The variables to hand on, and the artifacts, which a debugger may change as well.
    pub(super) exported: Vec<String>,
    pub(super) artifacts: ArtifactsPlan,
    pub(super) debugger: Option<Box<dyn Debugger>>,
    pub(super) carried: Carried,
    /// Masks the build's secrets in what is not an event.
    pub(super) masker: Masker,
    /// The cache, from when it was looked for to when it is saved.
    pub(super) caching: Option<Caching>,
    /// The volume with the layers of the build's Docker daemon; locked until the container is
    /// removed.
    pub(super) _layers: Option<Layers>,
    /// How much of the machine the container may use.
    pub(super) limits: Limits,
    /// How many bytes the values may have that the build is still asked for.
    pub(super) values_left: usize,
    pub(super) is_kept: bool,
}
