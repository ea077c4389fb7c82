//! Values from a store that the buildspec requests (contract §1.4), and secret variables.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::variable::{Origin, Variable, is_variable_name};

/// A value from a store that the buildspec requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredValue {
    /// The store.
    pub store: Store,
    /// The variable that holds the value.
    pub variable: String,
    /// Its name in the store, with variables expanded.
    pub reference: String,
}

/// Where values are stored (contract §1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// The parameter store of Systems Manager.
    ParameterStore,
    /// Secrets Manager.
    SecretsManager,
}

/// Removes the values that the caller gives from the list, marks their variables as secret, and
/// expands variables in the other references.
pub(super) fn settle(wanted: &mut Vec<StoredValue>, environment: &mut [Variable]) {
    for variable in environment.iter_mut() {
        let is_given = |stored: &StoredValue| {
            variable.origin == Origin::Override && stored.variable == variable.name
        };
        variable.is_secret = wanted.iter().any(is_given) || is_credential(variable);
        wanted.retain(|stored| !is_given(stored));
    }
    for stored in wanted {
        stored.reference = expand(&stored.reference, environment);
    }
}

/// The shortest credential to mask, so that dummy values such as `test` are not masked everywhere.
const SHORTEST_CREDENTIAL: usize = 16;

/// Whether a variable holds credentials of AWS.
///
/// CodeBuild masks every access key id in the output. Searching for unknown ids would slow down
/// builds without secrets, so only those in variables of the build are masked.
fn is_credential(Variable { name, value, .. }: &Variable) -> bool {
    let is_key_id = value.len() == 20
        && (value.starts_with("AKIA") || value.starts_with("ASIA"))
        && value
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let is_key = matches!(name.as_str(), "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN");
    is_key_id || (is_key && value.len() >= SHORTEST_CREDENTIAL)
}

/// Expands `$NAME` and `${NAME}`.
///
/// Public buildspecs rely on it for names of parameters. Assumed: it applies to secrets too, and an
/// unset name stays as it is written. Only variables of the build are known here, not those of its
/// image, and no secret becomes part of a name.
fn expand(text: &str, environment: &[Variable]) -> String {
    let value = |name: &str| {
        let mut known = environment.iter().filter(|variable| !variable.is_secret);
        let variable = known.find(|variable| variable.name == name)?;
        Some(variable.value.as_str())
    };
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at..];
        let reference = reference(rest).and_then(|(name, length)| Some((value(name)?, length)));
        let (value, length) = reference.unwrap_or(("$", 1));
        expanded.push_str(value);
        rest = &rest[length..];
    }
    expanded + rest
}

/// Returns the name after the `$` at the beginning of a text, and the length of `$`, name and
/// braces.
fn reference(text: &str) -> Option<(&str, usize)> {
    let behind = &text[1..];
    let (name, length) = if let Some(braced) = behind.strip_prefix('{') {
        let (name, _) = braced.split_once('}')?;
        (name, name.len() + 3)
    } else {
        let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = &behind[..end.unwrap_or(behind.len())];
        (name, name.len() + 1)
    };
    is_variable_name(name).then_some((name, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(origin: Origin, name: &str, value: &str) -> Variable {
        Variable {
            name: name.to_owned(),
            value: value.to_owned(),
            origin,
            is_secret: false,
        }
    }

    fn parameter(variable: &str, reference: &str) -> StoredValue {
        StoredValue {
            store: Store::ParameterStore,
            variable: variable.to_owned(),
            reference: reference.to_owned(),
        }
    }

    #[test]
    fn variables_stand_in_references() {
        let environment = [
            variable(Origin::Buildspec, "STAGE", "live"),
            variable(Origin::Buildspec, "S", "$STAGE"),
            variable(Origin::Buildspec, "", "never"),
        ];
        for (text, expanded) in [
            ("/a/b", "/a/b"),
            ("/$STAGE/b", "/live/b"),
            ("/${STAGE}b", "/liveb"),
            ("$STAGE:key", "live:key"),
            ("$S", "$STAGE"),
            ("${S}${STAGE}$STAGE", "$STAGElivelive"),
            ("/$STAGES/${NONE}", "/$STAGES/${NONE}"),
            ("$(STAGE) $ $$STAGE ${STAGE", "$(STAGE) $ $live ${STAGE"),
            ("${STAGE:-x} $1 é$é", "${STAGE:-x} $1 é$é"),
        ] {
            assert_eq!(expand(text, &environment), expanded, "{text}");
        }
    }

    #[test]
    fn what_the_caller_gives_is_secret_and_not_wanted_any_more() {
        let mut wanted = vec![parameter("GIVEN", "/x"), parameter("OWN", "/$GIVEN/$PLAIN")];
        let mut environment = [
            variable(Origin::Override, "GIVEN", "value"),
            variable(Origin::Override, "PLAIN", "plain"),
            variable(Origin::Buildspec, "OWN", "not given"),
        ];
        settle(&mut wanted, &mut environment);
        assert_eq!(wanted, [parameter("OWN", "/$GIVEN/plain")]);
        assert_eq!(environment.map(|it| it.is_secret), [true, false, false]);
    }

    #[test]
    fn credentials_are_secret() {
        for (name, value, is_secret) in [
            ("ANY", "AKIAIOSFODNN7EXAMPLE", true),
            ("ANY", "ASIAIOSFODNN7EXAMPLE", true),
            ("ANY", "AKIAIOSFODNN7EXAMPL", false),
            ("ANY", "AKIAIOSFODNN7example", false),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG", true),
            ("AWS_SESSION_TOKEN", "wJalrXUtnFEMI/K7MDENG", true),
            ("AWS_SECRET_ACCESS_KEY", "test", false),
        ] {
            let variable = variable(Origin::Buildspec, name, value);
            assert_eq!(is_credential(&variable), is_secret, "{value}");
        }
    }

    #[test]
    fn a_secret_does_not_show_in_what_is_printed_of_types() {
        let mut secret = variable(Origin::Override, "GIVEN", "hunter2");
        assert!(format!("{secret:?}").contains("hunter2"));
        secret.is_secret = true;
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(secret.shown(), "***");
    }
}
