//! Tells of settings where they come from.

use std::io::{self, Write};

use crate::plan::{self, SettingOrigin};
use crate::settings::layers::{Entry, Flags, Origin, brief};
use crate::terminal::{Out, Style};

/// How much of a value people are told.
const TOLD_OF_VALUE: usize = 100;

/// A setting, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    name: String,
    /// What is set; of a default what is known of it in words.
    value: Option<String>,
    /// `None` for a default.
    origin: Option<Origin>,
}

impl Setting {
    /// The settings of all layers together, in the order of the help; of a list each value is one.
    pub(super) fn all(flags: &Flags, merged: &[Entry]) -> Vec<Self> {
        let mut settings = Vec::new();
        for flag in flags.iter() {
            let set: Vec<&Entry> = merged.iter().filter(|it| it.name == flag.name).collect();
            if set.is_empty() {
                settings.push(Self {
                    name: flag.name.clone(),
                    value: flag.default.clone(),
                    origin: None,
                });
            }
            settings.extend(set.into_iter().map(|entry| Self {
                name: flag.name.clone(),
                value: Some(shown(entry)),
                origin: Some(entry.origin.clone()),
            }));
        }
        settings
    }
}

/// A value as it is shown: of a variable of the build the name alone, since it may be a secret.
fn shown(entry: &Entry) -> String {
    let text = entry.text();
    let shown = match entry.name.as_str() {
        "env" => text.split('=').next().unwrap_or_default(),
        _ => &text,
    };
    shown.to_owned()
}

/// Writes for people where settings come from; those that nobody has set are left out.
pub(crate) fn write_text(out: &mut Out<impl Write>, settings: &[Setting]) -> io::Result<()> {
    let bold = Style::BOLD;
    let lines: Vec<(&str, &str, &Origin)> = settings
        .iter()
        .filter_map(|it| Some((&*it.name, it.value.as_deref()?, it.origin.as_ref()?)))
        .collect();
    let Some(width) = lines.iter().map(|(name, ..)| name.len()).max() else {
        return Ok(());
    };
    writeln!(out)?;
    writeln!(out, "{bold}settings{bold:#}")?;
    for (name, value, origin) in lines {
        let value = brief(value, TOLD_OF_VALUE);
        writeln!(out, "  {name:<width$}  {value}  ({origin})")?;
    }
    Ok(())
}

/// Returns settings, and where they come from, as a plan's document has them.
pub(crate) fn settings(settings: &[Setting]) -> Vec<plan::Setting> {
    let one = |setting: &Setting| plan::Setting {
        name: setting.name.clone(),
        value: setting.value.clone(),
        origin: origin(setting.origin.as_ref()),
    };
    settings.iter().map(one).collect()
}

fn origin(origin: Option<&Origin>) -> SettingOrigin {
    match origin {
        None => SettingOrigin::Default,
        Some(Origin::Flag(name)) => SettingOrigin::Flag {
            name: format!("--{name}"),
        },
        Some(Origin::Variable(name)) => SettingOrigin::Variable { name: name.clone() },
        Some(Origin::File {
            path,
            line,
            profile,
        }) => SettingOrigin::File {
            file: path.to_string(),
            line: *line,
            profile: profile.as_deref().map(str::to_owned),
        },
    }
}
