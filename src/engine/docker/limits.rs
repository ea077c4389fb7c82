//! Time limits of requests, and the detection of an engine that hangs.
//!
//! A hanging engine still accepts connections, and a broken network closes none: without limits
//! cobuild would wait for ever. Each request has a limit. A stream has none, since a command may be
//! silent for hours; while it is silent, the engine is asked now and then whether the container
//! lives, and that request has a limit.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use tokio::time::Instant;

use crate::engine::{EngineError, Operation, UploadStream};

/// The time limits of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// For the first request.
    pub(super) answer: Duration,
    /// For every other request.
    pub(super) request: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(10),
            request: Duration::from_mins(1),
        }
    }
}

impl Limits {
    /// The same limit for everything.
    pub(super) fn of(limit: Duration) -> Self {
        Self {
            answer: limit,
            request: limit,
        }
    }

    /// How long a stream may be silent before the engine is asked about it.
    pub(super) fn silence(self) -> Duration {
        self.request / 2
    }

    /// How long a program in a container may do nothing although it has something to read.
    pub(super) fn program(self) -> Duration {
        self.request
    }

    /// How long a pull may go without progress while the engine waits for a registry or unpacks a
    /// layer.
    pub(super) fn pull(self) -> Duration {
        self.request * 5
    }

    /// Waits for the answer to a request.
    pub(super) async fn request<T>(
        self,
        operation: Operation,
        request: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        within(self.request, operation, request).await
    }
}

/// Waits for an answer for at most `limit`.
pub(super) async fn within<T>(
    limit: Duration,
    operation: Operation,
    request: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, EngineError> {
    tokio::time::timeout(limit, request)
        .await
        .unwrap_or_else(|_| Err(EngineError::no_answer(operation, limit)))
}

/// Ends a stream with an error when it is silent for longer than `limit`.
pub(super) fn with_silence_limit<T: Send + 'static>(
    stream: impl Stream<Item = Result<T, EngineError>> + Send + Unpin + 'static,
    operation: Operation,
    limit: Duration,
) -> impl Stream<Item = Result<T, EngineError>> + Send {
    watched(stream, limit, move || {
        std::future::ready(Err(EngineError::no_progress(operation.clone(), limit)))
    })
}

/// Calls `is_alive` each time a stream has been silent for `silence`: the stream ends when it
/// returns `false`, and with the error when it fails.
pub(super) fn watched<T, S, F>(
    stream: S,
    silence: Duration,
    is_alive: impl Fn() -> F + Send + 'static,
) -> impl Stream<Item = Result<T, EngineError>> + Send
where
    T: Send + 'static,
    S: Stream<Item = Result<T, EngineError>> + Send + Unpin + 'static,
    F: Future<Output = Result<bool, EngineError>> + Send,
{
    stream::unfold(
        (Some(stream), is_alive),
        move |(stream, is_alive)| async move {
            let mut stream = stream?;
            loop {
                match tokio::time::timeout(silence, stream.next()).await {
                    Ok(item) => return Some((item?, (Some(stream), is_alive))),
                    Err(_) => match is_alive().await {
                        Ok(true) => {}
                        Ok(false) => return None,
                        Err(error) => return Some((Err(error), (None, is_alive))),
                    },
                }
            }
        },
    )
}

/// Watches the upload of a tar stream. The future ends when the engine neither reads available data
/// nor answers after the last byte for longer than `limit`.
pub(super) fn progress(
    mut tar: UploadStream,
    limit: Duration,
) -> (UploadStream, impl Future<Output = ()> + Send) {
    // Since when it is the engine's turn.
    let turn = Arc::new(Mutex::new(Some(Instant::now())));
    let told = Arc::clone(&turn);
    let tar = stream::poll_fn(move |context| {
        let polled = tar.poll_next_unpin(context);
        *told.lock().unwrap_or_else(PoisonError::into_inner) = polled.is_ready().then(Instant::now);
        polled
    });
    let stuck = async move {
        loop {
            let since = *turn.lock().unwrap_or_else(PoisonError::into_inner);
            match since {
                Some(since) if since.elapsed() >= limit => return,
                Some(since) => tokio::time::sleep_until(since + limit).await,
                None => tokio::time::sleep(limit).await,
            }
        }
    };
    (tar.boxed(), stuck)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use bytes::Bytes;

    use super::*;

    const LIMIT: Duration = Duration::from_mins(1);

    fn silent() -> impl Stream<Item = Result<u8, EngineError>> + Send + Unpin {
        stream::iter([Ok(1), Ok(2)]).chain(stream::pending())
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_has_a_limit() {
        let never = std::future::pending::<Result<(), EngineError>>();
        let error = Limits::default()
            .request(Operation::Attach, never)
            .await
            .unwrap_err();
        assert!(error.is_no_answer());
        assert_eq!(error.reason(), "the engine did not answer within 60 s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_goes_on_as_long_as_its_container_lives() {
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        let stream = watched(silent(), LIMIT, move || {
            let lives = count.fetch_add(1, Ordering::Relaxed) < 3;
            std::future::ready(Ok(lives))
        });
        let start = Instant::now();
        let all: Vec<_> = stream.map(Result::unwrap).collect().await;
        assert_eq!(all, [1, 2]);
        assert_eq!(asked.load(Ordering::Relaxed), 4);
        assert_eq!(start.elapsed().as_secs(), 4 * 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_with_the_error_of_the_question() {
        let stream = with_silence_limit(silent(), Operation::Attach, LIMIT);
        let all: Vec<_> = stream.collect().await;
        assert_eq!(all.len(), 3);
        let error = all[2].as_ref().unwrap_err();
        assert_eq!(error.reason(), "the engine made no progress for 60 s");
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_waits_for_its_source_but_not_for_a_stuck_engine() {
        let slow = || {
            stream::iter(0..5)
                .then(|_| async {
                    tokio::time::sleep(2 * LIMIT).await;
                    Ok(Bytes::from_static(b"x"))
                })
                .boxed()
        };
        let (mut taken, stuck) = progress(slow(), LIMIT);
        let count = async {
            let mut count = 0;
            while taken.next().await.is_some() {
                count += 1;
            }
            count
        };
        tokio::select! {
            count = count => assert_eq!(count, 5),
            () = stuck => panic!("the engine waited for its source"),
        }
        let (mut taken, stuck) = progress(slow(), LIMIT);
        assert!(taken.next().await.is_some());
        let start = Instant::now();
        stuck.await;
        assert_eq!(start.elapsed(), LIMIT);
    }
}
