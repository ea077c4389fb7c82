//! The operations on images.

use std::collections::HashMap;

use bollard::BollardRequest;
use bollard::auth::DockerCredentials;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::{
    CreateImageOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptions,
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future};

use super::answers::{counted, streaming, streaming_after};
use super::errors::failed;
use super::limits::{Limits, with_silence_limit};
use crate::engine::{
    EngineError, ImageFacts, ImportSpec, LayerState, ListedObject, Operation, PullRequest,
    PullStep, PullStream,
};

/// The header with the registry credentials.
const LOGIN_HEADER: &str = "X-Registry-Auth";

/// The longest id of a layer that is believed.
const LONGEST_LAYER: usize = 256;

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
                system: found.os.unwrap_or_default(),
                architecture: found.architecture.unwrap_or_default(),
                variant: found.variant.filter(|variant| !variant.is_empty()),
                size: found
                    .size
                    .and_then(|bytes| u64::try_from(bytes).ok())
                    .unwrap_or_default(),
            }))
        }
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn pull(client: &bollard::Docker, request: &PullRequest, limits: Limits) -> PullStream {
    let mut options = CreateImageOptionsBuilder::default().from_image(&with_tag(&request.image));
    if let Some(platform) = &request.platform {
        options = options.platform(platform);
    }
    let credentials = request
        .credential
        .clone()
        .map(|credential| DockerCredentials {
            username: credential.username,
            password: credential.password,
            identitytoken: credential.identity_token,
            registrytoken: credential.registry_token,
            ..DockerCredentials::default()
        });
    // The client comes along: it is another one, by what it does to requests.
    let (client, budget) = streaming_after(client, url_safe_login);
    let operation = Operation::PullImage(request.image.clone());
    let steps = client
        .create_image(Some(options.build()), None, credentials)
        .map_err(failed(operation.clone()))
        .boxed();
    let steps = counted(steps, budget, operation.clone());
    with_silence_limit(steps, operation, limits.pull())
        // An engine refuses at once or midway; either way in the stream.
        .try_filter_map(|info| future::ready(Ok(step(info))))
        .boxed()
}

/// Writes the credentials in the URL-safe alphabet of base64: engines ignore credentials in the
/// other alphabet, which bollard writes, when the two differ.
fn url_safe_login(mut request: BollardRequest) -> BollardRequest {
    let headers = request.headers_mut();
    let safe = headers
        .get(LOGIN_HEADER)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.replace('+', "-").replace('/', "_"))
        .and_then(|value| value.parse().ok());
    if let (Some(value), Some(safe)) = (headers.get_mut(LOGIN_HEADER), safe) {
        *value = safe;
    }
    request
}

/// Reads the progress of a layer; `None` for any other message.
fn step(info: CreateImageInfo) -> Option<PullStep> {
    let (layer, status) = (info.id?, info.status?);
    if layer.len() > LONGEST_LAYER {
        return None;
    }
    let bytes = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
    let detail = info.progress_detail.unwrap_or_default();
    let (done, total) = (
        bytes(detail.current).unwrap_or_default(),
        bytes(detail.total).unwrap_or_default(),
    );
    let state = match status.as_str() {
        "Pulling fs layer" | "Waiting" => LayerState::Waiting,
        "Downloading" => LayerState::Downloading { done, total },
        "Verifying Checksum" | "Download complete" => LayerState::Downloaded,
        "Extracting" => LayerState::Extracting { done, total },
        "Pull complete" => LayerState::Complete,
        "Already exists" => LayerState::AlreadyThere,
        status if status.starts_with("Retrying in") => LayerState::Retrying,
        status => {
            tracing::debug!(layer, status, "pull");
            return None;
        }
    };
    Some(PullStep { layer, state })
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
    let (client, budget) = streaming(client);
    let steps = client
        .create_image(Some(options), Some(bollard::body_full(tar)), None)
        .map_err(failed(Operation::ImportImage))
        .boxed();
    counted(steps, budget, Operation::ImportImage)
        .try_for_each(|_| async { Ok(()) })
        .await
}

/// Quotes a word for an instruction of a Dockerfile.
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
    label: Option<&str>,
) -> Result<Vec<ListedObject>, EngineError> {
    let filters: HashMap<String, Vec<String>> = label
        .map(|label| ("label".to_owned(), vec![label.to_owned()]))
        .into_iter()
        .collect();
    let options = ListImagesOptionsBuilder::default()
        .filters(&filters)
        .build();
    let images = client
        .list_images(Some(options))
        .await
        .map_err(failed(Operation::ListImages))?;
    Ok(images
        .into_iter()
        .map(|image| {
            let is_tag = |name: &String| name != "<none>:<none>";
            let mut names = image.repo_tags.into_iter().filter(is_tag);
            ListedObject {
                name: names.next().unwrap_or_else(|| image.id.clone()),
                other_names: names.collect(),
                id: image.id,
                labels: image.labels.into_iter().collect(),
                created: u64::try_from(image.created).ok(),
                size: u64::try_from(image.size).ok(),
            }
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
