//! Providers of secret values, and lookups in them.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::json_key::pick;
use super::lookup_error::{LookupError, StoreError};
use super::{Secret, SecretReference};

/// A value that a buildspec requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretRequest<'a> {
    pub variable: &'a str,
    /// The parameter's name, or the reference to a secret, as in the buildspec.
    pub reference: &'a str,
}

/// The answer of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredSecret {
    /// What the store holds: a parameter's value, or the whole string of a secret.
    Stored(Secret),
    /// The value of the variable itself, whatever of a secret the reference names.
    Value(Secret),
}

/// A lookup in progress; `None` when the provider does not know the name.
pub type Lookup<'a> =
    Pin<Box<dyn Future<Output = Result<Option<StoredSecret>, StoreError>> + Send + 'a>>;

/// A source of secret values.
pub trait SecretProvider: Send + Sync {
    /// Looks a parameter up.
    fn get_parameter<'a>(&'a self, wanted: SecretRequest<'a>) -> Lookup<'a>;

    /// Looks a secret up; `secret` is the parsed reference.
    fn get_secret<'a>(
        &'a self,
        wanted: SecretRequest<'a>,
        secret: &'a SecretReference,
    ) -> Lookup<'a>;
}

/// Providers in order: the first that has a value gives it. Cheap to clone.
#[derive(Clone, Default)]
pub struct Providers(Arc<Vec<Box<dyn SecretProvider>>>);

impl Providers {
    /// Takes the providers in the order in which they are asked.
    pub fn new(providers: Vec<Box<dyn SecretProvider>>) -> Self {
        Self(Arc::new(providers))
    }

    /// Looks a parameter up.
    pub async fn parameter(&self, wanted: SecretRequest<'_>) -> Result<Secret, LookupError> {
        for provider in self.0.iter() {
            if let Some(found) = provider.get_parameter(wanted).await? {
                let (StoredSecret::Stored(value) | StoredSecret::Value(value)) = found;
                return Ok(value);
            }
        }
        Err(LookupError::Missing)
    }

    /// Looks a secret up, and takes the part that the reference names.
    pub async fn secret(&self, wanted: SecretRequest<'_>) -> Result<Secret, LookupError> {
        let reference = SecretReference::parse(wanted.reference)?;
        for provider in self.0.iter() {
            let stored = match provider.get_secret(wanted, &reference).await? {
                None => continue,
                Some(StoredSecret::Value(value)) => return Ok(value),
                Some(StoredSecret::Stored(stored)) => stored,
            };
            return match reference.json_key {
                None => Ok(stored),
                Some(key) => pick(&stored, key),
            };
        }
        Err(LookupError::Missing)
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Providers").field(&self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives the same answer to every question.
    struct Always(Result<Option<StoredSecret>, StoreError>);

    impl SecretProvider for Always {
        fn get_parameter<'a>(&'a self, _: SecretRequest<'a>) -> Lookup<'a> {
            Box::pin(std::future::ready(self.0.clone()))
        }

        fn get_secret<'a>(&'a self, _: SecretRequest<'a>, _: &'a SecretReference) -> Lookup<'a> {
            Box::pin(std::future::ready(self.0.clone()))
        }
    }

    fn stored(text: &str) -> Always {
        Always(Ok(Some(StoredSecret::Stored(Secret::new(text)))))
    }

    async fn secret(reference: &str, providers: Vec<Always>) -> Result<Secret, LookupError> {
        let boxed = |provider| Box::new(provider) as Box<dyn SecretProvider>;
        let providers = Providers::new(providers.into_iter().map(boxed).collect());
        let variable = "V";
        let wanted = SecretRequest {
            variable,
            reference,
        };
        providers.secret(wanted).await
    }

    #[tokio::test]
    async fn the_first_that_knows_answers() {
        let providers = vec![Always(Ok(None)), stored("one"), stored("two")];
        assert_eq!(secret("a", providers).await, Ok(Secret::new("one")));
        assert_eq!(secret("a", vec![]).await, Err(LookupError::Missing));
    }

    #[tokio::test]
    async fn a_key_is_taken_of_what_is_stored_and_not_of_a_value() {
        let key = || "k".to_owned();
        let pair = r#"{"k": "v"}"#;
        for (provider, value) in [
            (stored(pair), Ok(Secret::new("v"))),
            (stored("{}"), Err(LookupError::NoKey { key: key() })),
            (stored("x"), Err(LookupError::NoObject { key: key() })),
            (
                Always(Ok(Some(StoredSecret::Value(Secret::new(pair))))),
                Ok(Secret::new(pair)),
            ),
        ] {
            assert_eq!(secret("a:k", vec![provider]).await, value);
        }
    }

    #[tokio::test]
    async fn a_store_that_fails_is_not_passed_over() {
        let denied = StoreError("AccessDeniedException: no".to_owned());
        let providers = vec![Always(Err(denied.clone())), stored("two")];
        assert_eq!(
            secret("a", providers).await,
            Err(LookupError::Store(denied))
        );
    }
}
