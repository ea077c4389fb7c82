//! A build, and what it tells.

use super::cancel::Cancellation;
use super::host::Host;
use super::interruption::Interruption;
use crate::channel::EventSender;
use crate::engine::Engine;
use crate::event::Notice;
use crate::plan::Plan;

/// A build from its first moment to its last.
pub(super) struct Run<'a, E> {
    pub(super) plan: &'a Plan,
    pub(super) engine: &'a E,
    pub(super) host: &'a Host,
    pub(super) events: &'a EventSender,
    pub(super) cancellation: &'a Cancellation,
}

impl<E> Clone for Run<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Run<'_, E> {}

impl<E: Engine> Run<'_, E> {
    pub(super) async fn guarded<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, Interruption> {
        self.cancellation
            .guard(work)
            .await
            .map_err(Interruption::Cancelled)
    }

    pub(super) async fn warn(&self, message: String) {
        self.events.emit(Notice::Warning { message }).await;
    }

    /// Says what `cobuild check` finds in the buildspec.
    pub(super) async fn tell_problems(&self) {
        let problems = self.plan.problems.clone();
        if !problems.problems.is_empty() {
            self.events.emit(Notice::BuildspecProblems(problems)).await;
        }
    }

    pub(super) async fn hint(&self, message: String) {
        self.events.emit(Notice::Hint { message }).await;
    }
}
