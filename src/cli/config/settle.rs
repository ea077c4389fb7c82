//! Merges the layers, and parses what comes of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args as _, Command, FromArgMatches as _};

use super::super::args::EngineArgs;
use super::args::ConfigArgs;
use super::definition::{check_value, flags};
use super::flag_layer::{FlagLayer, argument};
use super::needs::Needs;
use super::project::{ProjectFile, read_project, unreadable};
use super::told::Setting;
use crate::cli::failure::Failure;
use crate::settings::layers::{
    Entry, FileLayers, FileText, Flag, Flags, OddVariable, Origin, VariableLayer,
    is_primary_source, keep_guards, merge, read_file, read_variables,
};
use crate::settings::{Environment, TrustedFiles, read_user_config};

/// The variables that choose files.
const PROFILE_VARIABLE: &str = "COBUILD_CONFIG_PROFILE";
const NO_CONFIG_VARIABLE: &str = "COBUILD_NO_CONFIG";

/// How many profiles are named to somebody who has named another.
const MOST_PROFILES: usize = 20;

/// The flags that choose an engine.
const ENGINE: &[&str] = &["host", "context", "engine-timeout"];

/// A command line that says all that flags, variables and files say.
#[derive(Debug, Default)]
pub(crate) struct ResolvedSettings {
    /// The arguments, after the name of the program; none where nothing is to be parsed again.
    pub(crate) arguments: Vec<OsString>,
    /// Each setting, with its origin.
    pub(crate) settings: Vec<Setting>,
    pub(crate) engine: EngineArgs,
    /// What people should know of the files.
    pub(crate) warnings: Vec<String>,
}

/// Finds out what is meant by a command line, in its surroundings.
///
/// Of commands other than `run` and `plan` the engine alone is settled: they have no source whose
/// project could say anything.
pub(crate) fn settle(
    definition: &Command,
    config: Option<&ConfigArgs>,
    given: &FlagLayer,
    environment: &Environment,
) -> Result<ResolvedSettings, Failure> {
    let surroundings = Surroundings {
        flags: flags(definition),
        definition,
        environment,
    };
    let mut warnings = Vec::new();
    let merged = surroundings.merged(config, given, &mut warnings)?;
    let engine = engine(&merged)?;
    let arguments = match config {
        Some(_) => surroundings.arguments(&merged, given)?,
        None => Vec::new(),
    };
    Ok(ResolvedSettings {
        arguments,
        settings: Setting::all(&surroundings.flags, &merged),
        engine,
        warnings,
    })
}

/// The names of the profiles that the files of settings have here; none of a file that cannot be read.
pub(crate) fn profile_names(definition: &Command, environment: &Environment) -> Vec<String> {
    let surroundings = Surroundings {
        flags: flags(definition),
        definition,
        environment,
    };
    let check = surroundings.check();
    let project = read_project(Path::new("."), &surroundings.flags, &check, &mut Vec::new());
    let files = [
        surroundings.user_file().ok().flatten(),
        project.ok().flatten().map(|project| project.layers),
    ];
    let profiles = files.into_iter().flatten().flat_map(|file| file.profiles);
    let mut names: Vec<String> = profiles.map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

struct Surroundings<'a> {
    definition: &'a Command,
    flags: Flags,
    environment: &'a Environment,
}

impl Surroundings<'_> {
    fn check(&self) -> impl Fn(&Flag, &str) -> Result<(), String> {
        |flag, value| check_value(self.definition, flag, value)
    }

    /// What all layers say together.
    fn merged(
        &self,
        config: Option<&ConfigArgs>,
        given: &FlagLayer,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Entry>, Failure> {
        let own = [self.variables()?, given.entries.clone()];
        if self.has_no_config(config)? {
            return Ok(merge(&self.flags, &own));
        }
        let user = self.user_file()?.unwrap_or_default();
        let profiles = self.profiles(config);
        let of_user = chosen(&user, &profiles);
        let without_project = merge(&self.flags, &[&of_user[..], &own].concat());
        let source = config.and_then(|_| primary_source(&without_project));
        let Some(source) = source else {
            return Ok(without_project);
        };
        let project = read_project(&source, &self.flags, &self.check(), warnings)?;
        // In a directory of settings, both may be the same file.
        let project = project.filter(|project| {
            let user = self.environment.config_directory();
            let user = user.and_then(|directory| directory.canonicalize().ok());
            user.as_deref() != Some(project.file.directory())
        });
        let known = [Some(&user), project.as_ref().map(|it| &it.layers)];
        check_profiles(&profiles, known.into_iter().flatten())?;
        let Some(project) = project else {
            return Ok(without_project);
        };
        // One layer from here on: what the file itself has beaten never comes back.
        let mut of_project = merge(&self.flags, &chosen(&project.layers, &profiles));
        let is_trusted = self.is_trusted(&project)?;
        if !is_trusted {
            keep_guards(&mut of_project, &[of_user.concat(), own.concat()].concat());
        }
        let layers = [of_user, vec![of_project], own.to_vec()].concat();
        let merged = merge(&self.flags, &layers);
        if !is_trusted {
            // What counts is judged, not what somebody else has beaten.
            project.refuse_breaches(&merged, &self.flags)?;
        }
        Ok(merged)
    }

    fn variables(&self) -> Result<Vec<Entry>, Failure> {
        let variables = self.environment.variables();
        let VariableLayer { entries, odd } =
            read_variables(variables, &self.flags, &self.check()).map_err(Failure::usage)?;
        for OddVariable { name, alike } in odd {
            let meant = alike.map_or_else(String::new, |it| format!("; {it} may be meant"));
            tracing::info!("the variable {name} sets nothing{meant}");
        }
        Ok(entries)
    }

    fn has_no_config(&self, config: Option<&ConfigArgs>) -> Result<bool, Failure> {
        if let Some(is_off) = config.and_then(|config| config.no_config) {
            return Ok(is_off);
        }
        match self.environment.get_filled(NO_CONFIG_VARIABLE) {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(_) => Err(Failure::usage(anyhow!(
                "{NO_CONFIG_VARIABLE}: write true or false"
            ))),
        }
    }

    fn user_file(&self) -> Result<Option<FileLayers>, Failure> {
        let Some(file) = read_user_config(self.environment).map_err(unreadable)? else {
            return Ok(None);
        };
        let shown = file.path.display().to_string();
        let text = FileText {
            content: &file.content,
            shown: &shown,
            directory: file.directory(),
            source: None,
        };
        let layers = read_file(text, &self.flags, &self.check()).map_err(Failure::usage)?;
        Ok(Some(layers))
    }

    /// The profiles that are chosen, by the variable and on the command line.
    fn profiles(&self, config: Option<&ConfigArgs>) -> Vec<String> {
        let variable = self.environment.get_filled(PROFILE_VARIABLE);
        let by_variable = variable
            .into_iter()
            .flat_map(|names| names.split([',', '\n']))
            .filter(|name| !name.is_empty())
            .map(str::to_owned);
        let flags = config.into_iter().flat_map(|it| &it.config_profile);
        by_variable.chain(flags.cloned()).collect()
    }

    fn is_trusted(&self, project: &ProjectFile) -> Result<bool, Failure> {
        let trusted = TrustedFiles::new(&self.environment.state_directory());
        trusted.has(&project.file).map_err(|error| {
            let error = anyhow!(error).context("cannot look up which files are trusted");
            Failure::usage(error)
        })
    }

    /// The command line of all that is merged, when clap takes it.
    fn arguments(&self, merged: &[Entry], given: &FlagLayer) -> Result<Vec<OsString>, Failure> {
        let known = self.definition.find_subcommand(&given.subcommand);
        let has = |name: &str| {
            let mut args = known.iter().flat_map(|it| it.get_arguments());
            args.any(|arg| arg.get_long() == Some(name))
        };
        let entries: Vec<&Entry> = merged
            .iter()
            // A switch that is off is as one that nobody has named.
            .filter(|entry| has(&entry.name) && !self.is_off(entry))
            .collect();
        let line = |entries: &[&Entry]| -> Vec<OsString> {
            let program = ["cobuild".into(), given.subcommand.clone().into()];
            let values = entries.iter().map(|it| argument(&it.name, &it.value));
            let flags = given.others.iter().cloned().chain(values);
            program.into_iter().chain(flags).collect()
        };
        let parse = |entries: &[&Entry]| {
            let mut definition = self.definition.clone();
            definition.try_get_matches_from_mut(line(entries)).map(drop)
        };
        if parse(&entries).is_ok() {
            return Ok(line(&entries));
        }
        let Needs { met, unmet } = Needs::of(&entries, parse);
        // In a file or a variable, what says more of something that is not asked for says nothing.
        let useless = unmet
            .iter()
            .find(|unmet| matches!(unmet.entry.origin, Origin::Flag(_)));
        if let Some(useless) = useless {
            return Err(useless.failure());
        }
        match parse(&met) {
            Ok(()) => Ok(line(&met)),
            Err(error) => Err(unusable(&error)),
        }
    }

    fn is_off(&self, entry: &Entry) -> bool {
        let flag = self.flags.get(&entry.name);
        flag.is_some_and(|flag| flag.form == crate::settings::layers::Form::Switch)
            && entry.value == "false"
            // Whoever needs it on wants to know.
            && entry.name != "privileged"
    }
}

/// Refuses a profile that no file has.
fn check_profiles<'f>(
    chosen: &[String],
    files: impl Iterator<Item = &'f FileLayers>,
) -> Result<(), Failure> {
    let known: Vec<&str> = files
        .flat_map(|file| &file.profiles)
        .map(|(name, _)| name.as_str())
        .collect();
    let unknown = chosen.iter().find(|name| !known.contains(&name.as_str()));
    let Some(unknown) = unknown else {
        return Ok(());
    };
    let failure = Failure::usage(anyhow!("no cobuild.toml has a profile `{unknown}`"));
    let alike = crate::settings::layers::most_alike(unknown, known.iter().copied());
    Err(match alike {
        Some(alike) => failure.hint(format!("did you mean `{alike}`?")),
        None if known.is_empty() => failure.hint("write it as a table [profile.NAME]"),
        None => {
            let more = if known.len() > MOST_PROFILES {
                ", …"
            } else {
                ""
            };
            let some: Vec<&str> = known.into_iter().take(MOST_PROFILES).collect();
            failure.hint(format!("the profiles are {}{more}", some.join(", ")))
        }
    })
}

/// The engine that is meant.
fn engine(merged: &[Entry]) -> Result<EngineArgs, Failure> {
    let command = EngineArgs::augment_args(Command::new("cobuild").no_binary_name(true));
    let entries = merged
        .iter()
        .filter(|entry| ENGINE.contains(&entry.name.as_str()));
    let arguments = entries.map(|entry| argument(&entry.name, &entry.value));
    command
        .try_get_matches_from(arguments)
        .and_then(|matches| EngineArgs::from_arg_matches(&matches))
        .map_err(|error| unusable(&error))
}

/// The layers of a file that count, the lowest first.
fn chosen(file: &FileLayers, profiles: &[String]) -> Vec<Vec<Entry>> {
    let mut layers = vec![file.top.clone()];
    for name in profiles {
        let profile = file.profiles.iter().find(|(known, _)| known == name);
        layers.extend(profile.map(|(_, entries)| entries.clone()));
    }
    layers
}

/// The directory in which the primary source is, when there is one.
fn primary_source(merged: &[Entry]) -> Option<PathBuf> {
    let is_nothing = |entry: &Entry| entry.name == "no-source" && entry.value == "true";
    if merged.iter().any(is_nothing) {
        return None;
    }
    let named = merged.iter().rev().find(|entry| is_primary_source(entry));
    Some(named.map_or_else(|| PathBuf::from("."), |entry| PathBuf::from(&entry.value)))
}

/// Says what clap has against a command line whose values have all been checked.
pub(crate) fn unusable(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let line = first.split_whitespace().collect::<Vec<_>>().join(" ");
    Failure::usage(anyhow!(line)).hint("`--help` says more of the flags")
}
