//! Names of build images.

/// The current Amazon Linux curated image for this machine's architecture (contract §8.6).
pub fn default_image() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "aws/codebuild/amazonlinux-aarch64-standard:4.0"
    } else {
        "aws/codebuild/amazonlinux-x86_64-standard:6.0"
    }
}

/// Returns where a configured image can be had: curated Amazon Linux names live in the public
/// registry, every other name stands for itself (contract §8.6).
pub fn engine_image(configured: &str) -> String {
    match configured.strip_prefix("aws/codebuild/") {
        Some(name) if name.starts_with("amazonlinux") => format!("public.ecr.aws/codebuild/{name}"),
        _ => configured.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curated_amazon_linux_names_are_pulled_from_the_public_registry() {
        for (configured, asked) in [
            (
                "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
                "public.ecr.aws/codebuild/amazonlinux2-x86_64-standard:5.0",
            ),
            ("aws/codebuild/standard:7.0", "aws/codebuild/standard:7.0"),
            ("debian:12", "debian:12"),
        ] {
            assert_eq!(engine_image(configured), asked);
        }
    }
}
