//! The channel of events from the runner of a build to its sinks.
//!
//! The sender masks secrets, so the channel never contains one.

mod outgoing;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::event::{Event, Timestamped};
use crate::mask::Masker;
use outgoing::Outgoing;

/// How many events may wait to be shown; then the build waits as well.
const WAITING: usize = 64;

/// How many messages one event can become: output that was held back precedes it.
const MOST_AT_ONCE: usize = 2;

/// A message from the runner to the sinks.
#[derive(Debug)]
pub enum Message {
    Event(Timestamped),
    /// Somebody waits until everything before this has been shown.
    Barrier(oneshot::Sender<()>),
}

type Clock = dyn Fn() -> Timestamp + Send + Sync;
type Listener = dyn Fn(&Masker) + Send + Sync;

/// The runner's end of the event channel of one build.
#[derive(Clone)]
pub struct EventSender {
    sender: mpsc::Sender<Message>,
    clock: Arc<Clock>,
    outgoing: Arc<Mutex<Outgoing>>,
    listener: Option<Arc<Listener>>,
}

impl fmt::Debug for EventSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSender").finish_non_exhaustive()
    }
}

/// Creates the channel; `clock` dates the events and never goes back.
pub fn channel(
    clock: impl Fn() -> Timestamp + Send + Sync + 'static,
) -> (EventSender, mpsc::Receiver<Message>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let sender = EventSender {
        sender,
        clock: Arc::new(clock),
        outgoing: Arc::default(),
        listener: None,
    };
    (sender, receiver)
}

impl EventSender {
    /// Calls `listener` whenever the build has new secrets, so that other output can mask them too.
    #[must_use]
    pub fn on_secrets(mut self, listener: impl Fn(&Masker) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Masks and emits an event; waits while the channel is full.
    ///
    /// Output that may be the beginning of a secret, or of a character, is held back until more
    /// follows. Any other event releases it, except those in the middle of a command's output.
    pub async fn emit(&self, event: impl Into<Event>) {
        self.send(|outgoing| outgoing.pass(event.into())).await;
    }

    /// Replaces the secrets to mask in all further events.
    pub async fn mask(&self, masker: Masker) {
        if let Some(listener) = &self.listener {
            listener(&masker);
        }
        self.send(|outgoing| [outgoing.mask(masker), None]).await;
    }

    /// Sends what `outgoing` releases. Dropping the future loses nothing that is held back.
    async fn send(&self, pass: impl FnOnce(&mut Outgoing) -> [Option<Event>; MOST_AT_ONCE]) {
        // If the receiver is gone, the sink task has already cancelled the build.
        let Ok(room) = self.sender.reserve_many(MOST_AT_ONCE).await else {
            return;
        };
        // Held while both are sent, so that no other event comes between them.
        let mut outgoing = self.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        let time = (self.clock)();
        let events = pass(&mut outgoing).into_iter().flatten();
        for (place, event) in room.zip(events) {
            place.send(Message::Event(Timestamped { time, event }));
        }
    }

    /// Waits until the sinks have handled all emitted events.
    pub async fn shown(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.sender.send(Message::Barrier(sender)).await.is_ok() {
            // Without a receiver there is nothing to wait for.
            let _ = receiver.await;
        }
    }
}
