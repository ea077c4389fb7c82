//! Hands events over from those who run a build to those who show it.
//!
//! The sender masks: nothing that the build keeps secret is ever in the channel.

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

/// How many events one that is emitted can become: output that was held back comes before it.
const MOST_AT_ONCE: usize = 2;

/// What goes from those who run to those who show.
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

/// Makes the channel; `clock` dates the events, and never goes back.
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
    /// Calls `listener` whenever the build has new secrets, for what is told of it in other ways than by
    /// events.
    #[must_use]
    pub fn on_secrets(mut self, listener: impl Fn(&Masker) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Emits an event without the secrets in it; waits while too many are waiting to be shown.
    ///
    /// Output that may be the beginning of a secret, or of a character, waits for what follows it. Any
    /// other event ends the waiting, but for one that comes in the midst of a command's output.
    pub async fn emit(&self, event: impl Into<Event>) {
        self.send(|outgoing| outgoing.pass(event.into())).await;
    }

    /// Masks these secrets in everything that is emitted from now on, in the place of those before.
    pub async fn mask(&self, masker: Masker) {
        if let Some(listener) = &self.listener {
            listener(&masker);
        }
        self.send(|outgoing| [outgoing.mask(masker), None]).await;
    }

    /// Sends what `outgoing` lets out. Nothing is lost of what it holds back when this is dropped while
    /// it waits.
    async fn send(&self, pass: impl FnOnce(&mut Outgoing) -> [Option<Event>; MOST_AT_ONCE]) {
        // When nobody shows events any more the build is cancelled by whoever stopped doing so.
        let Ok(room) = self.sender.reserve_many(MOST_AT_ONCE).await else {
            return;
        };
        // Held while both are sent, so that nobody else's event comes between them.
        let mut outgoing = self.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        let time = (self.clock)();
        let events = pass(&mut outgoing).into_iter().flatten();
        for (place, event) in room.zip(events) {
            place.send(Message::Event(Timestamped { time, event }));
        }
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
