//! Checks whether images can be pulled.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt;

use super::{Check, ExaminationInputs, Subject};
use crate::engine::{Engine, EngineError, PullRequest};
use crate::project::image::{Resolution, default_image};

/// A tiny image of the registry that the default build image is in.
const TINY: &str = "public.ecr.aws/docker/library/hello-world:latest";

/// How long the pull may take.
const LIMIT: Duration = Duration::from_secs(15);

/// How long an engine may take to look for an image, or to remove one.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

pub(super) async fn checks<E: Engine>(engine: &E, surroundings: &ExaminationInputs) -> Vec<Check> {
    let asked = surroundings.pull.as_deref();
    let (pulled, default_image) = tokio::join!(
        trial_pull(engine, asked.unwrap_or(TINY), asked.is_some()),
        local_default_image(engine)
    );
    // The default image is some GB; that a tiny one comes from its registry tells as much.
    let tiny = match (&default_image, asked) {
        (Ok(Some(_)) | Err(_), _) => None,
        (Ok(None), None) => Some(pulled.clone()),
        (Ok(None), Some(_)) => Some(trial_pull(engine, TINY, false).await),
    };
    vec![
        pull_check(asked, &pulled),
        default_image_check(&default_image, tiny.as_ref()),
    ]
}

/// What came of pulling an image.
#[derive(Debug, Clone)]
enum Pulled {
    /// It is there, after so many seconds.
    In(f32),
    /// It did not come, for this reason.
    Refused(String),
    /// It could not be tried, for this reason.
    NotTried(String),
}

/// Pulls an image; one that was not there goes again unless it is to be kept.
async fn trial_pull<E: Engine>(engine: &E, image: &str, keeps: bool) -> Pulled {
    let was_there = match is_there(engine, image).await {
        Ok(was_there) => was_there,
        Err(reason) => return Pulled::NotTried(reason),
    };
    let start = Instant::now();
    let request = PullRequest {
        image: image.to_owned(),
        ..PullRequest::default()
    };
    let pulling = engine
        .pull_image(&request)
        .try_for_each(|_| std::future::ready(Ok(())));
    match tokio::time::timeout(LIMIT, pulling).await {
        Ok(Ok(())) => {
            if !was_there && !keeps {
                remove(engine, image).await;
            }
            Pulled::In(start.elapsed().as_secs_f32())
        }
        Ok(Err(error)) => Pulled::Refused(error.reason()),
        Err(_) => Pulled::Refused(format!(
            "the pull did not finish within {} s",
            LIMIT.as_secs()
        )),
    }
}

fn pull_check(asked: Option<&str>, pulled: &Pulled) -> Check {
    let subject = Subject::Pull;
    let image = asked.unwrap_or(TINY);
    let reason = match pulled {
        Pulled::In(seconds) => return Check::ok(subject, format!("{image} in {seconds:.1} s")),
        Pulled::NotTried(reason) => return Check::not_tried(subject, reason),
        Pulled::Refused(reason) => reason,
    };
    let found = format!("cannot pull {image}: {reason}");
    let remedy = remedy(reason);
    // A failed pull is an error when the user named the image; otherwise local images may be
    // enough.
    if asked.is_some() {
        Check::failed(subject, found, remedy)
    } else {
        Check::warning(subject, found, remedy)
    }
}

fn remedy(reason: &str) -> &'static str {
    let reason = reason.to_lowercase();
    let about = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if about(&["denied", "unauthorized", "authentication", "no basic auth"]) {
        "run `docker login` for the registry, or correct the name of the image"
    } else if about(&["x509", "certificate", "http response to https"]) {
        "make the engine trust the registry: put its certificate into /etc/docker/certs.d, or list it in `insecure-registries` of /etc/docker/daemon.json"
    } else if about(&["manifest", "not found", "invalid reference"]) {
        "correct the name of the image"
    } else {
        "check how the engine reaches the registry: network, name server, proxy (HTTPS_PROXY of the engine's service); local images need no pull"
    }
}

/// Returns the name under which the engine has the default image, if it has it.
async fn local_default_image<E: Engine>(engine: &E) -> Result<Option<String>, String> {
    for name in Resolution::of(default_image()).local {
        if is_there(engine, &name).await? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Judges the default image by whether it is there, else by what a tiny image of its registry told.
fn default_image_check(local: &Result<Option<String>, String>, tiny: Option<&Pulled>) -> Check {
    let subject = Subject::DefaultImage;
    let resolution = Resolution::of(default_image());
    let name = resolution.asked();
    match (local, tiny) {
        (Ok(Some(name)), _) => Check::ok(subject, format!("{name} is available locally")),
        (Err(reason), _) | (_, Some(Pulled::NotTried(reason))) => Check::not_tried(subject, reason),
        (Ok(None), Some(Pulled::Refused(reason))) => Check::warning(
            subject,
            format!("{name} is not available locally, and its registry gives no image: {reason}"),
            format!("{}; or name a local image with `-i`", remedy(reason)),
        ),
        (Ok(None), Some(Pulled::In(_)) | None) => Check::ok(
            subject,
            format!("the first build without -i pulls {name}, several GB"),
        ),
    }
}

async fn is_there<E: Engine>(engine: &E, image: &str) -> Result<bool, String> {
    match tokio::time::timeout(ANSWER_LIMIT, engine.inspect_image(image)).await {
        Ok(Ok(found)) => Ok(found.is_some()),
        Ok(Err(error)) if error.status == Some(400) => Ok(false),
        Ok(Err(error)) => Err(error.reason()),
        Err(_) => Err("the engine did not list its images in time".to_owned()),
    }
}

async fn remove<E: Engine>(engine: &E, image: &str) {
    let removal = tokio::time::timeout(ANSWER_LIMIT, engine.remove_image(image));
    let removed: Result<Result<(), EngineError>, _> = removal.await;
    if !matches!(removed, Ok(Ok(()))) {
        tracing::debug!(image, "the image of the trial stays");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_remedy() {
        for (reason, word) in [
            (
                "pull access denied for x, may require docker login",
                "login",
            ),
            ("x509: certificate signed by unknown authority", "trust"),
            ("server gave HTTP response to HTTPS client", "trust"),
            ("manifest for x:y not found", "name"),
            ("dial tcp: lookup public.ecr.aws: no such host", "proxy"),
            ("the pull did not finish within 15 s", "proxy"),
        ] {
            assert!(remedy(reason).contains(word), "{reason}");
        }
    }
}
