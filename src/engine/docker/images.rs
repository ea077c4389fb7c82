//! What the API does with images.

use std::collections::HashMap;

use bollard::query_parameters::{
    CreateImageOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptions,
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};

use super::failure::failed;
use super::limits::{Limits, lively};
use crate::engine::{EngineError, ImageFacts, ImportSpec, ListedObject, Operation};

pub(super) async fn inspect(
    client: &bollard::Docker,
    image: &str,
) -> Result<Option<ImageFacts>, EngineError> {
    let found = client
        .inspect_image(image)
        .await
        .map_err(failed(Operation::InspectImage(image.to_owned())));
    match found {
        Ok(found) => {
            let config = found.config.unwrap_or_default();
            Ok(Some(ImageFacts {
                environment: config
                    .env
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|variable| {
                        let (name, value) = variable.split_once('=')?;
                        Some((name.to_owned(), value.to_owned()))
                    })
                    .collect(),
                entrypoint: config.entrypoint.unwrap_or_default(),
            }))
        }
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn pull(
    client: &bollard::Docker,
    image: &str,
    limits: Limits,
) -> Result<(), EngineError> {
    let operation = Operation::PullImage(image.to_owned());
    let options = CreateImageOptionsBuilder::default()
        .from_image(&with_tag(image))
        .build();
    let steps = client
        .create_image(Some(options), None, None)
        .map_err(failed(operation.clone()))
        .boxed();
    // An engine refuses at once or midway; either way in the stream.
    let mut steps = std::pin::pin!(lively(steps, operation, limits.pull()));
    while let Some(step) = steps.try_next().await? {
        tracing::debug!(layer = step.id, status = step.status, "pull");
    }
    Ok(())
}

pub(super) async fn import(
    client: &bollard::Docker,
    spec: &ImportSpec,
    tar: Bytes,
) -> Result<(), EngineError> {
    let labels = spec
        .labels
        .iter()
        .map(|(name, value)| format!("LABEL {}={}", quoted(name), quoted(value)));
    let options = CreateImageOptionsBuilder::default()
        .from_src("-")
        // Podman passes over a tag that is given by itself.
        .repo(&spec.name)
        .changes(labels.collect())
        .platform(&spec.platform)
        .build();
    client
        .create_image(Some(options), Some(bollard::body_full(tar)), None)
        .try_for_each(|_| async { Ok(()) })
        .await
        .map_err(failed(Operation::ImportImage))
}

/// A word of an instruction as it is written in a Dockerfile.
fn quoted(text: &str) -> String {
    let mut word = String::from("\"");
    for character in text.chars() {
        if matches!(character, '"' | '\\' | '$') {
            word.push('\\');
        }
        word.push(character);
    }
    word.push('"');
    word
}

pub(super) async fn list(
    client: &bollard::Docker,
    label: &str,
) -> Result<Vec<ListedObject>, EngineError> {
    let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
    let options = ListImagesOptionsBuilder::default()
        .filters(&filters)
        .build();
    let images = client
        .list_images(Some(options))
        .await
        .map_err(failed(Operation::ListImages))?;
    Ok(images
        .into_iter()
        .map(|image| ListedObject {
            name: image
                .repo_tags
                .into_iter()
                .find(|name| name != "<none>:<none>")
                .unwrap_or_else(|| image.id.clone()),
            id: image.id,
            labels: image.labels.into_iter().collect(),
            created: u64::try_from(image.created).ok(),
            size: u64::try_from(image.size).ok(),
        })
        .collect())
}

pub(super) async fn remove(client: &bollard::Docker, name: &str) -> Result<(), EngineError> {
    let removed = client
        .remove_image(name, None::<RemoveImageOptions>, None)
        .await
        .map_err(failed(Operation::RemoveImage(name.to_owned())));
    match removed {
        Err(error) if !error.is_not_found() => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Without a tag the API would fetch every tag of the repository.
fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || last.contains('@') {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_word_stands_for_itself() {
        assert_eq!(quoted(r#"a "b" \ $c"#), r#""a \"b\" \\ \$c""#);
    }

    #[test]
    fn an_image_without_tag_means_latest() {
        for (image, asked) in [
            ("debian", "debian:latest"),
            ("registry:5000/debian", "registry:5000/debian:latest"),
            ("debian:12", "debian:12"),
            ("debian@sha256:00", "debian@sha256:00"),
        ] {
            assert_eq!(with_tag(image), asked);
        }
    }
}
