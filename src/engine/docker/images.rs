//! What the API does with images.

use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::TryStreamExt;

use super::failure::failed;
use crate::engine::{EngineError, ImageFacts, Operation};

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

pub(super) async fn pull(client: &bollard::Docker, image: &str) -> Result<(), EngineError> {
    let options = CreateImageOptionsBuilder::default()
        .from_image(&with_tag(image))
        .build();
    let mut pull = client.create_image(Some(options), None, None);
    // An engine refuses at once or midway; either way in the stream.
    while let Some(step) = pull
        .try_next()
        .await
        .map_err(failed(Operation::PullImage(image.to_owned())))?
    {
        tracing::debug!(layer = step.id, status = step.status, "pull");
    }
    Ok(())
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
