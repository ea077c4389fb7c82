//! References to values in Secrets Manager: `ID:JSON-KEY:VERSION-STAGE:VERSION-ID`.

/// A reference to a secret, or to a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretReference {
    pub id: String,
    /// The key whose value is taken; the whole secret without.
    pub json_key: Option<String>,
    pub version: SecretVersion,
}

/// A version of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretVersion {
    /// The one that is current: its stage is `AWSCURRENT`.
    Current,
    Stage(String),
    Id(String),
}

/// Why a reference is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    #[error("the secret id is missing")]
    NoSecret,
    #[error("it is not the ARN of a secret")]
    OtherArn,
    #[error("it has more parts than secret-id:json-key:version-stage:version-id allows")]
    TooLong,
    #[error("it has both a version stage and a version id; remove one of them")]
    TwoVersions,
}

/// How many colons an ARN has.
const COLONS_OF_ARN: usize = 6;

impl SecretReference {
    /// Reads a reference. Parts can be empty or left out; an ARN has colons of its own, and the
    /// parts begin behind it.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let (id, rest) = split_id(text)?;
        let mut parts = rest.split(':').filter(|_| !rest.is_empty());
        let mut part = || {
            let part = parts.next().filter(|part| !part.is_empty());
            part.map(str::to_owned)
        };
        let (json_key, stage, version) = (part(), part(), part());
        if parts.next().is_some() {
            return Err(ReferenceError::TooLong);
        }
        Ok(Self {
            id: id.to_owned(),
            json_key,
            version: match (stage, version) {
                (None, None) => SecretVersion::Current,
                (Some(stage), None) => SecretVersion::Stage(stage),
                (None, Some(id)) => SecretVersion::Id(id),
                (Some(_), Some(_)) => return Err(ReferenceError::TwoVersions),
            },
        })
    }
}

/// Splits off the secret's name or ARN.
fn split_id(text: &str) -> Result<(&str, &str), ReferenceError> {
    let colons = if text.starts_with("arn:") {
        COLONS_OF_ARN
    } else {
        0
    };
    let end = text.match_indices(':').nth(colons).map(|(at, _)| at);
    let (id, rest) = end.map_or((text, ""), |end| (&text[..end], &text[end + 1..]));
    if id.is_empty() {
        return Err(ReferenceError::NoSecret);
    }
    if colons > 0 && name_in_arn(id).is_none() {
        return Err(ReferenceError::OtherArn);
    }
    Ok((id, rest))
}

/// Returns the name in the ARN of a secret, with the six characters that the store puts behind it.
pub(super) fn name_in_arn(id: &str) -> Option<&str> {
    let parts: Vec<&str> = id.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "secretsmanager", _, _, "secret", name] if !name.is_empty() => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:partner/api-AbCdEf";

    #[test]
    fn every_form_is_read() {
        let stage = |stage: &str| SecretVersion::Stage(stage.to_owned());
        let version = |id: &str| SecretVersion::Id(id.to_owned());
        for (text, id, key, wanted) in [
            ("app", "app", None, SecretVersion::Current),
            ("app:", "app", None, SecretVersion::Current),
            ("app:key", "app", Some("key"), SecretVersion::Current),
            ("app:key:", "app", Some("key"), SecretVersion::Current),
            ("app:a key:OLD", "app", Some("a key"), stage("OLD")),
            ("app:key::1-2", "app", Some("key"), version("1-2")),
            ("app::OLD:", "app", None, stage("OLD")),
            ("app:::1-2", "app", None, version("1-2")),
            ("app:::", "app", None, SecretVersion::Current),
            (ARN, ARN, None, SecretVersion::Current),
            (
                &format!("{ARN}:key"),
                ARN,
                Some("key"),
                SecretVersion::Current,
            ),
            (&format!("{ARN}::OLD"), ARN, None, stage("OLD")),
            (&format!("{ARN}:key::1-2"), ARN, Some("key"), version("1-2")),
        ] {
            let reference = SecretReference {
                id: id.to_owned(),
                json_key: key.map(str::to_owned),
                version: wanted,
            };
            assert_eq!(SecretReference::parse(text), Ok(reference), "{text}");
        }
    }

    #[test]
    fn what_is_no_reference_is_told() {
        for (text, problem) in [
            ("", ReferenceError::NoSecret),
            (":key", ReferenceError::NoSecret),
            (
                "arn:aws:ssm:us-east-1:1:parameter/app",
                ReferenceError::OtherArn,
            ),
            (
                "arn:aws:secretsmanager:us-east-1:1",
                ReferenceError::OtherArn,
            ),
            ("a:b:c:d", ReferenceError::TwoVersions),
            ("a:b:c::e", ReferenceError::TooLong),
            (&format!("{ARN}:a:b:c"), ReferenceError::TwoVersions),
        ] {
            assert_eq!(SecretReference::parse(text), Err(problem), "{text}");
        }
    }
}
