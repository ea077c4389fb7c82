//! A secrets file that is a JSON object.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::super::json_key::text;
use super::entry::{Entry, SecretsFileError};

/// Reads an object of strings and objects; numbers and the like stand for their text.
pub(super) fn parse(file: &str) -> Result<HashMap<String, Entry>, SecretsFileError> {
    let values: HashMap<String, &RawValue> =
        // The error itself may quote what is in the file.
        serde_json::from_str(file).map_err(|error| SecretsFileError {
            line: error.line(),
            problem: "not valid JSON, although the file begins with `{`",
        })?;
    let entries = values.into_iter().map(|(name, value)| {
        let entry = Entry {
            value: text(value),
            is_object: value.get().starts_with('{'),
        };
        (name, entry)
    });
    Ok(entries.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_told_by_its_line_alone() {
        for (text, line) in [
            ("{\"A\": \"hunter2\",\n \"B\": hunter2}", 2),
            ("{\n\"A\": \"hunter2\"\n", 3),
            ("{\"A\": \"hunter2\"}\nhunter2", 2),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
