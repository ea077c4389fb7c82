//! `cobuild cache explain`: why the last build found its cache, or did not.

use clap::Args;
use jiff::Timestamp;

use super::unreadable::unreadable;
use super::which::Which;
use crate::cache::{Entry, EntryKind, LastRun, LookupOutcome, SaveOutcome, Store, shown};
use crate::cli::age::age;
use crate::cli::failure::Failure;
use crate::sinks::size;
use crate::terminal::Page;

/// Say why the last build found its cache or did not.
///
/// Shows what it looked for, what there is, and the nearest entry with what is different about it.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    which: Which,
}

/// Returns the explanation.
pub(super) fn explain(args: &ExplainArgs, store: &Store) -> Result<Page, Failure> {
    let name = args.which.name()?;
    let namespace = store.namespace(&name);
    let Some(record) = unreadable(namespace.record(), store)? else {
        let mut text = Page::default();
        let _ = writeln!(
            text,
            "no build has looked for a cache in `{name}` yet; `cobuild run --cache local` does"
        );
        if let Some((plain, _)) = name.rsplit_once('-')
            && !unreadable(store.namespace(plain).entries(), store)?.is_empty()
        {
            let _ = writeln!(
                text,
                "there is a namespace `{plain}`, which is no project's own: `--cache-namespace {plain}` uses it"
            );
        }
        return Ok(text);
    };
    let entries = unreadable(namespace.entries(), store)?;
    Ok(text(&name, &record, &entries, Timestamp::now()))
}

fn text(name: &str, record: &LastRun, entries: &[Entry], now: Timestamp) -> Page {
    let mut text = Page::default();
    let _ = writeln!(
        text,
        "The last build in `{name}`{} was {}, {} ago. It looked for",
        project(record),
        record.build,
        age(record.time, now)
    );
    if let Some(key) = &record.key {
        let _ = writeln!(text, "  key      {}", shown(key));
    }
    for key in &record.fallback_keys {
        let _ = writeln!(text, "  or       {}*", shown(key));
    }
    for path in &record.paths.0 {
        let _ = writeln!(text, "  paths    {}", shown(path));
    }
    let found = match &record.lookup {
        LookupOutcome::NotWanted => "nothing: its buildspec has `action: save`.".to_owned(),
        LookupOutcome::Exact => "it.".to_owned(),
        LookupOutcome::Fallback { key } => format!("the fallback `{}`.", shown(key)),
        LookupOutcome::Some { found } => format!("{found} of these directories."),
        LookupOutcome::Miss { .. } => "nothing.".to_owned(),
    };
    let _ = writeln!(text, "and found {found}");
    if let LookupOutcome::Miss { problems } = &record.lookup {
        for problem in problems {
            let _ = writeln!(text, "  {problem}");
        }
    }
    let _ = writeln!(text, "It {}.", saved(record.stored.as_ref()));
    // What the build itself kept was not there when it looked.
    let others: Vec<&Entry> = entries
        .iter()
        .filter(|entry| entry.created <= record.time || entry.build != record.build)
        .collect();
    if matches!(
        record.lookup,
        LookupOutcome::Miss { .. } | LookupOutcome::Fallback { .. }
    ) {
        match nearest(record, &others) {
            None => {
                let _ = writeln!(text, "There was no other entry.");
            }
            Some(entry) => {
                let _ = writeln!(
                    text,
                    "The nearest entry, {} old, has {}.",
                    age(entry.created, now),
                    difference(record, entry)
                );
            }
        }
    }
    if !entries.is_empty() {
        let _ = writeln!(text, "There is now");
    }
    for entry in entries {
        let key = shown(entry.key.as_deref().unwrap_or("(no key)"));
        let _ = writeln!(
            text,
            "  {key}  {}  {}  {}",
            size(entry.size),
            age(entry.created, now),
            shown(&entry.paths.0.join(" "))
        );
    }
    text
}

fn project(record: &LastRun) -> String {
    let path = record.project.as_ref();
    path.map(|path| format!(" (`{path}`)")).unwrap_or_default()
}

fn saved(stored: Option<&SaveOutcome>) -> String {
    match stored {
        None => "saved nothing: it failed, or ended before its time".to_owned(),
        Some(SaveOutcome::Saved) => "saved its own".to_owned(),
        Some(SaveOutcome::AlreadyThere) => {
            "saved nothing: an entry with its key was there".to_owned()
        }
        Some(SaveOutcome::NotWanted) => "saved nothing: its buildspec does not want it".to_owned(),
        Some(SaveOutcome::Nothing) => "saved nothing: there was nothing at these paths".to_owned(),
        Some(SaveOutcome::Failed { reason }) => format!("could not save: {reason}"),
    }
}

/// The entry that is most like what was looked for: with these paths, then with a key that begins
/// alike for longest, then the newest.
fn nearest<'a>(record: &LastRun, entries: &[&'a Entry]) -> Option<&'a Entry> {
    let version = record.paths.version();
    let wanted = record.key.as_deref().unwrap_or_default();
    entries.iter().copied().max_by_key(|entry| {
        let key = entry.key.as_deref().unwrap_or_default();
        let alike = key.bytes().zip(wanted.bytes());
        let alike = alike.take_while(|(one, other)| one == other).count();
        let same_key = entry.key == record.key;
        (entry.version == version, same_key, alike, entry.created)
    })
}

fn difference(record: &LastRun, entry: &Entry) -> String {
    let mut differences = Vec::new();
    if entry.kind != record.kind {
        differences.push(match entry.kind {
            EntryKind::S3 => "been kept as in S3, not as a local directory".to_owned(),
            EntryKind::Custom => "been kept as a local directory, not as in S3".to_owned(),
        });
    }
    if entry.key != record.key && entry.kind == record.kind {
        let key = |key: &Option<String>| match key {
            Some(key) => format!("`{}`", shown(key)),
            None => "none".to_owned(),
        };
        let (theirs, ours) = (key(&entry.key), key(&record.key));
        differences.push(if theirs == ours {
            "another secret in its key".to_owned()
        } else {
            format!("another key: {theirs} instead of {ours}")
        });
    }
    if entry.version != record.paths.version() {
        let only = |one: &[String], other: &[String]| {
            let only: Vec<String> = one
                .iter()
                .filter(|path| !other.contains(path))
                .map(|path| format!("`{}`", shown(path)))
                .collect();
            only.join(", ")
        };
        let (theirs, ours) = (&entry.paths.0, &record.paths.0);
        let difference = match (only(theirs, ours), only(ours, theirs)) {
            (more, less) if more.is_empty() && less.is_empty() => {
                "the same paths in another order".to_owned()
            }
            (more, less) if less.is_empty() => format!("other paths: {more} as well"),
            (more, less) if more.is_empty() => format!("other paths: {less} is missing"),
            (more, less) => format!("other paths: {more} instead of {less}"),
        };
        differences.push(difference);
    }
    if differences.is_empty() {
        "nothing different: it was made meanwhile".to_owned()
    } else {
        differences.join(", and ")
    }
}
