//! The environment of the commands (contract §3).

use super::facts::Facts;
use super::layout::{self, Layout};
use super::sources::SourceVariables;
use super::variable::{Environment, Origin, Variable};

/// The names of a build, its sources and its directories.
pub(super) struct BuildNames<'a> {
    pub(super) facts: &'a Facts,
    pub(super) layout: &'a Layout,
    pub(super) image: &'a str,
    pub(super) build_id: &'a str,
    pub(super) build_arn: &'a str,
    pub(super) project: &'a str,
    pub(super) initiator: &'a str,
    pub(super) primary: &'a SourceVariables,
    /// Identifier and values of each secondary source.
    pub(super) secondary: &'a [(String, SourceVariables)],
}

/// Returns the variables that CodeBuild itself sets, documented or not (§3.1, §3.2).
///
/// Omitted: `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` and `ECS_CONTAINER_METADATA_URI`, which would
/// send every AWS client to an address that does not answer here, and the variables of webhooks,
/// batches and public builds, which do not apply to a local build.
pub(super) fn codebuild_variables(names: &BuildNames<'_>) -> Environment {
    let BuildNames {
        facts,
        layout,
        image,
        build_id,
        build_arn,
        project,
        initiator,
        primary,
        secondary,
    } = names;
    let (region, account) = (&facts.region, &facts.account);
    let mut variables = vec![
        ("AWS_DEFAULT_REGION", region.clone()),
        ("AWS_REGION", region.clone()),
        ("AWS_EXECUTION_ENV", "AWS_ECS_EC2".to_owned()),
        (
            "CODEBUILD_AGENT_ENDPOINT",
            "http://127.0.0.1:7831".to_owned(),
        ),
        ("CODEBUILD_AUTH_TOKEN", facts.auth_token.clone()),
        (
            "CODEBUILD_BMR_URL",
            "https://CODEBUILD_AGENT:3000".to_owned(),
        ),
        ("CODEBUILD_BUILD_ARN", (*build_arn).to_owned()),
        ("CODEBUILD_BUILD_ID", (*build_id).to_owned()),
        ("CODEBUILD_BUILD_IMAGE", (*image).to_owned()),
        ("CODEBUILD_BUILD_NUMBER", facts.build_number.to_string()),
        ("CODEBUILD_BUILD_SUCCEEDING", "1".to_owned()),
        (
            "CODEBUILD_BUILD_URL",
            format!(
                "https://{region}.console.aws.amazon.com/codebuild/home?region={region}#/builds/{build_id}/view/new"
            ),
        ),
        ("CODEBUILD_CI", "true".to_owned()),
        ("CODEBUILD_CONTAINER_NAME", "default".to_owned()),
        ("CODEBUILD_EXECUTION_ROLE_BUILD", String::new()),
        (
            "CODEBUILD_FE_REPORT_ENDPOINT",
            format!("https://codebuild.{region}.amazonaws.com/"),
        ),
        ("CODEBUILD_GOPATH", layout.root.clone()),
        ("CODEBUILD_INITIATOR", (*initiator).to_owned()),
        (
            "CODEBUILD_KMS_KEY_ID",
            format!("arn:aws:kms:{region}:{account}:alias/aws/s3"),
        ),
        ("CODEBUILD_LAST_EXIT", "0".to_owned()),
        ("CODEBUILD_LOG_PATH", facts.uuid.clone()),
        (
            "CODEBUILD_PROJECT_ARN",
            format!("arn:aws:codebuild:{region}:{account}:project/{project}"),
        ),
        ("CODEBUILD_PROJECT_UUID", facts.project_uuid.clone()),
        ("CODEBUILD_SCRIPT_DIR", layout::SCRIPT_DIRECTORY.to_owned()),
        ("CODEBUILD_SOURCE_REPO_URL", primary.url.clone()),
        // Empty, as in a build started by hand, when there is none (§3.3).
        (
            "CODEBUILD_SOURCE_VERSION",
            primary.version.clone().unwrap_or_default(),
        ),
        ("CODEBUILD_SRC_DIR", layout.source.clone()),
        (
            "CODEBUILD_START_TIME",
            facts.start.as_millisecond().to_string(),
        ),
        ("HOME", "/root".to_owned()),
        // The agent's own directory comes before the first command's (§3.2).
        ("OLDPWD", layout::READONLY.to_owned()),
    ];
    if let Some(commit) = &primary.resolved {
        variables.push(("CODEBUILD_RESOLVED_SOURCE_VERSION", commit.clone()));
    }
    let mut variables: Vec<(String, String)> = variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    for (identifier, directory) in &layout.secondary {
        variables.push((format!("CODEBUILD_SRC_DIR_{identifier}"), directory.clone()));
    }
    for (identifier, values) in *secondary {
        variables.push((
            format!("CODEBUILD_SOURCE_REPO_URL_{identifier}"),
            values.url.clone(),
        ));
        variables.push((
            format!("CODEBUILD_SOURCE_VERSION_{identifier}"),
            values.version.clone().unwrap_or_default(),
        ));
    }
    let mut environment = Environment::default();
    for (name, value) in variables {
        environment.set(Origin::Default, &name, &value);
    }
    environment
}

/// Merges a build's variables over those of its image (§3.4), and returns the environment of the
/// first command: one value per name, in a stable order.
pub fn complete(image: &[(String, String)], build: &[Variable], host_name: &str) -> Vec<Variable> {
    let mut environment = Environment::default();
    environment.set(Origin::Default, "HOSTNAME", host_name);
    for (name, value) in image {
        environment.set(Origin::Image, name, value);
    }
    let path = environment
        .get("PATH")
        .unwrap_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    // At the end, never in front (trap 34).
    let path = format!("{path}:{}", layout::USER_BIN);
    environment.set(Origin::Default, "PATH", &path);
    let root = build
        .iter()
        .find(|variable| variable.name == "CODEBUILD_GOPATH");
    if let Some(Variable { value: root, .. }) = root {
        let gopath = match environment.get("GOPATH") {
            Some(own) if !own.is_empty() => format!("{own}:{root}"),
            _ => root.clone(),
        };
        environment.set(Origin::Default, "GOPATH", &gopath);
    }
    for variable in build {
        environment.place(variable.clone());
    }
    environment.into_variables()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::is_variable_name;

    #[test]
    fn variable_names_are_told_from_others() {
        assert!(is_variable_name("_A1"));
        for name in ["", "1A", "a.b", "a-b", "é"] {
            assert!(!is_variable_name(name), "{name}");
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn variables(pairs: &[(&str, &str)]) -> Vec<Variable> {
        pairs
            .iter()
            .map(|(name, value)| Variable {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
                origin: Origin::Buildspec,
                is_secret: false,
            })
            .collect()
    }

    fn value_of<'a>(environment: &'a [Variable], name: &str) -> Option<&'a str> {
        environment
            .iter()
            .find(|known| known.name == name)
            .map(|known| known.value.as_str())
    }

    #[test]
    fn the_build_s_variables_replace_the_image_s() {
        let environment = complete(
            &pairs(&[("JAVA_HOME", "/image"), ("KEPT", "1")]),
            &variables(&[("JAVA_HOME", "/build")]),
            "abc",
        );
        assert_eq!(value_of(&environment, "JAVA_HOME"), Some("/build"));
        assert_eq!(value_of(&environment, "KEPT"), Some("1"));
        assert_eq!(value_of(&environment, "HOSTNAME"), Some("abc"));
    }

    #[test]
    fn the_agent_s_commands_come_last_in_the_path() {
        let environment = complete(&pairs(&[("PATH", "/a:/b")]), &[], "abc");
        assert_eq!(
            value_of(&environment, "PATH"),
            Some("/a:/b:/codebuild/user/bin")
        );
    }

    #[test]
    fn a_path_given_for_the_build_is_literal() {
        let environment = complete(
            &pairs(&[("PATH", "/a")]),
            &variables(&[("PATH", "$PATH:/x")]),
            "abc",
        );
        assert_eq!(value_of(&environment, "PATH"), Some("$PATH:/x"));
    }

    #[test]
    fn gopath_is_extended() {
        let build = variables(&[("CODEBUILD_GOPATH", "/codebuild/output/src1")]);
        for (image, gopath) in [
            (pairs(&[]), "/codebuild/output/src1"),
            (pairs(&[("GOPATH", "/go")]), "/go:/codebuild/output/src1"),
        ] {
            let environment = complete(&image, &build, "abc");
            assert_eq!(value_of(&environment, "GOPATH"), Some(gopath));
        }
    }
}
