//! Checks the credential helpers of registries.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::tools::run;
use super::{Check, Subject};

/// How long a helper may take to answer.
const LIMIT: Duration = Duration::from_secs(1);

/// The part of the Docker client's configuration about credentials.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

impl Config {
    /// The helpers, each once.
    fn helpers(&self) -> BTreeSet<&str> {
        let store = self.creds_store.iter();
        store
            .chain(self.cred_helpers.values())
            .map(String::as_str)
            .filter(|name| !name.is_empty())
            .collect()
    }
}

pub(super) async fn helpers(file: Option<&Path>) -> Check {
    let subject = Subject::Credentials;
    let none = || Check::ok(subject, "no helper is configured; public images need none");
    let Some(file) = file else {
        return none();
    };
    let read = std::fs::read(file).and_then(|text| {
        serde_json::from_slice(&text)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    });
    let config: Config = match read {
        Ok(config) => config,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return none(),
        Err(error) => {
            return Check::warning(
                subject,
                format!("cannot read `{}`: {error}", file.display()),
                "fix the file, or remove it and run `docker login` again",
            );
        }
    };
    let helpers = config.helpers();
    if helpers.is_empty() {
        return none();
    }
    let answers = helpers.iter().map(|helper| answer(helper));
    let answers = futures_util::future::join_all(answers).await;
    let silent: Vec<String> = answers.into_iter().filter_map(Result::err).collect();
    if silent.is_empty() {
        let names: Vec<&str> = helpers.into_iter().collect();
        return Check::ok(
            subject,
            format!("helpers that answer: {}", names.join(", ")),
        );
    }
    Check::warning(
        subject,
        silent.join("; "),
        format!(
            "install the helper in PATH, start the service that it uses (a desktop, a keyring), or remove it from `{}`",
            file.display()
        ),
    )
}

/// Asks a helper for its list or its version: not all can list.
async fn answer(helper: &str) -> Result<(), String> {
    let program = format!("docker-credential-{helper}");
    // A path could run any program.
    if helper.contains('/') {
        return Err(format!("`{helper}` is not a valid helper name"));
    }
    let mut complaint = String::new();
    for argument in ["list", "version"] {
        match run(&program, argument, LIMIT).await {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => {
                complaint = format!("`{program} {argument}` ended with {}", output.status);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(format!("`{program}` was not found in PATH"));
            }
            Err(error) => return Err(format!("`{program} {argument}`: {error}")),
        }
    }
    Err(complaint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn helpers_are_found_wherever_they_are_named() {
        let text = r#"{"auths": {"a": {}}, "credsStore": "desktop",
            "credHelpers": {"b": "ecr-login", "c": "desktop", "d": ""}}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        assert_eq!(config.helpers(), BTreeSet::from(["desktop", "ecr-login"]));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.json");
        let verdict = async || helpers(Some(&file)).await.verdict;
        assert_eq!(verdict().await, Verdict::Ok);
        std::fs::write(&file, "{}").unwrap();
        assert_eq!(verdict().await, Verdict::Ok);
        std::fs::write(&file, "{").unwrap();
        assert_eq!(verdict().await, Verdict::Warning);
    }
}
