//! Who gives the values that a buildspec wants from a store.

use std::path::Path;

use anyhow::anyhow;

use super::failure::Failure;
use crate::secrets::{Providers, SecretProvider};
use crate::settings::{Environment, SecretsError, read_secrets};

/// Returns who is asked: the file, then variables of this machine.
pub(super) fn providers(
    file: Option<&Path>,
    environment: &Environment,
) -> Result<Providers, Failure> {
    let mut providers: Vec<Box<dyn SecretProvider>> = Vec::new();
    if let Some(path) = file {
        let secrets = read_secrets(path).map_err(|error| {
            let exposed = matches!(error, SecretsError::Exposed(_));
            let path = path.display();
            let error = anyhow!(error).context(format!("cannot use the secrets file `{path}`"));
            let failure = Failure::usage(error);
            if exposed {
                failure.hint(format!("chmod 600 {path}"))
            } else {
                failure
            }
        })?;
        providers.push(Box::new(secrets));
    }
    providers.push(Box::new(environment.secrets()));
    Ok(Providers::new(providers))
}
