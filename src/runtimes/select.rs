//! Matches the versions of a buildspec with those of an image.

use std::collections::BTreeMap;

use super::table::{DEFAULT, Release, Runtime, Table};
use super::version::{Alias, Version};
use crate::event::{RuntimeEvent, SelectedBy};

/// The result of a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// What the agent says, in order; of a selection that fails, all up to there.
    pub choices: Vec<RuntimeEvent>,
    /// What is to be installed, in order; or why nothing is.
    pub installations: Result<Vec<Installation>, SelectError>,
}

/// A runtime to install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    pub runtime: String,
    /// The value of `VERSION` while the commands run; none for a version that the image lists.
    pub version: Option<String>,
    pub commands: Vec<String>,
}

/// Why a selection fails; its text is the message of a `YAML_FILE_ERROR` (contract §1.2).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// The image does not have the runtime.
    #[error(
        "Unknown runtime named '{name}'. This build image has the following runtimes: {}",
        known.join(", ")
    )]
    UnknownRuntime {
        name: String,
        /// Those of the image, sorted.
        known: Vec<String>,
    },
    /// The image does not have the version, and no commands for versions that it does not list.
    #[error(
        "Unknown runtime version named '{version}' of {runtime}. This build image has the \
         following versions: {}",
        known.join(", ")
    )]
    UnknownVersion {
        runtime: String,
        /// As the buildspec names it, expanded.
        version: String,
        /// Those of the image from the oldest to the newest; that they stand so is assumed.
        known: Vec<String>,
    },
    /// Two selected versions do not go together; the text is assumed.
    #[error(
        "Runtime '{runtime}' version '{version}' requires one of the following versions of \
         {other}: {}",
        accepted.join(", ")
    )]
    Incompatible {
        runtime: String,
        version: String,
        other: String,
        accepted: Vec<String>,
    },
}

/// Selects runtimes: `wanted` has their names and versions as the buildspec lists them, expanded.
///
/// A version is a label of the table, `N.x` for the newest one of a major version, or `latest`. Any
/// other is installed by the commands of the label `default` where the runtime has it. Runtimes
/// that others require are selected too, unless the buildspec selects them.
///
/// Assumed: the first version that is accepted is taken, and installed before what requires it;
/// what is checked first is every alias, then every name and version, then what they require.
pub fn select(table: &Table, wanted: &[(String, String)]) -> Selection {
    let mut selector = Selector {
        table,
        choices: Vec::new(),
        selected: BTreeMap::new(),
        installations: Vec::new(),
    };
    let result = selector.select(wanted);
    Selection {
        choices: selector.choices,
        installations: result.map(|()| selector.installations),
    }
}

struct Selector<'t> {
    table: &'t Table,
    choices: Vec<RuntimeEvent>,
    /// Version, and what selects it, by runtime.
    selected: BTreeMap<String, (String, SelectedBy)>,
    installations: Vec<Installation>,
}

/// A version of a runtime, and what the table says of it.
struct Pick {
    runtime: String,
    version: String,
    variable: Option<String>,
    release: Release,
}

impl Selector<'_> {
    fn select(&mut self, wanted: &[(String, String)]) -> Result<(), SelectError> {
        let mut resolved = Vec::new();
        for (runtime, version) in wanted {
            resolved.push((runtime, self.resolve(runtime, version)?));
        }
        for (runtime, version) in &resolved {
            self.say_selected(runtime, version, SelectedBy::Buildspec);
        }
        let picks = resolved
            .iter()
            .map(|(runtime, version)| self.pick(runtime, version))
            .collect::<Result<Vec<_>, _>>()?;
        picks.into_iter().try_for_each(|pick| self.install(pick))
    }

    /// Returns the label that `version` stands for; what is no alias stands for itself.
    fn resolve(&mut self, runtime: &str, version: &str) -> Result<String, SelectError> {
        let known = self.table.runtimes.get(runtime);
        let unlisted = known.filter(|known| known.release(version).is_none());
        let (Some(known), Some(alias)) = (unlisted, Alias::parse(version)) else {
            return Ok(version.to_owned());
        };
        let newest = alias
            .newest(known.labels())
            .ok_or_else(|| unknown_version(runtime, version, known))?;
        self.choices.push(RuntimeEvent::Resolved {
            runtime: runtime.to_owned(),
            alias: version.to_owned(),
            version: newest.to_owned(),
        });
        Ok(newest.to_owned())
    }

    fn say_selected(&mut self, runtime: &str, version: &str, by: SelectedBy) {
        self.choices.push(RuntimeEvent::Selected {
            runtime: runtime.to_owned(),
            version: version.to_owned(),
            by,
        });
        self.selected
            .insert(runtime.to_owned(), (version.to_owned(), by));
    }

    fn pick(&self, runtime: &str, version: &str) -> Result<Pick, SelectError> {
        let Some(known) = self.table.runtimes.get(runtime) else {
            return Err(SelectError::UnknownRuntime {
                name: runtime.to_owned(),
                known: self.table.runtimes.keys().cloned().collect(),
            });
        };
        // `default` is a place in the table and no version; nor is nothing one (both assumed).
        let names_version = !matches!(version, DEFAULT | "");
        let listed = known.release(version).filter(|_| names_version);
        let unlisted = known.release(DEFAULT).filter(|_| names_version);
        let (release, variable) = match (listed, unlisted) {
            (Some(release), _) => (release, None),
            (None, Some(release)) => (release, Some(variable(version, known))),
            (None, None) => return Err(unknown_version(runtime, version, known)),
        };
        Ok(Pick {
            runtime: runtime.to_owned(),
            version: version.to_owned(),
            variable,
            release,
        })
    }

    fn install(&mut self, pick: Pick) -> Result<(), SelectError> {
        for (other, accepted) in pick.release.requirements() {
            match (self.selected.get(other), accepted) {
                (_, []) => {}
                (Some((selected, _)), _) if accepted.contains(selected) => {}
                (Some((selected, by)), _) => {
                    if *by == SelectedBy::Buildspec {
                        self.choices.push(RuntimeEvent::Clash {
                            runtime: pick.runtime.clone(),
                            version: pick.version.clone(),
                            other: other.to_owned(),
                            selected: selected.clone(),
                        });
                    }
                    return Err(SelectError::Incompatible {
                        runtime: pick.runtime.clone(),
                        version: pick.version.clone(),
                        other: other.to_owned(),
                        accepted: accepted.to_vec(),
                    });
                }
                (None, [first, ..]) => {
                    let known = self.table.runtimes.get(other);
                    let there = known.and_then(|known| {
                        let mut accepted = accepted.iter();
                        accepted.find(|label| known.release(label).is_some())
                    });
                    let version = there.unwrap_or(first);
                    self.say_selected(other, version, SelectedBy::Dependency);
                    let required = self.pick(other, version)?;
                    self.install(required)?;
                }
            }
        }
        self.installations.push(Installation {
            runtime: pick.runtime,
            version: pick.variable,
            commands: pick.release.commands(),
        });
        Ok(())
    }
}

/// The value of `VERSION` for a version that the table does not list: without the letters that its
/// labels begin with, as the commands of CodeBuild's images need it (`java-$VERSION-amazon-corretto`
/// for `corretto22`; inferred).
fn variable(version: &str, known: &Runtime) -> String {
    let is_known = |distribution: &str| {
        known
            .labels()
            .iter()
            .filter_map(|label| Version::parse(label))
            .any(|label| label.distribution() == distribution)
    };
    Version::parse(version)
        .map(|parsed| parsed.distribution())
        .filter(|distribution| is_known(distribution))
        .and_then(|distribution| version.strip_prefix(distribution))
        .unwrap_or(version)
        .to_owned()
}

fn unknown_version(runtime: &str, version: &str, known: &Runtime) -> SelectError {
    SelectError::UnknownVersion {
        runtime: runtime.to_owned(),
        version: version.to_owned(),
        known: known.labels().into_iter().map(str::to_owned).collect(),
    }
}
