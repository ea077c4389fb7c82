//! Makes one layer of several.

use super::flags::{Flags, Form};
use super::{Entry, LayerError};

/// Flags that need another one to be on: who turns that off in a higher layer turns them off, and who turns
/// them on turns it on.
const NEEDS: &[(&str, &str)] = &[("start-dockerd", "privileged")];

/// Merges layers, the lowest first.
///
/// Of a flag that takes one value the highest layer has it. Of a list the values of all layers count, the
/// lowest layer first; a value of a higher layer takes the place of one that names the same thing (a
/// variable, a source, a limit, a place in the container). A flag that excludes others takes those of
/// lower layers away; a switch that is off excludes nothing.
pub fn merge(flags: &Flags, layers: &[Vec<Entry>]) -> Vec<Entry> {
    // From above: what is beaten itself beats nothing.
    let mut kept: Vec<Vec<Entry>> = Vec::new();
    for layer in layers.iter().rev() {
        let is_beaten = |lower: &&Entry| {
            let mut above = kept.iter().flatten();
            above.any(|higher| beats(flags, higher, lower))
        };
        kept.push(layer.iter().filter(|it| !is_beaten(it)).cloned().collect());
    }
    kept.into_iter().rev().flatten().collect()
}

/// Says which two flags of one layer exclude each other.
pub fn exclusion(flags: &Flags, layer: &[Entry]) -> Result<(), LayerError> {
    let mut seen: Vec<&Entry> = Vec::new();
    for entry in layer {
        if seen.last().is_some_and(|last| last.name == entry.name) {
            continue;
        }
        if let Some(other) = seen.iter().find(|other| excludes(flags, entry, other)) {
            let told = |entry: &Entry| format!("`{}` ({})", entry.name, entry.origin);
            return Err(LayerError::Excluded {
                first: told(other),
                second: told(entry),
            });
        }
        seen.push(entry);
    }
    Ok(())
}

/// Whether an entry takes away one of a lower layer.
fn beats(flags: &Flags, higher: &Entry, lower: &Entry) -> bool {
    if higher.name == lower.name {
        let is_list = flags.get(&higher.name).is_some_and(|it| it.form.is_list());
        let same = thing(higher).is_some_and(|thing| Some(thing) == self::thing(lower));
        return !is_list || same;
    }
    excludes(flags, higher, lower) || turns_off(higher, lower) || names_other_source(higher, lower)
}

fn excludes(flags: &Flags, one: &Entry, other: &Entry) -> bool {
    let Some(flag) = flags.get(&one.name) else {
        return false;
    };
    flag.excludes.contains(&other.name) && is_on(flags, one) && is_on(flags, other)
}

fn is_on(flags: &Flags, entry: &Entry) -> bool {
    let is_switch = |name: &str| flags.get(name).is_some_and(|it| it.form == Form::Switch);
    !is_switch(&entry.name) || entry.value != "false"
}

/// Whether one of them is off, and the other needs it on.
fn turns_off(higher: &Entry, lower: &Entry) -> bool {
    let needs = |one: &Entry, other: &Entry| {
        NEEDS.contains(&(one.name.as_str(), other.name.as_str()))
            && one.value == "true"
            && other.value == "false"
    };
    needs(higher, lower) || needs(lower, higher)
}

/// No source, and a primary source.
fn names_other_source(higher: &Entry, lower: &Entry) -> bool {
    let is_none = |entry: &Entry| entry.name == "no-source" && entry.value == "true";
    (is_none(higher) && is_primary_source(lower)) || (is_none(lower) && is_primary_source(higher))
}

/// Whether an entry names the primary source.
pub fn is_primary_source(entry: &Entry) -> bool {
    entry.name == "source" && thing(entry) == Some("")
}

/// What a value of a list is about, where two of them cannot both hold.
fn thing(entry: &Entry) -> Option<&str> {
    let value = entry.value.to_str()?;
    Some(match entry.name.as_str() {
        "env" | "file-system" | "ulimit" => value.split('=').next()?,
        "source" | "source-version" => {
            let rest = crate::settings::source_path(value);
            &value[..value.len() - rest.len()]
        }
        "volume" => {
            let rest = value.strip_suffix(":ro").or(value.strip_suffix(":rw"));
            rest.unwrap_or(value).rsplit(':').next()?
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Flag, Origin};
    use super::*;

    fn flags() -> Flags {
        let flag = |name: &str, form, excludes: &[&str]| Flag {
            name: name.to_owned(),
            form,
            words: Vec::new(),
            help: String::new(),
            default: None,
            excludes: excludes.iter().map(|it| (*it).to_owned()).collect(),
        };
        Flags::new(vec![
            flag("image", Form::Text, &[]),
            flag("exclude", Form::List, &["mount"]),
            flag("env", Form::Pairs, &[]),
            flag("source", Form::List, &[]),
            flag("volume", Form::List, &[]),
            flag("mount", Form::Switch, &["exclude"]),
            flag("no-source", Form::Switch, &[]),
            flag("privileged", Form::Switch, &[]),
            flag("start-dockerd", Form::Switch, &[]),
        ])
    }

    fn layer(entries: &[(&str, &str)]) -> Vec<Entry> {
        let entry = |(name, value): &(&str, &str)| Entry {
            name: (*name).to_owned(),
            value: value.into(),
            origin: Origin::Flag((*name).to_owned()),
        };
        entries.iter().map(entry).collect()
    }

    #[track_caller]
    fn assert_merged(low: &[(&str, &str)], high: &[(&str, &str)], expected: &[(&str, &str)]) {
        let merged = merge(&flags(), &[layer(low), layer(high)]);
        assert_eq!(merged, layer(expected));
    }

    #[test]
    fn the_highest_layer_has_a_single_value_and_all_have_a_list() {
        assert_merged(
            &[("image", "a"), ("exclude", "x"), ("exclude", "y")],
            &[("exclude", "z"), ("image", "b")],
            &[
                ("exclude", "x"),
                ("exclude", "y"),
                ("exclude", "z"),
                ("image", "b"),
            ],
        );
    }

    #[test]
    fn what_names_the_same_thing_takes_its_place() {
        assert_merged(
            &[("env", "A=1"), ("env", "B=1")],
            &[("env", "A=2"), ("env", "A=3")],
            &[("env", "B=1"), ("env", "A=2"), ("env", "A=3")],
        );
        assert_merged(
            &[("source", "/a"), ("source", "lib:/b")],
            &[("source", "/c"), ("source", "dep:/d")],
            &[("source", "lib:/b"), ("source", "/c"), ("source", "dep:/d")],
        );
        assert_merged(
            &[("volume", "/a:/x"), ("volume", "/b:/y:ro")],
            &[("volume", "/c:/y")],
            &[("volume", "/a:/x"), ("volume", "/c:/y")],
        );
    }

    #[test]
    fn what_excludes_takes_away_what_is_below() {
        assert_merged(
            &[("exclude", "x")],
            &[("mount", "true")],
            &[("mount", "true")],
        );
        assert_merged(
            &[("mount", "true")],
            &[("exclude", "x")],
            &[("exclude", "x")],
        );
        let both = [("exclude", "x"), ("mount", "false")];
        assert_merged(&both[..1], &both[1..], &both);
        assert_merged(
            &[("start-dockerd", "true")],
            &[("privileged", "false")],
            &[("privileged", "false")],
        );
        assert_merged(
            &[("source", "/a"), ("source", "lib:/b")],
            &[("no-source", "true")],
            &[("source", "lib:/b"), ("no-source", "true")],
        );
    }

    #[test]
    fn what_is_beaten_beats_nothing() {
        let layers = [
            layer(&[("exclude", "x")]),
            layer(&[("mount", "true")]),
            layer(&[("mount", "false")]),
        ];
        let expected = layer(&[("exclude", "x"), ("mount", "false")]);
        assert_eq!(merge(&flags(), &layers), expected);
    }

    #[test]
    fn in_one_layer_it_is_refused() {
        let is_refused = |entries| exclusion(&flags(), &layer(entries)).is_err();
        assert!(is_refused(&[
            ("exclude", "x"),
            ("exclude", "y"),
            ("mount", "true")
        ]));
        assert!(!is_refused(&[("exclude", "x"), ("mount", "false")]));
        assert!(!is_refused(&[("exclude", "x"), ("image", "a")]));
    }
}
