//! Tree to buildspec: everything that is not a phase.

use super::encoding::decode;
use super::field::{self, Fields};
use super::keys::Section;
use super::node::{Node, Value};
use super::unknown::unknown_keys;
use super::{Artifacts, Buildspec, Cache, Env, Phases, Refusal, Version, yaml};

/// Reads a buildspec (contract §1.2).
///
/// # Errors
///
/// The text with which CodeBuild refuses the same buildspec.
pub fn parse(text: &[u8]) -> Result<Buildspec, Refusal> {
    let text = decode(text)?;
    let root = yaml::read(&text)?.ok_or_else(Refusal::no_buildspec)?;
    match &root.value {
        Value::Mapping(_) => Buildspec::from_node(&root),
        Value::Scalar(_) | Value::Sequence(_) => Err(Refusal::no_buildspec()),
    }
}

impl Buildspec {
    fn from_node(root: &Node) -> Result<Self, Refusal> {
        let fields = Fields::of(Section::Root, root)?;
        let version = version(&fields)?;
        let phases = fields.get("phases").map(Phases::from_node).transpose()?;
        Ok(Self {
            version,
            run_as: fields.filled_text("run-as")?,
            env: env(&fields, version)?,
            phases: phases.unwrap_or_default(),
            artifacts: fields.get("artifacts").map(artifacts).transpose()?,
            cache: fields.get("cache").map(cache).transpose()?,
            unknown_keys: unknown_keys(root, version),
        })
    }
}

/// Reads `version`. Only a buildspec that does nothing but list the builds of a batch may lack it;
/// that it is then read as 0.2 is assumed.
fn version(root: &Fields<'_>) -> Result<Version, Refusal> {
    match root.text("version")? {
        Some(written) => Version::from_text(&written).ok_or_else(|| Refusal::version(&written)),
        None if root.get("batch").is_some() && root.get("phases").is_none() => Ok(Version::V0_2),
        None => Err(Refusal::no_buildspec()),
    }
}

/// Reads `env`, and in version 0.1 `environment_variables`; when both give a variable, `env` does
/// (assumed).
fn env(root: &Fields<'_>, version: Version) -> Result<Env, Refusal> {
    let mut env = match root.get("env") {
        Some(node) => {
            let fields = Fields::of(Section::Env, node)?;
            Env {
                shell: fields.filled_text("shell")?,
                variables: fields.named_texts("variables")?,
                parameter_store: fields.named_texts("parameter-store")?,
                secrets_manager: fields.named_texts("secrets-manager")?,
                exported_variables: exported_variables(&fields)?,
                git_credential_helper: fields.boolean("git-credential-helper")?,
            }
        }
        None => Env::default(),
    };
    if version == Version::V0_1
        && let Some(node) = root.get("environment_variables")
    {
        let fields = Fields::of(Section::EnvironmentVariables, node)?;
        for (name, value) in fields.named_texts("plaintext")? {
            if !env.variables.iter().any(|(known, _)| *known == name) {
                env.variables.push((name, value));
            }
        }
    }
    Ok(env)
}

/// Reads `exported-variables`; a block of text may name several, since no name holds a blank
/// (assumed).
fn exported_variables(env: &Fields<'_>) -> Result<Vec<String>, Refusal> {
    let texts = env.texts("exported-variables")?;
    Ok(texts
        .iter()
        .flat_map(|text| text.split_whitespace())
        .map(str::to_owned)
        .collect())
}

/// Reads `artifacts`.
fn artifacts(node: &Node) -> Result<Artifacts, Refusal> {
    let fields = Fields::of(Section::Artifacts, node)?;
    let secondary = match fields.get("secondary-artifacts") {
        Some(node) => field::named(node, |node| {
            artifact(&Fields::of(Section::SecondaryArtifact, node)?)
        })?,
        None => Vec::new(),
    };
    Ok(Artifacts {
        secondary,
        ..artifact(&fields)?
    })
}

/// Reads what the primary and the secondary artifacts have in common.
fn artifact(fields: &Fields<'_>) -> Result<Artifacts, Refusal> {
    Ok(Artifacts {
        files: fields.texts("files")?,
        name: fields.filled_text("name")?,
        discard_paths: fields.boolean("discard-paths")?,
        base_directory: fields.filled_text("base-directory")?,
        exclude_paths: fields.texts("exclude-paths")?,
        enable_symlinks: fields.boolean("enable-symlinks")?,
        s3_prefix: fields.filled_text("s3-prefix")?,
        secondary: Vec::new(),
    })
}

/// Reads `cache`.
fn cache(node: &Node) -> Result<Cache, Refusal> {
    let fields = Fields::of(Section::Cache, node)?;
    Ok(Cache {
        paths: fields.texts("paths")?,
        key: fields.filled_text("key")?,
        fallback_keys: fields.texts("fallback-keys")?,
    })
}
