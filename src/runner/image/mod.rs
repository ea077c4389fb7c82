//! Resolves and pulls the image of a build, and checks whether it fits.

mod advice;
mod nearest;
mod pull;

use crate::engine::{Engine, EngineFacts, ImageFacts, ListedObject};
use crate::event::Notice;
use crate::phase::PhaseContext;
use crate::project::image::{Architecture, Origin, Platform, PullPolicy};
use crate::runner::interruption::Interruption;
use crate::runner::run::Run;

/// The image that a build runs in.
#[derive(Debug)]
pub(super) struct BuildImage {
    /// What the engine calls it.
    pub(super) name: String,
    pub(super) facts: ImageFacts,
    /// Whether it is for a processor that the engine does not have.
    pub(super) is_foreign: bool,
}

/// The local candidates for the image.
#[derive(Debug, Default)]
struct Local {
    fitting: Option<(String, ImageFacts)>,
    /// One of its names, when that is an image for another platform than the one that was asked for.
    unfit: Option<(String, Platform)>,
}

impl<E: Engine> Run<'_, E> {
    /// Returns the image, pulled if necessary, or the context of the failure.
    pub(super) async fn image(
        &self,
        engine: &EngineFacts,
    ) -> Result<Result<BuildImage, PhaseContext>, Interruption> {
        let plan = self.plan;
        let is_told = self.tell_of_another_processor(engine).await;
        let (name, policy) = match (&plan.image.origin, plan.pulling.policy) {
            (Origin::Invalid(error), _) => {
                let hint = Some(advice::INVALID_NAME.to_owned());
                return Ok(Err(self.cannot_be_had(&error.to_string(), hint).await));
            }
            (Origin::Registry(name), policy) => (Some(name.as_str()), policy),
            // An image without a registry can only be local, whatever the pull policy (assumed).
            (_, _) => (None, PullPolicy::Never),
        };
        let local = match policy {
            PullPolicy::Always => Local::default(),
            PullPolicy::Missing | PullPolicy::Never => match self.local().await? {
                Ok(local) => local,
                Err(reason) => return Ok(Err(self.cannot_be_had(&reason, None).await)),
            },
        };
        let found = match (local.fitting, name) {
            (Some(found), _) => Ok(found),
            (None, Some(name)) if policy != PullPolicy::Never => {
                self.pull(name, local.unfit.as_ref()).await?
            }
            (None, _) => {
                let (reason, hint) = advice::not_local(plan, engine, local.unfit.as_ref());
                let hint = self
                    .naming_what_is_meant(local.unfit.as_ref(), hint)
                    .await?;
                return Ok(Err(self.cannot_be_had(&reason, Some(hint)).await));
            }
        };
        let (name, facts) = match found {
            Ok(found) => found,
            Err(context) => return Ok(Err(context)),
        };
        let is_foreign = self.tell_of_emulation(&name, &facts, engine, is_told).await;
        Ok(Ok(BuildImage {
            name,
            facts,
            is_foreign,
        }))
    }

    /// Looks for the image on the engine under all its names; or returns why the name is invalid.
    async fn local(&self) -> Result<Result<Local, String>, Interruption> {
        let mut local = Local::default();
        for name in &self.plan.image.local {
            match self.guarded(self.engine.inspect_image(name)).await? {
                Ok(Some(facts)) => match self.misfit(&facts) {
                    None => {
                        local.fitting = Some((name.clone(), facts));
                        return Ok(Ok(local));
                    }
                    Some(platform) => local.unfit = Some((name.clone(), platform)),
                },
                Ok(None) => {}
                Err(error) if error.status == Some(400) => return Ok(Err(error.reason())),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Ok(local))
    }

    /// Adds to a hint which local image is meant: the one for another platform than the one that is asked for,
    /// or one whose name is near.
    async fn naming_what_is_meant(
        &self,
        unfit: Option<&(String, Platform)>,
        hint: String,
    ) -> Result<String, Interruption> {
        if let (Some((name, is)), Some(wanted)) = (unfit, &self.plan.pulling.platform) {
            return Ok(format!(
                "the local image `{name}` is for {is}, and would be used without `--platform {wanted}`; {hint}"
            ));
        }
        if hint.starts_with("did you mean") {
            return Ok(hint);
        }
        // Without a list there is a hint all the same.
        let listed = self.guarded(self.engine.list_images(None)).await?;
        let names = listed.iter().flatten().flat_map(ListedObject::names);
        Ok(match nearest::nearest(&self.plan.identity.image, names) {
            Some(meant) => format!("did you mean the local image `-i {meant}`? {hint}"),
            None => hint,
        })
    }

    /// Returns the platform of an image when it is not the requested one.
    fn misfit(&self, facts: &ImageFacts) -> Option<Platform> {
        let wanted = self.plan.pulling.platform.as_ref()?;
        platform(facts).filter(|platform| !wanted.is_met_by(platform))
    }

    /// Warns about a curated image for another processor than the engine's; returns whether it is
    /// one.
    async fn tell_of_another_processor(&self, engine: &EngineFacts) -> bool {
        let machine = Architecture::of_engine(&engine.architecture);
        let (Some(curated), None, Some(machine)) = (
            &self.plan.image.curated,
            &self.plan.pulling.platform,
            machine,
        ) else {
            return false;
        };
        if curated.architecture == machine {
            return false;
        }
        let fitting = curated
            .nearest_on(machine)
            .map(|name| format!("; use `-i {name}`"))
            .unwrap_or_default();
        let message = format!(
            "the image `{}` is for {}, but the engine runs on {}{fitting}",
            self.plan.identity.image,
            curated.architecture.name(),
            machine.name(),
        );
        self.events.emit(Notice::Warning { message }).await;
        true
    }

    /// Warns about an image for another processor than the engine's, unless it was requested or
    /// already reported; returns whether it is one.
    async fn tell_of_emulation(
        &self,
        name: &str,
        facts: &ImageFacts,
        engine: &EngineFacts,
        is_told: bool,
    ) -> bool {
        let Some(platform) = platform(facts) else {
            return false;
        };
        let machine = Platform::linux(&engine.architecture);
        if engine.architecture.is_empty() || machine.runs(&platform) {
            return false;
        }
        if self.plan.pulling.platform.is_none() && !is_told {
            let message = format!(
                "the image `{name}` is for {platform}, but the engine runs on {machine}; `--platform {machine}` pulls the matching image"
            );
            self.events.emit(Notice::Warning { message }).await;
        }
        true
    }

    /// Emits the hint, and returns the context for an image that cannot be pulled (contract §2.5).
    async fn cannot_be_had(&self, reason: &str, hint: Option<String>) -> PhaseContext {
        if let Some(message) = hint {
            self.events.emit(Notice::Hint { message }).await;
        }
        PhaseContext::new(
            "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE",
            format!(
                "Unable to pull customer's container image. CannotPullContainerError: Error response from daemon: {reason}"
            ),
        )
    }
}

/// The platform of an image, when it says one.
fn platform(facts: &ImageFacts) -> Option<Platform> {
    if facts.architecture.is_empty() {
        return None;
    }
    let platform = Platform::linux(&facts.architecture);
    Some(Platform {
        system: if facts.system.is_empty() {
            platform.system
        } else {
            facts.system.clone()
        },
        variant: facts.variant.clone().or(platform.variant),
        ..platform
    })
}
