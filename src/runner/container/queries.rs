//! Asks the container: everything that a build sends there once it stands, and every answer to it.
//!
//! What answers may be the build's own program, or the image's. So no answer is longer than is of use,
//! what else is printed meanwhile goes into the log piece by piece, and whoever cuts the build short
//! ends the wait, also that for a container which takes nothing.

use crate::engine::Engine;
use crate::runner::container::driver::{Aside, DriverError};
use crate::runner::container::tail::Tail;
use crate::runner::{CancelReason, Interruption, Live, RunError};

impl<E: Engine> Live<'_, E> {
    /// Sends calls of the worker that answer nothing, or whose answer is asked for next.
    ///
    /// What can be sent at once is, also when the build is being cut short.
    pub(in crate::runner) async fn send(&mut self, program: &str) -> Result<(), Interruption> {
        let cancellation = self.run.cancellation;
        let sandbox = &mut self.sandbox;
        tokio::select! {
            biased;
            sent = sandbox.driver().send(program) => Ok(sent?),
            reason = cancellation.reached(CancelReason::Timeout) => {
                Err(Interruption::Cancelled(reason))
            }
        }
    }

    /// Waits for the worker's next answer; the end of what is printed before it is kept in `printed`.
    pub(in crate::runner) async fn answer(
        &mut self,
        printed: &mut Tail,
    ) -> Result<String, Interruption> {
        let (cancellation, events) = (self.run.cancellation, self.run.events);
        let sandbox = &mut self.sandbox;
        let mut aside = Aside::logged(events, printed);
        let answered = cancellation.guard(sandbox.driver().answer(&mut aside));
        Ok(answered.await.map_err(Interruption::Cancelled)??)
    }

    /// Runs a script with the build's state and returns what it prints: the value of `what`.
    pub(in crate::runner) async fn evaluate_bytes(
        &mut self,
        script: &str,
        what: &str,
    ) -> Result<Vec<u8>, Interruption> {
        let (cancellation, events) = (self.run.cancellation, self.run.events);
        let sandbox = &mut self.sandbox;
        let mut printed = Tail::new(0);
        let mut aside = Aside::logged(events, &mut printed);
        let evaluated = cancellation.guard(sandbox.driver().evaluate(script, &mut aside));
        match evaluated.await.map_err(Interruption::Cancelled)? {
            Err(DriverError::LongValue) => {
                let what = format!("the value of {what}");
                Err(RunError::TooLong { what }.into())
            }
            evaluated => {
                let value = evaluated?;
                match self.values_left.checked_sub(value.len()) {
                    Some(left) => self.values_left = left,
                    None => return Err(RunError::TooManyValues.into()),
                }
                Ok(value)
            }
        }
    }

    /// The same as text.
    pub(in crate::runner) async fn evaluate(
        &mut self,
        script: &str,
        what: &str,
    ) -> Result<String, Interruption> {
        let printed = self.evaluate_bytes(script, what).await?;
        Ok(String::from_utf8_lossy(&printed).into_owned())
    }

    /// Returns the text of a file of the container.
    pub(in crate::runner) async fn print(&mut self, path: &str) -> Result<Vec<u8>, Interruption> {
        let (cancellation, events) = (self.run.cancellation, self.run.events);
        let sandbox = &mut self.sandbox;
        let mut printed = Tail::new(0);
        let mut aside = Aside::logged(events, &mut printed);
        let text = cancellation.guard(sandbox.driver().print(path, &mut aside));
        Ok(text.await.map_err(Interruption::Cancelled)??)
    }
}
