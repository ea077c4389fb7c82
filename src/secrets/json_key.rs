//! Takes one value out of a secret with several.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::lookup_error::LookupError;
use super::secret::Secret;

/// Takes the value of `key` from a JSON object: a string as it is, anything else as its JSON text
/// (assumed).
pub(super) fn pick(secret: &Secret, key: String) -> Result<Secret, LookupError> {
    let object = serde_json::from_str::<HashMap<String, &RawValue>>(secret.expose());
    match object.as_ref().map(|object| object.get(&key)) {
        Ok(Some(value)) => Ok(text(value)),
        Ok(None) => Err(LookupError::NoKey { key }),
        Err(_) => Err(LookupError::NoObject { key }),
    }
}

/// Returns a string as it is and anything else as its JSON text.
pub(super) fn text(value: &RawValue) -> Secret {
    let string = serde_json::from_str::<String>(value.get());
    Secret::new(string.unwrap_or_else(|_| value.get().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_value_as_written() {
        let secret = Secret::new(r#"{"a": "x\ny", "n": 1.10, "o": {"b":  [true]}, "e": ""}"#);
        for (key, value) in [
            ("a", "x\ny"),
            ("n", "1.10"),
            ("o", "{\"b\":  [true]}"),
            ("e", ""),
        ] {
            assert_eq!(pick(&secret, key.into()), Ok(Secret::new(value)), "{key}");
        }
        let key = "b".to_owned();
        assert_eq!(pick(&secret, key.clone()), Err(LookupError::NoKey { key }));
    }

    #[test]
    fn what_is_no_object_has_no_keys() {
        for text in ["", "plain", "\"a\"", "[1]", "{\"a\": 1"] {
            let key = "a".to_owned();
            let picked = pick(&Secret::new(text), key.clone());
            assert_eq!(picked, Err(LookupError::NoObject { key }), "{text}");
        }
    }
}
