//! Looks up the values from the stores in DOWNLOAD_SOURCE, before the runtimes (contract §1.4, trap
//! 44).

use crate::engine::Engine;
use crate::event::Notice;
use crate::mask::Masker;
use crate::phase::PhaseContext;
use crate::plan::{Store, StoredValue, layout};
use crate::runner::container::program::{Program, exports};
use crate::runner::interruption::Interruption;
use crate::runner::live::Live;
use crate::runner::run::Run;
use crate::secrets::local::PREFIX;
use crate::secrets::{LookupError, Secret, SecretRequest};

impl<E: Engine> Run<'_, E> {
    /// Masks the secrets of the plan and these values in all further events. Returns the masker.
    pub(in crate::runner) async fn mask(&self, found: &[Secret]) -> Masker {
        let known = self.plan.environment.iter();
        let known = known.filter(|variable| variable.is_secret);
        let values: Vec<&str> = known
            .map(|variable| variable.value.as_str())
            .chain(found.iter().map(Secret::expose))
            .collect();
        if values.is_empty() {
            return Masker::default();
        }
        let masker = Masker::new(values);
        self.events.mask(masker.clone()).await;
        masker
    }
}

impl<E: Engine> Live<'_, E> {
    /// Looks up the values from the stores and sets them in the environment, only through the
    /// driver. Returns the context of the first failed lookup; a hint covers all of them.
    pub(in crate::runner) async fn resolve_stored(
        &mut self,
    ) -> Result<Option<PhaseContext>, Interruption> {
        let work = self.work;
        if work.stored.is_empty() {
            return Ok(None);
        }
        let mut found = Vec::new();
        let mut failures = Vec::new();
        for stored in &work.stored {
            match self.run.guarded(self.look_up(stored)).await? {
                Ok(secret) => found.push((stored.variable.as_str(), secret)),
                Err(error) => failures.push((stored, error)),
            }
        }
        let values: Vec<Secret> = found.iter().map(|(_, secret)| secret.clone()).collect();
        self.masker = self.run.mask(&values).await;
        if let Some((stored, error)) = failures.first() {
            let context = failure(stored, error);
            for (stored, error) in &failures {
                let message = hint(stored, error);
                self.run.events.emit(Notice::Hint { message }).await;
            }
            return Ok(Some(context));
        }
        let exports = exports(
            found
                .iter()
                .map(|(variable, secret)| (*variable, secret.expose())),
        );
        let mut program = Program::default();
        program.call("cobuild_append", &[layout::ENVIRONMENT_FILE, &exports]);
        self.send(program.text()).await?;
        Ok(None)
    }

    async fn look_up(&self, stored: &StoredValue) -> Result<Secret, LookupError> {
        let providers = &self.run.host.secrets;
        let wanted = SecretRequest {
            variable: &stored.variable,
            reference: &stored.reference,
        };
        match stored.store {
            Store::ParameterStore => providers.parameter(wanted).await,
            Store::SecretsManager => providers.secret(wanted).await,
        }
    }
}

/// Returns the context of a failed lookup: as in the cloud for missing values, and in the words of
/// a store; other texts are assumed.
fn failure(stored: &StoredValue, error: &LookupError) -> PhaseContext {
    let reference = &stored.reference;
    let message = match (error, stored.store) {
        (LookupError::Missing, Store::ParameterStore) => {
            format!("parameter does not exist: {reference}")
        }
        (LookupError::Missing, Store::SecretsManager) => {
            "ResourceNotFoundException: Secrets Manager can't find the specified secret.".to_owned()
        }
        (LookupError::Store(error), _) => error.to_string(),
        (
            LookupError::Reference(_) | LookupError::NoObject { .. } | LookupError::NoKey { .. },
            _,
        ) => format!("{reference}: {error}"),
    };
    let code = match stored.store {
        Store::ParameterStore => "Decrypted Variables Error",
        Store::SecretsManager => "Secrets Manager Error",
    };
    PhaseContext::new(code, message)
}

fn hint(stored: &StoredValue, error: &LookupError) -> String {
    let StoredValue {
        variable,
        reference,
        ..
    } = stored;
    match error {
        LookupError::Missing => format!(
            "give the value of `{variable}` as a line `{reference}=VALUE` in a file for `--secrets \
             FILE`, as the variable {PREFIX}{variable} of this machine, or with `--env {variable}`"
        ),
        LookupError::Reference(_) => format!(
            "write the reference of `{variable}` as secret-id:json-key:version-stage:version-id; only \
             the first part is required"
        ),
        LookupError::NoObject { .. } | LookupError::NoKey { .. } => format!(
            "the secrets file must give either the whole secret `{reference}` as a JSON object, or the \
             value under the name `{variable}`"
        ),
        LookupError::Store(_) => {
            format!("give the value with `--env {variable}` instead of the store")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::StoreError;

    #[test]
    fn a_store_is_quoted() {
        let denied = LookupError::Store(StoreError("AccessDeniedException: no".to_owned()));
        for (store, code) in [
            (Store::ParameterStore, "Decrypted Variables Error"),
            (Store::SecretsManager, "Secrets Manager Error"),
        ] {
            let stored = StoredValue {
                store,
                variable: "A".to_owned(),
                reference: "/a".to_owned(),
            };
            let expected = PhaseContext::new(code, "AccessDeniedException: no");
            assert_eq!(failure(&stored, &denied), expected);
        }
    }
}
