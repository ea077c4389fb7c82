//! Bounds the answers of an engine.
//!
//! bollard reads a whole answer, and a whole line or frame of a stream, into memory. Their content
//! may come from an image, a registry or a build. So each connection counts the bytes that are
//! read, below bollard. The count of a stream starts anew with each item. A request without a
//! budget gets that of an answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bollard::BollardRequest;
use futures_util::{Stream, StreamExt};
use http::{Response, StatusCode, Uri};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service;

use crate::engine::{EngineError, Operation};

/// The longest answer, in bytes: many times that of any real image.
const LONGEST_ANSWER: u64 = 4 << 20;

/// The longest line or frame of a stream, read-ahead included, in bytes.
const LONGEST_PIECE: u64 = 2 << 20;

/// An answer is longer than its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the engine sent more than {0} bytes in one answer, the most that cobuild reads")]
pub(super) struct TooLong(u64);

/// How much may be read.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<Count>);

#[derive(Debug)]
struct Count {
    most: u64,
    left: AtomicU64,
    is_spent: AtomicBool,
    goes_both_ways: bool,
}

impl Budget {
    fn new(most: u64, goes_both_ways: bool) -> Self {
        Self(Arc::new(Count {
            most,
            left: AtomicU64::new(most),
            is_spent: AtomicBool::new(false),
            goes_both_ways,
        }))
    }

    /// For an answer that is read whole.
    fn of_answer() -> Self {
        Self::new(LONGEST_ANSWER, false)
    }

    /// For an answer that may come while something is still being sent.
    fn of_upload() -> Self {
        Self::new(LONGEST_ANSWER, true)
    }

    fn of_stream() -> Self {
        Self::new(LONGEST_PIECE, true)
    }

    fn spend(&self, count: usize) -> Result<(), TooLong> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let left = self.0.left.load(Ordering::Relaxed);
        if count > left {
            self.0.is_spent.store(true, Ordering::Relaxed);
            return Err(TooLong(self.0.most));
        }
        self.0.left.store(left - count, Ordering::Relaxed);
        Ok(())
    }

    fn renew(&self) {
        self.0.left.store(self.0.most, Ordering::Relaxed);
    }

    /// Returns the error of a stream that exceeded its budget.
    fn verdict(&self) -> Option<TooLong> {
        let is_spent = self.0.is_spent.load(Ordering::Relaxed);
        is_spent.then_some(TooLong(self.0.most))
    }
}

/// Returns the cause of an error when it is an answer that is too long.
pub(super) fn too_long(error: &(dyn std::error::Error + 'static)) -> Option<TooLong> {
    let mut next = Some(error);
    while let Some(cause) = next {
        let inner = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref::<TooLong>()) {
            return Some(*found);
        }
        next = cause.source();
    }
    None
}

/// Returns a client for one request whose answer is a stream, with the budget of that stream.
pub(super) fn streaming(client: &bollard::Docker) -> (bollard::Docker, Budget) {
    streaming_after(client, |request| request)
}

/// The same, with something else done to the request.
pub(super) fn streaming_after(
    client: &bollard::Docker,
    change: impl Fn(BollardRequest) -> BollardRequest + Send + Sync + 'static,
) -> (bollard::Docker, Budget) {
    let budget = Budget::of_stream();
    (with_budget(client, &budget, change), budget)
}

/// Returns a client for one request with a long body.
pub(super) fn uploading(client: &bollard::Docker) -> bollard::Docker {
    with_budget(client, &Budget::of_upload(), |request| request)
}

fn with_budget(
    client: &bollard::Docker,
    budget: &Budget,
    change: impl Fn(BollardRequest) -> BollardRequest + Send + Sync + 'static,
) -> bollard::Docker {
    let budget = budget.clone();
    client
        .clone()
        .with_request_modifier(move |request: BollardRequest| {
            let mut request = change(request);
            request.extensions_mut().insert(budget.clone());
            request
        })
}

/// Renews the budget with each item of a stream.
pub(super) fn counted<T: Send>(
    stream: impl Stream<Item = Result<T, EngineError>> + Send + Unpin,
    budget: Budget,
    operation: Operation,
) -> impl Stream<Item = Result<T, EngineError>> + Send + Unpin {
    stream.map(move |item| match (item, budget.verdict()) {
        (Ok(item), None) => {
            budget.renew();
            Ok(item)
        }
        (Err(_), Some(verdict)) => Err(EngineError {
            operation: operation.clone(),
            status: None,
            source: verdict.into(),
        }),
        (item, _) => item,
    })
}

/// Returns the budget of the answer to a request.
pub(super) fn budget_of(request: &mut BollardRequest) -> Budget {
    let asked = request.extensions_mut().remove::<Budget>();
    asked.unwrap_or_else(Budget::of_answer)
}

/// Applies a budget to the connection of an answer.
pub(super) fn count<B>(response: &Response<B>, budget: Budget) {
    let status = response.status();
    let is_granted = status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS;
    // What went wrong is read whole, whatever was asked for.
    let budget = if is_granted {
        budget
    } else {
        Budget::of_upload()
    };
    if let Some(meter) = response.extensions().get::<Meter>() {
        meter.set(Some(budget));
    }
}

/// The budget of a connection. The head of an answer does not count: hyper bounds it.
#[derive(Debug, Clone, Default)]
struct Meter(Arc<Mutex<Option<Budget>>>);

impl Meter {
    fn set(&self, budget: Option<Budget>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = budget;
    }

    fn spend(&self, count: usize) -> Result<(), TooLong> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(budget) => budget.spend(count),
            None => Ok(()),
        }
    }

    /// Ends the budget when the next request is sent.
    fn sends(&self) {
        let mut budget = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        budget.take_if(|budget| !budget.0.goes_both_ways);
    }
}

/// Makes connections that count.
#[derive(Debug, Clone)]
pub(super) struct Metering<C>(pub(super) C);

impl<C> Service<Uri> for Metering<C>
where
    C: Service<Uri>,
    C::Future: Send + 'static,
{
    type Response = TokioIo<Metered<TokioIo<C::Response>>>;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let connecting = self.0.call(address);
        Box::pin(async move {
            Ok(TokioIo::new(Metered {
                stream: TokioIo::new(connecting.await?),
                meter: Meter::default(),
            }))
        })
    }
}

/// A connection that counts.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    meter: Meter,
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let spent = this.meter.spend(buffer.filled().len() - before);
        Poll::Ready(spent.map_err(io::Error::other))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.meter.sends();
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.meter.sends();
        Pin::new(&mut this.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl<S: Connection> Connection for Metered<S> {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.meter.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_counts_until_something_is_made_of_it() {
        let budget = Budget::of_stream();
        let half = usize::try_from(LONGEST_PIECE / 2).unwrap();
        for _ in 0..10 {
            budget.spend(half).unwrap();
            budget.spend(half).unwrap();
            budget.renew();
        }
        budget.spend(2 * half).unwrap();
        assert_eq!(budget.verdict(), None);
        assert_eq!(budget.spend(1), Err(TooLong(LONGEST_PIECE)));
        assert_eq!(budget.verdict(), Some(TooLong(LONGEST_PIECE)));
    }

    #[test]
    fn an_answer_ends_with_the_next_request_and_a_stream_does_not() {
        let meter = Meter::default();
        let long = usize::try_from(LONGEST_ANSWER).unwrap();
        meter.set(Some(Budget::of_answer()));
        meter.spend(long).unwrap();
        assert!(meter.spend(1).is_err());
        meter.sends();
        meter.spend(long).unwrap();
        meter.set(Some(Budget::of_upload()));
        meter.sends();
        assert!(meter.spend(long + 1).is_err());
    }
}
