//! The layer of variables: `COBUILD_` and the name of a flag.

use super::flags::{Flag, Flags, Form, ValueCheck, most_alike};
use super::merge::exclusion;
use super::{Entry, LayerError, Origin};

/// What the names of all variables begin with.
const PREFIX: &str = "COBUILD_";

/// Variables of this prefix that mean something else, or begin like that.
pub const OTHERS: &[&str] = &[
    // Values of stores, by their names.
    "COBUILD_SECRET_",
    // What cobuild sets in a build: cobuild may run in one.
    "COBUILD_SHARD_",
    "COBUILD_LIBRARY",
    "COBUILD_DEBUG_SHELL",
    // Which files count; these choose layers and are in none.
    "COBUILD_CONFIG_PROFILE",
    "COBUILD_NO_CONFIG",
];

/// The variables that set flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VariableLayer {
    /// What they set.
    pub entries: Vec<Entry>,
    /// Those that set nothing and look as if they were to.
    pub odd: Vec<OddVariable>,
}

/// A variable that is nobody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddVariable {
    /// Its name.
    pub name: String,
    /// The variable that may be meant.
    pub alike: Option<String>,
}

/// The variable of a flag.
pub fn variable(flag: &str) -> String {
    format!("{PREFIX}{}", flag.to_uppercase().replace('-', "_"))
}

/// Reads variables, of which only those that begin with `COBUILD_` count. An empty one says nothing;
/// lists have a value on each line.
pub fn read_variables<'a>(
    variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    flags: &Flags,
    check: &ValueCheck<'_>,
) -> Result<VariableLayer, LayerError> {
    let mut ours: Vec<(&str, &str)> = variables
        .into_iter()
        .filter(|(name, value)| name.starts_with(PREFIX) && !value.is_empty())
        .collect();
    ours.sort_unstable();
    let known: Vec<(String, &Flag)> = flags
        .iter()
        .map(|flag| (variable(&flag.name), flag))
        .collect();
    let mut layer = VariableLayer::default();
    for (name, value) in ours {
        if OTHERS.iter().any(|other| name.starts_with(other)) {
            continue;
        }
        let Some((_, flag)) = known.iter().find(|(known, _)| known == name) else {
            let names = known.iter().map(|(name, _)| name.as_str());
            layer.odd.push(OddVariable {
                name: name.to_owned(),
                alike: alike(name, names),
            });
            continue;
        };
        for value in values(flag, value) {
            let checked = switched(flag, value).and_then(|value| {
                check(flag, value)?;
                Ok(value)
            });
            let value = checked.map_err(|problem| LayerError::Variable {
                name: name.to_owned(),
                problem,
            })?;
            layer.entries.push(Entry {
                name: flag.name.clone(),
                value: value.into(),
                origin: Origin::Variable(name.to_owned()),
            });
        }
    }
    exclusion(flags, &layer.entries)?;
    Ok(layer)
}

/// The variable that may be meant. All of them begin in the same way, which does not make them alike.
fn alike<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let rest = |name: &'a str| name.strip_prefix(PREFIX);
    let name = name.strip_prefix(PREFIX)?;
    most_alike(name, known.filter_map(rest)).map(|alike| format!("{PREFIX}{alike}"))
}

fn values<'a>(flag: &Flag, value: &'a str) -> Vec<&'a str> {
    if flag.form.is_list() {
        value.lines().filter(|line| !line.is_empty()).collect()
    } else {
        vec![value]
    }
}

/// The word of a switch, which variables of others write as a number.
fn switched<'a>(flag: &Flag, value: &'a str) -> Result<&'a str, String> {
    if flag.form != Form::Switch {
        return Ok(value);
    }
    match value {
        "true" | "1" => Ok("true"),
        "false" | "0" => Ok("false"),
        _ => Err("write true or false".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags() -> Flags {
        let flag = |name: &str, form| Flag {
            name: name.to_owned(),
            form,
            words: Vec::new(),
            help: String::new(),
            default: None,
            excludes: Vec::new(),
        };
        Flags::new(vec![
            flag("image", Form::Text),
            flag("privileged", Form::Switch),
            flag("exclude", Form::List),
            flag("secrets", Form::Text),
        ])
    }

    fn read(variables: &[(&str, &str)]) -> Result<VariableLayer, LayerError> {
        let check = |_: &Flag, value: &str| match value {
            "bad" => Err("it is bad".to_owned()),
            _ => Ok(()),
        };
        read_variables(variables.iter().copied(), &flags(), &check)
    }

    #[test]
    fn variables_are_named_after_flags() {
        let layer = read(&[
            ("COBUILD_IMAGE", "a"),
            ("COBUILD_PRIVILEGED", "1"),
            ("COBUILD_EXCLUDE", "x y\n\nz\n"),
            ("COBUILD_SECRETS", "file"),
            ("COBUILD_SECRET_TOKEN", "hunter2"),
            ("COBUILD_SHARD_INDEX", "1"),
            ("IMAGE", "b"),
        ])
        .unwrap();
        let told: Vec<String> = layer
            .entries
            .iter()
            .map(|entry| format!("{}={}", entry.name, entry.text()))
            .collect();
        assert_eq!(
            told,
            [
                "exclude=x y",
                "exclude=z",
                "image=a",
                "privileged=true",
                "secrets=file"
            ]
        );
        assert_eq!(layer.odd, []);
        assert_eq!(read(&[("COBUILD_IMAGE", "")]), Ok(VariableLayer::default()));
    }

    #[test]
    fn what_is_wrong_is_told_by_the_variable() {
        for (name, value, told) in [
            ("COBUILD_IMAGE", "bad", "COBUILD_IMAGE: it is bad"),
            (
                "COBUILD_PRIVILEGED",
                "yes",
                "COBUILD_PRIVILEGED: write true or false",
            ),
            ("COBUILD_EXCLUDE", "a\nbad", "COBUILD_EXCLUDE: it is bad"),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), told);
        }
    }

    #[test]
    fn a_variable_of_nobody_is_odd() {
        let odd = read(&[("COBUILD_IMGE", "a"), ("COBUILD_XYZ", "b")])
            .unwrap()
            .odd;
        let told: Vec<_> = odd
            .iter()
            .map(|odd| (&*odd.name, odd.alike.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("COBUILD_IMGE", Some("COBUILD_IMAGE")),
                ("COBUILD_XYZ", None)
            ]
        );
    }
}
