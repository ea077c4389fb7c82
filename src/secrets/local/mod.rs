//! Values from this machine: a file, and variables with a prefix.

mod entry;
mod json;

use std::collections::HashMap;

pub use entry::SecretsFileError;

use super::dotenv::{DotenvEntry, read_dotenv};
use super::reference::name_in_arn;
use super::{Lookup, Secret, SecretProvider, SecretReference, SecretRequest, StoredSecret};
use entry::Entry;

/// The prefix of variables of this machine that give values; the name of the buildspec's variable
/// follows.
pub const PREFIX: &str = "COBUILD_SECRET_";

/// A secrets file: values by the names that buildspecs use.
#[derive(Debug, Clone, Default)]
pub struct SecretsFile {
    entries: HashMap<String, Entry>,
}

impl SecretsFile {
    /// Reads a JSON object when the text begins with a brace, else `NAME=VALUE` lines as in a dotenv
    /// file.
    pub fn parse(text: &str) -> Result<Self, SecretsFileError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let entries = if text.trim_start().starts_with('{') {
            json::parse(text)
        } else {
            lines(text)
        };
        Ok(Self { entries: entries? })
    }

    /// Returns the value under a name of the store.
    fn stored(&self, name: &str) -> Option<StoredSecret> {
        let entry = self.entries.get(name)?;
        Some(StoredSecret::Stored(entry.value.clone()))
    }

    /// Returns the value for one variable.
    fn value(&self, name: &str) -> Option<StoredSecret> {
        let Entry { value, is_object } = self.entries.get(name)?.clone();
        Some(if is_object {
            StoredSecret::Stored(value)
        } else {
            StoredSecret::Value(value)
        })
    }
}

/// Reads the lines of a dotenv file; a name may have one value.
fn lines(text: &str) -> Result<HashMap<String, Entry>, SecretsFileError> {
    let mut entries = HashMap::new();
    for DotenvEntry { line, name, value } in read_dotenv(text)? {
        let entry = Entry {
            value: Secret::new(value),
            is_object: false,
        };
        if entries.insert(name, entry).is_some() {
            let problem = "the name was given a value before";
            return Err(SecretsFileError { line, problem });
        }
    }
    Ok(entries)
}

/// The names that a secret has in a file: its id; of an ARN its name as well, with and without the
/// six characters that the store puts behind it.
fn names(id: &str) -> impl Iterator<Item = &str> {
    let with_suffix = name_in_arn(id);
    let name = with_suffix
        .and_then(|name| name.rsplit_once('-'))
        .filter(|(_, suffix)| suffix.len() == 6)
        .map(|(name, _)| name);
    std::iter::once(id).chain(with_suffix).chain(name)
}

impl SecretProvider for SecretsFile {
    fn get_parameter<'a>(&'a self, wanted: SecretRequest<'a>) -> Lookup<'a> {
        let found = self.stored(wanted.reference);
        let found = found.or_else(|| self.value(wanted.variable));
        Box::pin(std::future::ready(Ok(found)))
    }

    /// The whole reference comes first, so that a file can tell versions apart; a file that does not
    /// has the wanted one (assumed).
    fn get_secret<'a>(
        &'a self,
        wanted: SecretRequest<'a>,
        secret: &'a SecretReference,
    ) -> Lookup<'a> {
        let found = self
            .value(wanted.reference)
            .filter(|_| wanted.reference != secret.id)
            .or_else(|| names(&secret.id).find_map(|name| self.stored(name)))
            .or_else(|| self.value(wanted.variable));
        Box::pin(std::future::ready(Ok(found)))
    }
}

/// Variables of this machine that give values.
#[derive(Debug, Clone, Default)]
pub struct HostVariables {
    values: HashMap<String, Secret>,
}

impl HostVariables {
    /// Takes those whose names begin with [`PREFIX`].
    pub fn new<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let values = variables.into_iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(PREFIX)?;
            Some((name.to_owned(), Secret::new(value)))
        });
        Self {
            values: values.collect(),
        }
    }

    fn find(&self, wanted: SecretRequest<'_>) -> Lookup<'_> {
        let value = self.values.get(wanted.variable);
        let found = value.map(|value| StoredSecret::Value(value.clone()));
        Box::pin(std::future::ready(Ok(found)))
    }
}

impl SecretProvider for HostVariables {
    fn get_parameter<'a>(&'a self, wanted: SecretRequest<'a>) -> Lookup<'a> {
        self.find(wanted)
    }

    fn get_secret<'a>(&'a self, wanted: SecretRequest<'a>, _: &'a SecretReference) -> Lookup<'a> {
        self.find(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{LookupError, Providers};

    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:partner/api-AbCdEf";

    async fn secret(file: &str, reference: &str) -> Result<String, LookupError> {
        let file = SecretsFile::parse(file).unwrap();
        let variable = "V";
        let wanted = SecretRequest {
            variable,
            reference,
        };
        let providers = Providers::new(vec![Box::new(file)]);
        let secret = providers.secret(wanted).await?;
        Ok(secret.expose().to_owned())
    }

    #[tokio::test]
    async fn a_secret_goes_by_its_id() {
        for (file, reference, value) in [
            ("app/db=plain", "app/db", "plain"),
            ("app/db={\"k\": \"v\"}", "app/db:k", "v"),
            ("app/db='{\"k\": \"v\"}'", "app/db:k::1", "v"),
            (r#"{"app/db": {"k": "v"}}"#, "app/db:k", "v"),
            (r#"{"app/db": {"k":  1.10}}"#, "app/db:k", "1.10"),
            (r#"{"app/db": {"k":  "v"}}"#, "app/db", r#"{"k":  "v"}"#),
            (r#"{"app/db": "{\"k\": \"v\"}"}"#, "app/db:k", "v"),
        ] {
            assert_eq!(secret(file, reference).await.unwrap(), value, "{file}");
        }
    }

    #[tokio::test]
    async fn an_arn_goes_by_its_name_too() {
        for name in [ARN, "partner/api-AbCdEf", "partner/api"] {
            let file = format!("{name}={{\"k\": \"v\"}}");
            let reference = format!("{ARN}:k");
            assert_eq!(secret(&file, &reference).await.unwrap(), "v", "{name}");
        }
        let missing = secret("partner=x", ARN).await;
        assert_eq!(missing, Err(LookupError::Missing));
    }

    #[tokio::test]
    async fn a_variable_or_a_whole_reference_has_the_value_itself() {
        for (file, reference, value) in [
            ("V=own", "app/db:k", "own"),
            (r#"{"V": {"k": "v"}}"#, "app/db:k", "v"),
            ("app/db:k=own\napp/db={}", "app/db:k", "own"),
            ("app/db::OLD=old\napp/db=new", "app/db::OLD", "old"),
            ("app/db::OLD=old\napp/db=new", "app/db", "new"),
            ("V=own\napp/db=stored", "app/db", "stored"),
        ] {
            assert_eq!(secret(file, reference).await.unwrap(), value, "{file}");
        }
    }

    #[tokio::test]
    async fn parameters_go_by_name_and_variables_of_this_machine_by_prefix() {
        let file = SecretsFile::parse("/my/token=file\n").unwrap();
        let host = HostVariables::new([
            ("COBUILD_SECRET_TOKEN", "host"),
            ("COBUILD_SECRET_OTHER", "other"),
            ("LAST", "not ours"),
        ]);
        let providers = Providers::new(vec![Box::new(file), Box::new(host)]);
        let find = |variable, reference| {
            let providers = providers.clone();
            async move {
                let wanted = SecretRequest {
                    variable,
                    reference,
                };
                let found = providers.parameter(wanted).await;
                found.map(|secret| secret.expose().to_owned())
            }
        };
        assert_eq!(find("TOKEN", "/my/token").await.as_deref(), Ok("file"));
        assert_eq!(find("TOKEN", "/other").await.as_deref(), Ok("host"));
        assert_eq!(find("OTHER", "/other").await.as_deref(), Ok("other"));
        assert_eq!(find("LAST", "/last").await, Err(LookupError::Missing));
    }

    #[test]
    fn nothing_of_a_value_shows_in_what_is_printed_of_types() {
        let file = SecretsFile::parse("A=hunter2\n").unwrap();
        let host = HostVariables::new([("COBUILD_SECRET_A", "hunter2")]);
        let entry = file.value("A");
        let printed = format!("{file:?}{host:?}{entry:?}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
