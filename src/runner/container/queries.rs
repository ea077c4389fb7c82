//! Sends requests to the container, and reads the answers.
//!
//! A program of the build or of the image may answer. So answers are bounded, other output goes
//! into the log meanwhile, and cutting the build short ends every wait, even for a container that
//! reads nothing.

use crate::engine::Engine;
use crate::runner::container::driver::{Aside, DriverError};
use crate::runner::container::tail::Tail;
use crate::runner::interruption::Interruption;
use crate::runner::live::Live;
use crate::runner::{CancelReason, RunError};

impl<E: Engine> Live<'_, E> {
    /// Sends calls of the worker without an answer, or whose answer is read next.
    ///
    /// Sends immediately what it can, even while the build is cut short.
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

    /// Waits for the next answer of the worker; `printed` keeps the end of the output before it.
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

    /// Runs a script with the state of the build and returns its output: the value of `what`.
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
