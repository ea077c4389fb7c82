//! Pulls the image of a build.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;

use super::advice::{self, PullAttempt};
use crate::engine::{
    Engine, EngineError, ImageFacts, LayerState, PullFailure, PullRequest, PullStep,
    RegistryCredential,
};
use crate::event::{LayerProgress, Notice, PullEvent};
use crate::mask::Masker;
use crate::phase::PhaseContext;
use crate::project::image::{ImageName, Platform};
use crate::runner::interruption::Interruption;
use crate::runner::run::Run;

/// How long to wait before each retry of a broken pull. The engine keeps complete layers, and
/// itself retries the others several times.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// How many progress events one layer may cause in each state.
const MOST_STEPS: u64 = 100;

/// How many layers are reported: more than any engine supports.
const MOST_LAYERS: usize = 1_000;

impl<E: Engine> Run<'_, E> {
    /// Pulls and inspects an image, or returns the context of the failure. The local image of that name may be
    /// `unfit`: for another platform.
    pub(super) async fn pull(
        &self,
        name: &str,
        unfit: Option<&(String, Platform)>,
    ) -> Result<Result<(String, ImageFacts), PhaseContext>, Interruption> {
        let platform = self.plan.pulling.platform.as_ref();
        let request = PullRequest {
            image: name.to_owned(),
            platform: platform.map(ToString::to_string),
            credential: self.credential(name).await?,
        };
        let secrets = request
            .credential
            .iter()
            .flat_map(RegistryCredential::secrets);
        let masker = Masker::new(secrets);
        self.tell(PullEvent::Started {
            image: name.to_owned(),
            platform: request.platform.clone(),
        })
        .await;
        let mut pauses = PAUSES.into_iter();
        let failure = loop {
            let Err(error) = self.steps(&request).await? else {
                break None;
            };
            let problem = PullFailure::of(&error);
            if matches!(problem, PullFailure::Interrupted | PullFailure::Other) {
                // A lost engine says nothing about the build.
                self.guarded(self.engine.facts()).await??;
            }
            let pause = pauses.next();
            let Some(pause) = pause.filter(|_| problem == PullFailure::Interrupted) else {
                break Some((problem, error));
            };
            let reason = masker.mask(&in_one_line(&error)).into_owned();
            self.tell(PullEvent::Again { reason }).await;
            self.guarded(tokio::time::sleep(pause)).await?;
        };
        if let Some((problem, error)) = failure {
            self.tell(PullEvent::Failed).await;
            let asked = PullAttempt::new(&request);
            let advice = asked.advice(problem);
            let advice = match problem {
                PullFailure::NotFound
                | PullFailure::NotFoundOrPrivate
                | PullFailure::Unauthorised
                | PullFailure::Unreachable => self.naming_what_is_meant(unfit, advice).await?,
                _ => advice,
            };
            let hint = masker.mask(&advice).into_owned();
            let reason = masker.mask(&in_one_line(&error)).into_owned();
            return Ok(Err(self.cannot_be_had(&reason, Some(hint)).await));
        }
        let Some(facts) = self.guarded(self.engine.inspect_image(name)).await?? else {
            self.tell(PullEvent::Failed).await;
            let reason = format!("No such image: {name}");
            return Ok(Err(self.cannot_be_had(&reason, None).await));
        };
        self.tell(PullEvent::Finished {
            image: name.to_owned(),
            size: facts.size,
        })
        .await;
        // For a name with a single image, engines do not check the platform.
        if let (Some(wanted), Some(platform)) = (platform, self.misfit(&facts)) {
            let reason = advice::unfit(name, wanted, &platform);
            let hint = PullAttempt::new(&request).advice(PullFailure::WrongPlatform);
            return Ok(Err(self.cannot_be_had(&reason, Some(hint)).await));
        }
        Ok(Ok((name.to_owned(), facts)))
    }

    /// Pulls once.
    async fn steps(&self, request: &PullRequest) -> Result<Result<(), EngineError>, Interruption> {
        let mut steps = self.engine.pull_image(request);
        let mut told = BTreeMap::new();
        while let Some(step) = self.guarded(steps.next()).await? {
            let PullStep { layer, state } = match step {
                Ok(step) => step,
                Err(error) => return Ok(Err(error)),
            };
            if told.get(&layer).is_some_and(|last| !is_news(*last, state)) {
                continue;
            }
            if told.len() >= MOST_LAYERS && !told.contains_key(&layer) {
                continue;
            }
            told.insert(layer.clone(), state);
            let progress = progress(state);
            self.tell(PullEvent::Layer { layer, progress }).await;
        }
        Ok(Ok(()))
    }

    /// Looks up the credentials for the registry of the image. Unreadable ones are reported and
    /// skipped.
    async fn credential(&self, name: &str) -> Result<Option<RegistryCredential>, Interruption> {
        let Ok(ImageName::Reference {
            registry,
            repository,
            ..
        }) = ImageName::parse(name)
        else {
            return Ok(None);
        };
        let credentials = &self.host.registry_credentials;
        let found = self
            .guarded(credentials.find(&registry, &repository))
            .await?;
        for problem in found.problems {
            let without = if found.credential.is_some() {
                ""
            } else {
                "; pulling without credentials"
            };
            let message = format!("{problem}{without}");
            self.events.emit(Notice::Warning { message }).await;
        }
        Ok(found.credential)
    }

    async fn tell(&self, event: PullEvent) {
        self.events.emit(event).await;
    }
}

/// Returns the reason of an engine error in one line; it may come from a registry.
fn in_one_line(error: &EngineError) -> String {
    let reason = error.reason();
    let words = reason.split(char::is_control).map(str::trim);
    let words: Vec<&str> = words.filter(|words| !words.is_empty()).collect();
    words.join(" ")
}

/// Whether a layer has made enough progress to report.
fn is_news(last: LayerState, state: LayerState) -> bool {
    let far = |last: u64, done: u64, total: u64| done.abs_diff(last) >= total / MOST_STEPS;
    match (last, state) {
        (LayerState::Downloading { done: last, .. }, LayerState::Downloading { done, total })
        | (LayerState::Extracting { done: last, .. }, LayerState::Extracting { done, total }) => {
            done == total || far(last, done, total)
        }
        (last, state) => last != state,
    }
}

fn progress(state: LayerState) -> LayerProgress {
    match state {
        LayerState::Waiting => LayerProgress::Waiting,
        LayerState::Downloading { done, total } => LayerProgress::Downloading { done, total },
        LayerState::Downloaded => LayerProgress::Downloaded,
        LayerState::Extracting { done, total } => LayerProgress::Extracting { done, total },
        LayerState::Complete => LayerProgress::Complete,
        LayerState::AlreadyThere => LayerProgress::AlreadyThere,
        LayerState::Retrying => LayerProgress::Retrying,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_cannot_break_a_line() {
        let error = EngineError {
            operation: crate::engine::Operation::PullImage("a".to_owned()),
            status: None,
            source: "errors:\ndenied\r\n\u{1b}[2Junauthorized\n".into(),
        };
        assert_eq!(in_one_line(&error), "errors: denied [2Junauthorized");
    }

    #[test]
    fn small_steps_are_not_told() {
        let at = |done| LayerState::Downloading { done, total: 1000 };
        assert!(!is_news(at(100), at(105)));
        assert!(is_news(at(100), at(110)));
        assert!(is_news(at(999), at(1000)));
        // The engine began anew.
        assert!(is_news(at(900), at(10)));
        assert!(is_news(at(1000), LayerState::Downloaded));
        assert!(!is_news(LayerState::Downloaded, LayerState::Downloaded));
    }
}
