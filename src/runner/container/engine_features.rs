//! The optional features that are requested of the engine, fewer after a refusal.

use crate::engine::{EngineError, EngineFacts, Refusal};
use crate::plan::{Plan, Transfer};

/// The features to request; some engines refuse some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::runner) struct EngineFeatures {
    pub(in crate::runner) init: bool,
    /// Copy-on-write views of trees, or why there are none.
    pub(in crate::runner) copy_on_write: Result<(), String>,
}

impl EngineFeatures {
    /// Returns the features that the plan wants and the engine is known to support.
    pub(in crate::runner) fn first(plan: &Plan, facts: &EngineFacts) -> Self {
        let copy_on_write = match plan.transfer {
            Transfer::Automatic | Transfer::CopyOnWrite => {
                facts.copy_on_write_obstacle().map_or(Ok(()), Err)
            }
            Transfer::Tar | Transfer::Mount => Err("it was requested"),
        };
        Self {
            init: facts.has_init,
            copy_on_write: copy_on_write.map_err(str::to_owned),
        }
    }

    /// Returns the features to request after a refusal; `None` when the refusal is about something
    /// else.
    pub(in crate::runner) fn after(
        &self,
        refusal: &EngineError,
        transfer: Transfer,
    ) -> Option<Self> {
        match refusal.refusal()? {
            Refusal::Init if self.init => Some(Self {
                init: false,
                ..self.clone()
            }),
            Refusal::CopyOnWrite
                if self.copy_on_write.is_ok() && transfer == Transfer::Automatic =>
            {
                let reason = refusal.reason();
                Some(Self {
                    copy_on_write: Err(format!("the engine refuses an overlay: {reason}")),
                    ..self.clone()
                })
            }
            Refusal::Init | Refusal::CopyOnWrite | Refusal::Shell | Refusal::Processor => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Operation;

    fn refusal(reason: &'static str) -> EngineError {
        EngineError {
            operation: Operation::StartContainer,
            status: Some(500),
            source: reason.into(),
        }
    }

    #[test]
    fn only_what_is_refused_is_done_without() {
        let all = EngineFeatures {
            init: true,
            copy_on_write: Ok(()),
        };
        let overlay = refusal("failed to mount local volume: mount overlay: invalid argument");
        let less = all.after(&overlay, Transfer::Automatic).unwrap();
        assert!(less.init);
        assert!(
            less.copy_on_write
                .as_ref()
                .unwrap_err()
                .contains("invalid argument")
        );
        assert_eq!(less.after(&overlay, Transfer::Automatic), None);
        assert_eq!(all.after(&overlay, Transfer::CopyOnWrite), None);
        let init = refusal("exec: \"docker-init\": executable file not found in $PATH");
        let less = all.after(&init, Transfer::CopyOnWrite).unwrap();
        assert_eq!((less.init, less.copy_on_write), (false, Ok(())));
        assert_eq!(all.after(&refusal("no space"), Transfer::Automatic), None);
    }
}
