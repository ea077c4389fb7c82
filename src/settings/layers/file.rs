//! Reads a file of settings into entries.
//!
//! What is written there is not trusted: it may be no text, nested without end, or huge. The reader of
//! TOML bounds the nesting, who opens the file bounds its length, and here the number of values is bounded.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::anchor::anchor;
use super::brief::brief;
use super::error::{FileLocation, LayerError};
use super::flags::{Flag, Flags, Form, ValueCheck, most_alike};
use super::merge::exclusion;
use super::reach::{Reach, rule};
use super::{Entry, Origin};

/// The table that holds the profiles.
const PROFILE: &str = "profile";

/// How many values a file has at the most, all profiles together.
const MOST_VALUES: usize = 1000;

/// Of which flags a file has fewer values: to understand one takes much memory.
const FEWER_VALUES: (&str, usize) = ("mock", 50);

/// How long a value is at the most, in bytes: as long as Linux lets an argument of a command be.
const LONGEST_VALUE: usize = 128 * 1024;

/// How much of a name, and of what is wrong with a value, is told.
const TOLD_OF_NAME: usize = 80;
const TOLD_OF_PROBLEM: usize = 400;

/// How many errors are looked for, of which the first is told.
const MOST_ERRORS: usize = 16;

/// A file of settings that has been read.
#[derive(Debug, Clone, Copy)]
pub struct FileText<'a> {
    /// Its content.
    pub content: &'a [u8],
    /// Its path, as people know it.
    pub shown: &'a str,
    /// The directory that its relative paths are relative to.
    pub directory: &'a Path,
    /// The primary source, which the path of a buildspec is relative to.
    pub source: Option<&'a Path>,
}

/// The layers of one file.
#[derive(Debug, Clone, Default)]
pub struct FileLayers {
    /// What the file says whatever profile is chosen.
    pub top: Vec<Entry>,
    /// The profiles by their names, in the order of the file.
    pub profiles: Vec<(String, Vec<Entry>)>,
}

/// Reads a file of settings; the first of its errors is told.
pub fn read_file(
    file: FileText<'_>,
    flags: &Flags,
    check: &ValueCheck<'_>,
) -> Result<FileLayers, LayerError> {
    if file.directory.to_str().is_none() {
        return Err(LayerError::OddDirectory(file.shown.to_owned()));
    }
    let content = without_mark(file.content);
    let text = std::str::from_utf8(content).map_err(|error| {
        let line = 1 + newlines(&content[..error.valid_up_to()]);
        LayerError::NotText(place(file.shown, line))
    })?;
    let mut reader = Reader {
        path: file.shown.into(),
        file,
        text,
        flags,
        check,
        count: 0,
        few: 0,
        errors: Vec::new(),
    };
    let document = DeTable::parse(text).map_err(|error| reader.syntax(&error))?;
    let layers = reader.layers(document.get_ref());
    if reader.count > MOST_VALUES {
        return Err(LayerError::TooMany {
            path: file.shown.to_owned(),
            most: MOST_VALUES,
        });
    }
    match reader.errors.into_iter().min_by_key(LayerError::line) {
        Some(error) => Err(error),
        None => Ok(layers),
    }
}

/// Some editors begin a text with a mark of its encoding.
fn without_mark(content: &[u8]) -> &[u8] {
    content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content)
}

fn newlines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

fn place(path: &str, line: usize) -> FileLocation {
    FileLocation {
        path: path.to_owned(),
        line,
    }
}

struct Reader<'a> {
    file: FileText<'a>,
    path: Arc<str>,
    text: &'a str,
    flags: &'a Flags,
    check: &'a ValueCheck<'a>,
    /// How many values have been read.
    count: usize,
    /// Those of [`FEWER_VALUES`] among them.
    few: usize,
    errors: Vec<LayerError>,
}

/// A key that has been found to be a flag.
#[derive(Clone, Copy)]
struct Key<'a> {
    flag: &'a Flag,
    profile: Option<&'a Arc<str>>,
}

impl<'a> Reader<'a> {
    fn syntax(&self, error: &toml::de::Error) -> LayerError {
        let start = error.span().map_or(0, |span| span.start);
        let before = &self.text[..self.text.floor_char_boundary(start)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        LayerError::Syntax {
            place: self.place(&(start..start)),
            column: 1 + before[line_start..].chars().count(),
            // Its own lines would be those of a page.
            problem: error.message().replace('\n', ", "),
        }
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let bytes = self.text.as_bytes();
        1 + newlines(&bytes[..span.start.min(bytes.len())])
    }

    fn place(&self, span: &Range<usize>) -> FileLocation {
        place(&self.path, self.line(span))
    }

    /// Whether enough has been read to know that the file cannot be used.
    fn is_done(&self) -> bool {
        self.count > MOST_VALUES || self.errors.len() >= MOST_ERRORS
    }

    fn layers(&mut self, document: &DeTable<'_>) -> FileLayers {
        let mut layers = FileLayers {
            top: self.table(document, None),
            profiles: Vec::new(),
        };
        let Some((key, profiles)) = document
            .iter()
            .find(|(key, _)| key.get_ref().as_ref() == PROFILE)
        else {
            return layers;
        };
        let DeValue::Table(profiles) = profiles.get_ref() else {
            let problem = "write profiles as tables, such as [profile.ci]";
            self.refuse(&key.span(), PROFILE, problem);
            return layers;
        };
        for (name, profile) in in_order(profiles) {
            if self.is_done() {
                break;
            }
            let DeValue::Table(table) = profile.get_ref() else {
                let problem = "write profiles as tables, such as [profile.ci]";
                self.refuse(&name.span(), PROFILE, problem);
                continue;
            };
            let name = name.get_ref().to_string();
            let entries = self.table(table, Some(&name.as_str().into()));
            layers.profiles.push((name, entries));
        }
        layers
    }

    fn table(&mut self, table: &DeTable<'_>, profile: Option<&Arc<str>>) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (name, value) in in_order(table) {
            let written = name.get_ref().as_ref();
            if profile.is_none() && written == PROFILE {
                continue;
            }
            if self.is_done() {
                break;
            }
            match self.flag(written, &name.span()) {
                Ok(flag) => entries.extend(self.entries(Key { flag, profile }, value)),
                Err(error) => self.errors.push(error),
            }
        }
        self.errors.extend(exclusion(self.flags, &entries).err());
        entries
    }

    /// The flag that a key means.
    fn flag(&self, name: &str, span: &Range<usize>) -> Result<&'a Flag, LayerError> {
        if let Some(flag) = self.flags.get(name) {
            return Ok(flag);
        }
        let place = self.place(span);
        let name = name.to_owned();
        if rule(&name).is_some_and(|rule| matches!(rule.reach, Reach::CommandLine)) {
            return Err(LayerError::CommandLineAlone { place, name });
        }
        if name == PROFILE {
            let problem = "a profile cannot stand in a profile".to_owned();
            return Err(LayerError::Value {
                place,
                name,
                problem,
            });
        }
        let known = self.flags.names().chain([PROFILE]);
        Err(LayerError::UnknownKey {
            place,
            alike: most_alike(&name, known).map(str::to_owned),
            name: brief(&name, TOLD_OF_NAME).into_owned(),
        })
    }

    /// The entries of one key.
    fn entries(&mut self, key: Key<'_>, value: &Spanned<DeValue<'_>>) -> Vec<Entry> {
        match (key.flag.form, value.get_ref()) {
            (Form::List | Form::Pairs, DeValue::Array(items)) => {
                let mut entries = Vec::new();
                for item in items {
                    if self.is_done() {
                        break;
                    }
                    entries.extend(match item.get_ref() {
                        DeValue::String(text) => self.entry(key, text, &item.span()),
                        _ => self.wrong_form(key, &item.span()),
                    });
                }
                entries
            }
            (Form::Pairs, DeValue::Table(pairs)) => self.pairs(key, pairs),
            (Form::Switch, DeValue::Boolean(is_on)) => {
                let word = if *is_on { "true" } else { "false" };
                self.entry(key, word, &value.span()).into_iter().collect()
            }
            (Form::Text | Form::Number, DeValue::String(text)) => {
                self.entry(key, text, &value.span()).into_iter().collect()
            }
            (Form::Number, DeValue::Integer(number)) if number.radix() == 10 => {
                let entry = self.entry(key, number.as_str(), &value.span());
                entry.into_iter().collect()
            }
            (Form::Number, DeValue::Float(number)) => {
                let entry = self.entry(key, number.as_str(), &value.span());
                entry.into_iter().collect()
            }
            _ => self.wrong_form(key, &value.span()).into_iter().collect(),
        }
    }

    fn pairs(&mut self, key: Key<'_>, pairs: &DeTable<'_>) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (name, value) in in_order(pairs) {
            if self.is_done() {
                break;
            }
            let name_text = name.get_ref().as_ref();
            entries.extend(match value.get_ref() {
                DeValue::String(_) if name_text.contains('=') => {
                    let problem = format!("`{name_text}` is not a name");
                    self.refuse(&name.span(), &key.flag.name, problem)
                }
                DeValue::String(text) => {
                    let pair = format!("{name_text}={text}");
                    self.entry(key, &pair, &name.span())
                }
                _ => {
                    let problem = format!("write the value of `{name_text}` as a text in quotes");
                    self.refuse(&name.span(), &key.flag.name, problem)
                }
            });
        }
        entries
    }

    /// One value, when the flag takes it.
    fn entry(&mut self, key: Key<'_>, text: &str, span: &Range<usize>) -> Option<Entry> {
        self.count += 1;
        if self.count > MOST_VALUES {
            return None;
        }
        let name = &key.flag.name;
        if name == FEWER_VALUES.0 {
            self.few += 1;
            if self.few > FEWER_VALUES.1 {
                return self.refuse(span, name, "a file has 50 of them at the most");
            }
        }
        if text.len() > LONGEST_VALUE {
            return self.refuse(span, name, "it is longer than 128 KiB");
        }
        if text.contains('\0') {
            return self.refuse(span, name, "it holds a character NUL");
        }
        if let Err(problem) = (self.check)(key.flag, text) {
            return self.refuse(span, name, problem);
        }
        Some(Entry {
            name: name.clone(),
            value: anchor(name, text, self.file.directory, self.file.source).into(),
            origin: Origin::File {
                path: Arc::clone(&self.path),
                line: self.line(span),
                profile: key.profile.cloned(),
            },
        })
    }

    fn wrong_form(&mut self, key: Key<'_>, span: &Range<usize>) -> Option<Entry> {
        let problem = match key.flag.form {
            Form::Switch => "write true or false",
            Form::Text => "write a text in quotes",
            Form::Number => "write a number, or a text in quotes",
            Form::List => "write a list of texts, such as [\"a\", \"b\"]",
            Form::Pairs => {
                "write a table of names and texts, such as { NAME = \"value\" }, or a list of texts"
            }
        };
        self.refuse(span, &key.flag.name, problem)
    }

    fn refuse(
        &mut self,
        span: &Range<usize>,
        name: &str,
        problem: impl Into<String>,
    ) -> Option<Entry> {
        self.errors.push(LayerError::Value {
            place: self.place(span),
            name: name.to_owned(),
            problem: brief(&problem.into(), TOLD_OF_PROBLEM).into_owned(),
        });
        None
    }
}

/// The rows of a table as they are written; it has them by their names.
fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(
    &'t Spanned<std::borrow::Cow<'i, str>>,
    &'t Spanned<DeValue<'i>>,
)> {
    let mut rows: Vec<_> = table.iter().collect();
    rows.sort_by_key(|(name, _)| name.span().start);
    rows
}

#[cfg(test)]
mod tests;
