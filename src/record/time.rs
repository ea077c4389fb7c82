//! Times as the API writes them.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time that is stored as seconds since 1970, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EpochTime(pub Timestamp);

impl Serialize for EpochTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "exact for the next two hundred thousand years"
        )]
        let milliseconds = self.0.as_millisecond() as f64;
        serializer.serialize_f64(milliseconds / 1000.0)
    }
}

impl<'de> Deserialize<'de> for EpochTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let milliseconds = (f64::deserialize(deserializer)? * 1000.0).round();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a number that is too large becomes the largest, which is no time"
        )]
        let time = Timestamp::from_millisecond(milliseconds as i64);
        time.map(Self).map_err(serde::de::Error::custom)
    }
}
