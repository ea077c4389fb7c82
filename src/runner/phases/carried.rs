//! What goes from command to command.

use crate::plan::layout;
use crate::runner::container::program::{Program, exports};
use crate::runner::container::tail::Tail;

/// The state that the agent carries from command to command (contract §2.6).
#[derive(Debug)]
pub(in crate::runner) struct Carried {
    /// `CODEBUILD_BUILD_SUCCEEDING`: whether nothing has failed so far.
    pub(in crate::runner) succeeding: bool,
    /// `CODEBUILD_LAST_EXIT`: how the last command ended.
    pub(super) last_exit: i32,
    /// Whether the last command failed and memory was lacking.
    pub(super) out_of_memory: bool,
    /// The user of the commands, as the container has it.
    pub(super) user: String,
    /// The two values as the container has them.
    pub(super) told: (bool, i32),
    /// Variables of an edited buildspec that the container does not have yet.
    pub(super) edited: Vec<(String, String)>,
    /// The end of what the last command printed, as far as it may count for a retry.
    pub(super) printed: Tail,
}

impl Carried {
    /// Notes that a phase failed.
    pub(in crate::runner) fn fail(&mut self) {
        self.succeeding = false;
    }

    /// The user of the commands.
    pub(in crate::runner) fn user(&self) -> &str {
        &self.user
    }
}

impl Default for Carried {
    fn default() -> Self {
        Self {
            succeeding: true,
            last_exit: 0,
            out_of_memory: false,
            user: "root".to_owned(),
            told: (true, 0),
            edited: Vec::new(),
            printed: Tail::new(0),
        }
    }
}

impl Carried {
    /// Adds the call that updates the values in the container.
    ///
    /// A command reports its own status, except when it ends before its epilogue: so the status is
    /// sent whenever it differs from the last one sent.
    pub(super) fn update(&mut self, program: &mut Program) {
        let edited = std::mem::take(&mut self.edited);
        if !edited.is_empty() {
            let pairs = edited.iter().map(|(name, value)| (&**name, &**value));
            program.call(
                "cobuild_append",
                &[layout::ENVIRONMENT_FILE, &exports(pairs)],
            );
        }
        let current = (self.succeeding, self.last_exit);
        if self.told == current {
            return;
        }
        self.told = current;
        let succeeding = if self.succeeding { "1" } else { "0" };
        let exports = exports([
            ("CODEBUILD_BUILD_SUCCEEDING", succeeding),
            ("CODEBUILD_LAST_EXIT", &self.last_exit.to_string()),
        ]);
        program.call("cobuild_append", &[layout::ENVIRONMENT_FILE, &exports]);
    }
}
