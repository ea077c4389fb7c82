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
    let (pull, image) = tokio::join!(
        pull(engine, surroundings.pull.as_deref()),
        default_image_check(engine)
    );
    vec![pull, image]
}

async fn pull<E: Engine>(engine: &E, asked: Option<&str>) -> Check {
    let subject = Subject::Pull;
    let image = asked.unwrap_or(TINY);
    let was_there = match is_there(engine, image).await {
        Ok(was_there) => was_there,
        Err(reason) => return Check::not_tried(subject, reason),
    };
    let start = Instant::now();
    let request = PullRequest {
        image: image.to_owned(),
        ..PullRequest::default()
    };
    let pulling = engine
        .pull_image(&request)
        .try_for_each(|_| std::future::ready(Ok(())));
    let reason = match tokio::time::timeout(LIMIT, pulling).await {
        Ok(Ok(())) => {
            // Nobody asked for it.
            if !was_there && asked.is_none() {
                remove(engine, image).await;
            }
            let seconds = start.elapsed().as_secs_f32();
            return Check::ok(subject, format!("{image} in {seconds:.1} s"));
        }
        Ok(Err(error)) => error.reason(),
        Err(_) => format!("the pull did not finish within {} s", LIMIT.as_secs()),
    };
    let found = format!("cannot pull {image}: {reason}");
    let remedy = remedy(&reason);
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

async fn default_image_check<E: Engine>(engine: &E) -> Check {
    let subject = Subject::DefaultImage;
    let image = Resolution::of(default_image());
    for name in &image.local {
        match is_there(engine, name).await {
            Ok(true) => return Check::ok(subject, format!("{name} is available locally")),
            Ok(false) => {}
            Err(reason) => return Check::not_tried(subject, reason),
        }
    }
    let name = image.asked();
    Check::ok(
        subject,
        format!("the first build without -i pulls {name}, several GB"),
    )
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
