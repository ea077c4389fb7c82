//! Hands events over from those who run a build to those who show it.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::event::{Event, Timestamped};

/// How many events may wait to be shown; then the build waits as well.
const WAITING: usize = 64;

/// What goes from those who run to those who show.
#[derive(Debug)]
pub enum Message {
    /// Something happened.
    Event(Timestamped),
    /// Somebody waits until everything before this has been shown.
    Barrier(oneshot::Sender<()>),
}

/// The runner's end of the event channel.
#[derive(Clone)]
pub struct EventSender {
    sender: mpsc::Sender<Message>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl fmt::Debug for EventSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSender").finish_non_exhaustive()
    }
}

/// Makes the channel; `clock` dates the events, and never goes back.
pub fn channel(
    clock: impl Fn() -> Timestamp + Send + Sync + 'static,
) -> (EventSender, mpsc::Receiver<Message>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let clock = Arc::new(clock);
    (EventSender { sender, clock }, receiver)
}

impl EventSender {
    /// Emits an event; waits while too many are waiting to be shown.
    pub async fn emit(&self, event: Event) {
        let time = (self.clock)();
        // When nobody shows events any more the build is cancelled by whoever stopped doing so.
        let message = Message::Event(Timestamped { time, event });
        let _ = self.sender.send(message).await;
    }

    /// Waits until everything that was emitted has been shown.
    pub async fn shown(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.sender.send(Message::Barrier(sender)).await.is_ok() {
            // When nobody shows events any more there is nothing to wait for.
            let _ = receiver.await;
        }
    }
}
