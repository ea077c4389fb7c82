//! The variables of the commands' environment.

use std::collections::HashMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mask::MASK;

/// A variable of the commands' environment. `Debug` shows no secret, and the value of a secret is not stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "StoredVariable", into = "StoredVariable")]
#[schemars(with = "StoredVariable")]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, literal.
    pub value: String,
    /// Who sets it.
    pub origin: Origin,
    /// Whether nobody may see the value.
    pub is_secret: bool,
}

/// A variable as it is stored.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Variable")]
struct StoredVariable {
    /// Its name.
    name: String,
    /// Its value, literal; absent when it is secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// Who sets it.
    origin: Origin,
    /// Whether nobody may see the value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_secret: bool,
}

impl From<Variable> for StoredVariable {
    fn from(variable: Variable) -> Self {
        let Variable {
            name,
            value,
            origin,
            is_secret,
        } = variable;
        Self {
            name,
            value: (!is_secret).then_some(value),
            origin,
            is_secret,
        }
    }
}

impl From<StoredVariable> for Variable {
    fn from(stored: StoredVariable) -> Self {
        Self {
            name: stored.name,
            value: stored.value.unwrap_or_default(),
            origin: stored.origin,
            is_secret: stored.is_secret,
        }
    }
}

impl Variable {
    /// Returns the value for display.
    pub fn shown(&self) -> &str {
        if self.is_secret { MASK } else { &self.value }
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variable")
            .field("name", &self.name)
            .field("value", &self.shown())
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// Who sets a variable; a later one beats an earlier one (§3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// CodeBuild itself.
    Default,
    /// The image.
    Image,
    /// The buildspec.
    Buildspec,
    /// The caller.
    Override,
}

impl Origin {
    /// Returns its name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Image => "image",
            Self::Buildspec => "buildspec",
            Self::Override => "override",
        }
    }
}

/// Variables in the order in which their names first came.
#[derive(Debug, Default)]
pub(super) struct Environment {
    variables: Vec<Variable>,
    places: HashMap<String, usize>,
}

impl Environment {
    /// Sets a variable; an existing one keeps its position.
    pub(super) fn set(&mut self, origin: Origin, name: &str, value: &str) {
        self.place(Variable {
            name: name.to_owned(),
            value: value.to_owned(),
            origin,
            is_secret: false,
        });
    }

    pub(super) fn place(&mut self, variable: Variable) {
        if let Some(place) = self.places.get(&variable.name) {
            self.variables[*place] = variable;
        } else {
            let place = self.variables.len();
            self.places.insert(variable.name.clone(), place);
            self.variables.push(variable);
        }
    }

    /// The variables, one a name.
    pub(super) fn into_variables(self) -> Vec<Variable> {
        self.variables
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let place = self.places.get(name)?;
        Some(&self.variables[*place].value)
    }
}

/// Whether a shell supports a variable of this name; other variables reach the commands only when
/// the image sets them.
pub fn is_variable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
