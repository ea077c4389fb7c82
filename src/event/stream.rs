//! Events as they are stored: JSON, one a line.
//!
//! Every line carries the format's number, so that each can be read alone: of a stream that is followed
//! from its middle, of several streams in one file, of a page of a long one.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};

use super::Timestamped;

/// The number of the format. It grows with every change by which a line of before cannot be read any
/// more or means something else. A new field or a new event is no such change.
pub const FORMAT: u32 = 1;

/// One event of a build that cobuild ran, as a line of `--format json` and `--events`.
#[derive(Serialize, JsonSchema)]
struct Line<'a> {
    /// The number of the format.
    #[schemars(extend("const" = FORMAT))]
    format: u32,
    #[serde(flatten)]
    event: &'a Timestamped,
}

#[derive(Deserialize)]
struct ReadLine {
    format: u32,
    #[serde(flatten)]
    event: Timestamped,
}

/// What is read of a line that holds no known event.
#[derive(Deserialize)]
struct Heading {
    format: Option<u64>,
    event: Option<String>,
}

/// Why a line is no event.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The line is no JSON object, or is cut off.
    #[error("the line is no JSON object")]
    Json(#[source] serde_json::Error),
    /// Another version of cobuild wrote the line.
    #[error("the event has format {format}, and this version of cobuild reads format {FORMAT}")]
    Format {
        /// The format of the line.
        format: u64,
    },
    /// The line has no format or no event.
    #[error("the line has no `{0}`")]
    Missing(&'static str),
    /// The event is unknown, or its fields are not those it should have.
    #[error("the event `{0}` is unknown or has other fields")]
    Event(String),
}

/// Returns an event as a line, with its newline.
pub fn line(event: &Timestamped) -> serde_json::Result<String> {
    let format = FORMAT;
    let mut text = serde_json::to_string(&Line { format, event })?;
    text.push('\n');
    Ok(text)
}

/// Reads a line, with or without its newline.
pub fn parse(line: &[u8]) -> Result<Timestamped, LineError> {
    match serde_json::from_slice(line) {
        Ok(ReadLine { format, event }) if format == FORMAT => Ok(event),
        Ok(ReadLine { format, .. }) => Err(LineError::Format {
            format: format.into(),
        }),
        Err(_) => Err(refusal(line)),
    }
}

/// Says what is wrong with a line that could not be read.
fn refusal(line: &[u8]) -> LineError {
    match serde_json::from_slice(line) {
        Err(error) => LineError::Json(error),
        Ok(Heading { format: None, .. }) => LineError::Missing("format"),
        Ok(Heading {
            format: Some(format),
            ..
        }) if format != u64::from(FORMAT) => LineError::Format { format },
        Ok(Heading { event: None, .. }) => LineError::Missing("event"),
        Ok(Heading {
            event: Some(name), ..
        }) => LineError::Event(name),
    }
}

/// Returns the JSON Schema (draft 2020-12) of a line, as text.
pub fn schema() -> String {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let mut schema = generator.into_root_schema_for::<Line<'_>>();
    for (key, value) in [
        ("$id", "urn:cobuild:schema:events"),
        ("title", "Event of a build that cobuild runs"),
    ] {
        schema.insert(key.to_owned(), value.into());
    }
    format!("{:#}\n", schema.as_value())
}
