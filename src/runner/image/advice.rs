//! Hints for an image that cannot be used or pulled.

use crate::engine::{EngineFacts, PullFailure, PullRequest};
use crate::plan::Plan;
use crate::project::image::{Architecture, Curated, ImageName, Origin, Platform, System};

/// Where AWS keeps the Dockerfiles of the curated images.
const DOCKERFILES: &str = "https://github.com/aws/aws-codebuild-docker-images";

/// The hint for an invalid name.
pub(super) const INVALID_NAME: &str = "image names have the form `[HOST[:PORT]/]PATH[:TAG][@sha256:DIGEST]`; the path must be lowercase";

/// A request to a registry.
#[derive(Debug)]
pub(super) struct PullAttempt<'a> {
    image: &'a str,
    platform: Option<&'a str>,
    registry: String,
    with_credential: bool,
}

impl<'a> PullAttempt<'a> {
    pub(super) fn new(request: &'a PullRequest) -> Self {
        let name = ImageName::parse(&request.image).ok();
        let registry = name.as_ref().and_then(ImageName::registry);
        Self {
            image: &request.image,
            platform: request.platform.as_deref(),
            registry: registry.unwrap_or("the registry").to_owned(),
            with_credential: request.credential.is_some(),
        }
    }

    /// Returns a sentence with the problem and what to do.
    pub(super) fn advice(&self, problem: PullFailure) -> String {
        let advice = self.usual_advice(problem);
        // The docker command completes names of one part to those of its own library.
        let name = self.image.trim_start_matches("docker.io/library/");
        match Curated::without_prefix(name) {
            Some(meant) => format!("did you mean `-i {}`? {advice}", meant.name()),
            None => advice,
        }
    }

    fn usual_advice(&self, problem: PullFailure) -> String {
        let Self {
            image, registry, ..
        } = self;
        match problem {
            PullFailure::NotFound => format!(
                "{registry} has no image `{image}`: check the name and tag, or use another image with `-i IMAGE`"
            ),
            PullFailure::NotFoundOrPrivate => format!(
                "{registry} has no image `{image}`, or does not show it to {}: check the name, log in with `{}`, or use another image with `-i IMAGE`",
                if self.with_credential { "this user" } else { "anonymous users" },
                self.log_in()
            ),
            PullFailure::Unauthorised if self.with_credential => format!(
                "{registry} rejected the credentials of this machine: log in again with `{}`",
                self.log_in()
            ),
            PullFailure::Unauthorised => format!(
                "{registry} requires credentials, and this machine has none: log in with `{}`",
                self.log_in()
            ),
            PullFailure::Expired if registry == "public.ecr.aws" => format!(
                "the credentials for {registry} have expired, and its images need none: run `docker logout {registry}`"
            ),
            PullFailure::Expired => format!(
                "the credentials for {registry} have expired: log in again with `{}`",
                self.log_in()
            ),
            PullFailure::RateLimited if self.with_credential => format!(
                "{registry} limits the pulls of this user: try again later, or use a local image"
            ),
            PullFailure::RateLimited => format!(
                "{registry} limits the pulls from this address: log in with `{}` to raise the limit, or try again later",
                self.log_in()
            ),
            PullFailure::NoSpace => "the disk of the engine is full: `docker system df` shows its use, `docker system prune` frees space".to_owned(),
            PullFailure::WrongPlatform => format!(
                "`{image}` is not available for {}: `docker manifest inspect {image}` lists its platforms; choose one with `--platform`, or another image with `-i`",
                self.platform.unwrap_or("this engine's processor")
            ),
            PullFailure::Unreachable => format!(
                "the engine cannot reach {registry}: check the name, and the network and proxy of the engine, or use a local image"
            ),
            PullFailure::Interrupted => format!(
                "the connection to {registry} broke several times: run the build again; the engine keeps the layers that are complete"
            ),
            PullFailure::Other => format!(
                "`docker pull {image}` may show more; `-i IMAGE` selects another image"
            ),
        }
    }

    /// The command that gets credentials.
    fn log_in(&self) -> String {
        let registry = self.registry.as_str();
        if registry == "docker.io" {
            return "docker login".to_owned();
        }
        if registry == "public.ecr.aws" {
            return format!(
                "aws ecr-public get-login-password --region us-east-1 | docker login --username AWS --password-stdin {registry}"
            );
        }
        match ecr_region(registry) {
            Some(region) => format!(
                "aws ecr get-login-password --region {region} | docker login --username AWS --password-stdin {registry}"
            ),
            None => format!("docker login {registry}"),
        }
    }
}

/// The region of a registry of ECR: `ACCOUNT.dkr.ecr.REGION.amazonaws.com`.
fn ecr_region(registry: &str) -> Option<&str> {
    let (account, rest) = registry.split_once(".dkr.ecr.")?;
    let (region, domain) = rest.split_once('.')?;
    let is_ecr =
        account.bytes().all(|byte| byte.is_ascii_digit()) && domain.starts_with("amazonaws.com");
    is_ecr.then_some(region)
}

/// Returns the text of an engine about an image for another platform.
pub(super) fn unfit(image: &str, wanted: &Platform, is: &Platform) -> String {
    format!(
        "image with reference {image} was found but does not match the specified platform: wanted {wanted}, actual: {is}"
    )
}

/// Returns why a missing image is not pulled, in the words of an engine, and what to do.
pub(super) fn not_local(
    plan: &Plan,
    engine: &EngineFacts,
    unfit_one: Option<&(String, Platform)>,
) -> (String, String) {
    let image = &plan.identity.image;
    let reason = match (unfit_one, &plan.pulling.platform) {
        (Some((name, is)), Some(wanted)) => unfit(name, wanted, is),
        _ => format!("No such image: {image}"),
    };
    let machine = Architecture::of_engine(&engine.architecture).unwrap_or(Architecture::X86_64);
    let hint = match &plan.image.origin {
        Origin::Registry(_) if unfit_one.is_some() => {
            "`--pull missing` pulls the image for that platform".to_owned()
        }
        Origin::Registry(name) => match Curated::without_prefix(image) {
            Some(meant) => format!("did you mean `-i {}`?", meant.name()),
            None => format!("pull the image with `--pull missing` or `docker pull {name}`"),
        },
        Origin::Dockerfile => {
            let curated = plan.image.curated;
            let tag = curated.map_or("7.0", |curated| curated.tag);
            let nearest = curated.and_then(|curated| curated.nearest_on(machine));
            let nearest = nearest
                .map(|name| format!("; or use the nearest published image, `-i {name}`"))
                .unwrap_or_default();
            format!(
                "AWS does not publish `{image}`: build it from aws/aws-codebuild-docker-images with `git clone {DOCKERFILES}` and `docker build -t {image} aws-codebuild-docker-images/ubuntu/standard/{tag}`{nearest}"
            )
        }
        Origin::UnknownCurated => format!(
            "there is no curated image `{image}`: `cobuild images` lists the curated images; a local image of that name would be used"
        ),
        Origin::Id => {
            "an image id must belong to a local image: `docker images` lists them".to_owned()
        }
        Origin::OtherSystem(System::MacOs) => {
            "cobuild runs Linux images only, but this image is for macOS".to_owned()
        }
        Origin::OtherSystem(_) => {
            "cobuild runs Linux images only, but this image is for Windows".to_owned()
        }
        Origin::Invalid(_) => INVALID_NAME.to_owned(),
    };
    (reason, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::RegistryCredential;

    #[test]
    fn a_curated_image_without_its_prefix_is_named_in_full() {
        let told = advice("standard:7.0", None, PullFailure::NotFoundOrPrivate);
        assert!(
            told.starts_with("did you mean `-i aws/codebuild/standard:7.0`? "),
            "{told}"
        );
        let told = advice("standard", None, PullFailure::NotFoundOrPrivate);
        assert!(!told.contains("did you mean"), "{told}");
    }

    fn advice(image: &str, credential: Option<RegistryCredential>, problem: PullFailure) -> String {
        let request = PullRequest {
            image: image.to_owned(),
            platform: Some("linux/arm64".to_owned()),
            credential,
        };
        PullAttempt::new(&request).advice(problem)
    }

    #[test]
    fn each_registry_has_its_own_way_to_credentials() {
        for (image, command) in [
            (
                "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1",
                "`aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin 123456789012.dkr.ecr.eu-west-1.amazonaws.com`",
            ),
            (
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app:1",
                "--region cn-north-1 | docker login --username AWS --password-stdin 123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn`",
            ),
            ("me/private", "`docker login`"),
            ("r.example:5000/a", "`docker login r.example:5000`"),
        ] {
            for problem in [
                PullFailure::Unauthorised,
                PullFailure::Expired,
                PullFailure::NotFoundOrPrivate,
                PullFailure::RateLimited,
            ] {
                let text = advice(image, None, problem);
                assert!(text.contains(command), "{text}");
            }
        }
        let text = advice("public.ecr.aws/codebuild/a:1", None, PullFailure::Expired);
        assert!(text.contains("`docker logout public.ecr.aws`"), "{text}");
    }

    #[test]
    fn credentials_that_are_refused_are_told_from_none() {
        let credential = Some(RegistryCredential::default());
        let text = advice("r.example/a", credential, PullFailure::Unauthorised);
        assert!(text.contains("rejected the credentials"), "{text}");
        let text = advice("r.example/a", None, PullFailure::Unauthorised);
        assert!(text.contains("this machine has none"), "{text}");
    }
}
