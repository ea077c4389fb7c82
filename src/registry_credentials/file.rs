//! Reads the credential files of the docker and podman commands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::problem::CredentialProblem;
use crate::engine::RegistryCredential;
use crate::host::file;

/// The name of Docker Hub in these files.
const DOCKER_HUB_SERVER: &str = "https://index.docker.io/v1/";

/// The longest file, in bytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// A parsed file.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    content: Content,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Content {
    auths: BTreeMap<String, Entry>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").finish_non_exhaustive()
    }
}

/// Credentials in a file, or the helper that has them.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StoredCredential {
    Inline(RegistryCredential),
    Helper { program: String, server: String },
}

impl File {
    /// Reads a file; `None` when it does not exist.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, CredentialProblem> {
        let text = match file::open(path).and_then(|file| file::read_whole(file, MOST_BYTES)) {
            Ok(text) => text,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => {
                return Err(CredentialProblem::Unreadable {
                    path: path.to_owned(),
                    reason: error.to_string(),
                });
            }
        };
        if text.trim_ascii().is_empty() {
            return Ok(None);
        }
        let content =
            serde_json::from_slice(&text).map_err(|error| CredentialProblem::Malformed {
                path: path.to_owned(),
                line: error.line(),
            })?;
        Ok(Some(Self {
            path: path.to_owned(),
            content,
        }))
    }

    /// Returns the possible credentials for a repository, in the order of trying: the helper for
    /// the registry, the helper for all registries, the file itself.
    pub(super) fn kept(
        &self,
        registry: &str,
        repository: &str,
    ) -> Vec<Result<StoredCredential, CredentialProblem>> {
        let is_hub = registry == "docker.io";
        let helper = |name: &String| {
            Ok(StoredCredential::Helper {
                program: format!("docker-credential-{name}"),
                server: if is_hub {
                    DOCKER_HUB_SERVER.to_owned()
                } else {
                    registry.to_owned()
                },
            })
        };
        let named = self.content.cred_helpers.iter();
        let named = named.filter(|(key, _)| place(key) == registry);
        let stores = named
            .map(|(_, name)| name)
            .chain(&self.content.creds_store)
            .filter(|name| !name.is_empty())
            .map(helper);
        stores.chain(self.entry(registry, repository)).collect()
    }

    /// Returns the entry with the most specific key; Podman's keys may contain a path.
    fn entry(
        &self,
        registry: &str,
        repository: &str,
    ) -> Option<Result<StoredCredential, CredentialProblem>> {
        let whole = format!("{registry}/{repository}");
        let (key, entry) = self
            .content
            .auths
            .iter()
            .filter(|(key, _)| {
                let rest = whole.strip_prefix(place(key));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            // Docker leaves an empty entry when a helper has the credentials.
            .filter(|(_, entry)| !entry.is_empty())
            .max_by_key(|(key, _)| place(key).len())?;
        Some(match entry.credential() {
            Some(credential) => Ok(StoredCredential::Inline(credential)),
            None => Err(CredentialProblem::Undecodable {
                path: self.path.clone(),
                key: key.clone(),
            }),
        })
    }
}

impl Entry {
    fn is_empty(&self) -> bool {
        let Self {
            auth,
            username,
            password,
            identitytoken,
            registrytoken,
        } = self;
        [auth, username, password, identitytoken, registrytoken]
            .into_iter()
            .flatten()
            .all(String::is_empty)
    }

    fn credential(&self) -> Option<RegistryCredential> {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let mut credential = RegistryCredential {
            username: filled(&self.username),
            password: filled(&self.password),
            identity_token: filled(&self.identitytoken),
            registry_token: filled(&self.registrytoken),
        };
        if let Some(auth) = filled(&self.auth) {
            let (username, password) = decode(&auth)?;
            credential.username = Some(username);
            // Docker writes a missing password as spaces.
            credential.password = Some(password).filter(|password| !password.is_empty());
        }
        Some(credential)
    }
}

/// Decodes user and password of `auth`.
fn decode(auth: &str) -> Option<(String, String)> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoder = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    let text = String::from_utf8(decoder.decode(auth.trim()).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some((username.to_owned(), password.trim_matches('\0').to_owned()))
}

/// Returns the registry, or the path below one, of a key, which may be a URL.
fn place(key: &str) -> &str {
    let key = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key)
        .trim_end_matches('/');
    let key = key
        .strip_suffix("/v1")
        .or_else(|| key.strip_suffix("/v2"))
        .unwrap_or(key);
    match key {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        key => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File {
            path: "/config.json".into(),
            content: serde_json::from_str(text).unwrap(),
        }
    }

    fn user(kept: &Result<StoredCredential, CredentialProblem>) -> &str {
        match kept {
            Ok(StoredCredential::Inline(credential)) => {
                credential.username.as_deref().unwrap_or("nobody")
            }
            Ok(StoredCredential::Helper { program, .. }) => program,
            Err(_) => "problem",
        }
    }

    fn users(text: &str, registry: &str, repository: &str) -> Vec<String> {
        let kept = file(text).kept(registry, repository);
        kept.iter().map(|kept| user(kept).to_owned()).collect()
    }

    #[test]
    fn a_registry_is_found_by_any_form_of_its_key() {
        for (key, registry) in [
            ("https://index.docker.io/v1/", "docker.io"),
            ("index.docker.io", "docker.io"),
            ("docker.io", "docker.io"),
            ("https://r.example:5000", "r.example:5000"),
            ("r.example/v2/", "r.example"),
        ] {
            // me:secret
            let text = format!(r#"{{"auths":{{"{key}":{{"auth":"bWU6c2VjcmV0"}}}}}}"#);
            assert_eq!(users(&text, registry, "a/b"), ["me"], "{key}");
            assert_eq!(users(&text, "other.example", "a/b"), [""; 0], "{key}");
        }
    }

    #[test]
    fn the_nearest_key_counts() {
        let text = r#"{"auths":{
            "r.example":{"username":"all","password":"x"},
            "r.example/team":{"username":"team","password":"x"},
            "r.example/team/tool":{"username":"tool","password":"x"}}}"#;
        assert_eq!(users(text, "r.example", "team/tool"), ["tool"]);
        assert_eq!(users(text, "r.example", "team/tools"), ["team"]);
        assert_eq!(users(text, "r.example", "teams/tool"), ["all"]);
    }

    #[test]
    fn helpers_come_before_the_store_before_the_file() {
        let text = r#"{"credHelpers":{"r.example":"ecr-login"},"credsStore":"pass",
            "auths":{"r.example":{"auth":"bWU6c2VjcmV0"},"other.example":{}}}"#;
        let kept = users(text, "r.example", "a");
        assert_eq!(
            kept,
            [
                "docker-credential-ecr-login",
                "docker-credential-pass",
                "me"
            ]
        );
        assert_eq!(
            users(text, "other.example", "a"),
            ["docker-credential-pass"]
        );
        let server = |registry| match &file(text).kept(registry, "a")[0] {
            Ok(StoredCredential::Helper { server, .. }) => server.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(server("docker.io"), "https://index.docker.io/v1/");
        assert_eq!(server("r.example"), "r.example");
    }

    #[test]
    fn tokens_come_along_and_what_is_no_base64_is_told() {
        let text = r#"{"auths":{"r.example":{"auth":"bWU6","identitytoken":"token"}}}"#;
        let kept = file(text).kept("r.example", "a");
        let credential = RegistryCredential {
            username: Some("me".to_owned()),
            identity_token: Some("token".to_owned()),
            ..RegistryCredential::default()
        };
        assert_eq!(kept, [Ok(StoredCredential::Inline(credential))]);
        for auth in ["???", "bWU"] {
            let text = format!(r#"{{"auths":{{"r.example":{{"auth":"{auth}"}}}}}}"#);
            assert_eq!(users(&text, "r.example", "a"), ["problem"], "{auth}");
        }
    }
}
