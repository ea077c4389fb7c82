//! What holds when nobody says otherwise. The help of each flag says the same in words.

use std::time::Duration;

use crate::plan::Transfer;
use crate::plan::cache::CacheKind;
use crate::plan::place::{Namespace, Packaging};
use crate::project::image::PullPolicy;

/// How long a build may take.
pub const TIMEOUT: Duration = Duration::from_hours(1);
/// How long commands may take to end after a stop or the timeout.
pub const GRACE: Duration = Duration::from_secs(10);
/// When an image is pulled.
pub const PULL: PullPolicy = PullPolicy::Missing;
/// How a source reaches the container.
pub const TRANSFER: Transfer = Transfer::Automatic;
/// How a cache is kept.
pub const CACHE: CacheKind = CacheKind::None;
/// In what form artifacts are kept.
pub const PACKAGING: Packaging = Packaging::None;
/// What goes before the names of artifacts.
pub const NAMESPACE: Namespace = Namespace::None;
