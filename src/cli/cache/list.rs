//! `cobuild cache list`: what is kept.

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::unreadable::unreadable;
use super::volumes::{namespace_of, volumes};
use crate::cache::{Entry, Store, shown};
use crate::cli::age::age;
use crate::cli::args::EngineArgs;
use crate::cli::failure::Failure;
use crate::cli::output::CommandOutput;
use crate::engine::ListedVolume;
use crate::ownership::Owner;
use crate::runner::PROJECT_LABEL;
use crate::settings::Environment;
use crate::sinks::size;
use crate::terminal::Page;

/// List everything that is kept: archives, directories, Docker layers.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Form of the output.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON list.
    Json,
}

/// An entry, where it is and when it was last used.
struct Listed {
    namespace: String,
    project: Option<String>,
    entry: Entry,
    last_used: u64,
}

/// Returns the list, written.
pub(super) async fn list(
    args: &ListArgs,
    store: &Store,
    engine: &EngineArgs,
    environment: &Environment,
    owner: &Owner,
) -> Result<CommandOutput, Failure> {
    let mut listed = Vec::new();
    for namespace in unreadable(store.namespaces(), store)? {
        let record = unreadable(namespace.record(), store)?;
        let project = record.and_then(|record| record.project);
        for entry in unreadable(namespace.entries(), store)? {
            listed.push(Listed {
                namespace: namespace.name().to_owned(),
                project: project.clone(),
                last_used: namespace.last_used(&entry),
                entry,
            });
        }
    }
    let volumes = volumes(engine, environment, owner).await;
    let volumes = volumes.map(|(_, volumes)| volumes).unwrap_or_default();
    Ok(match args.format {
        Format::Text => CommandOutput::Text(text(&listed, &volumes, Timestamp::now())),
        Format::Json => {
            let list: Vec<Value> = listed.iter().map(entry_json).collect();
            let layers = volumes.iter().map(volume_json);
            let list: Value = list.into_iter().chain(layers).collect();
            CommandOutput::Json(format!("{list:#}\n"))
        }
    })
}

fn text(listed: &[Listed], volumes: &[ListedVolume], now: Timestamp) -> Page {
    if listed.is_empty() && volumes.is_empty() {
        let mut text = Page::default();
        let _ = writeln!(text, "nothing is kept");
        return text;
    }
    let heads = [
        "NAMESPACE",
        "KIND",
        "KEY",
        "SIZE",
        "AGE",
        "LAST USED",
        "PROJECT",
        "PATHS",
    ];
    let mut rows = vec![heads.map(str::to_owned)];
    for Listed {
        namespace,
        project,
        entry,
        last_used,
    } in listed
    {
        rows.push([
            namespace.clone(),
            entry.kind.as_str().to_owned(),
            key(entry).unwrap_or_else(|| "-".to_owned()),
            size(entry.size),
            age(entry.created, now),
            age(*last_used, now),
            project.clone().unwrap_or_else(|| "-".to_owned()),
            shown(&entry.paths.0.join(" ")).into_owned(),
        ]);
    }
    for volume in volumes {
        let unknown = || "-".to_owned();
        rows.push([
            namespace_of(volume).to_owned(),
            "docker-layer".to_owned(),
            unknown(),
            unknown(),
            unknown(),
            unknown(),
            project_of(volume).unwrap_or("-").to_owned(),
            format!("volume {}", volume.name),
        ]);
    }
    table(&rows)
}

/// Writes rows whose columns stand below each other.
fn table<const N: usize>(rows: &[[String; N]]) -> Page {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let mut text = Page::default();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            line.push_str(cell);
            let missing = width(column).saturating_sub(cell.chars().count());
            line.extend(std::iter::repeat_n(' ', missing + 2));
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn entry_json(listed: &Listed) -> Value {
    let Listed {
        namespace,
        project,
        entry,
        last_used,
    } = listed;
    json!({
        "namespace": namespace,
        "project": project,
        "kind": entry.kind,
        "key": key(entry),
        "version": entry.version,
        "paths": entry.paths.0.iter().map(|path| shown(path)).collect::<Vec<_>>(),
        "sizeInBytes": entry.size,
        "unpackedSizeInBytes": entry.unpacked_size,
        "files": entry.files,
        "created": time(entry.created),
        "lastUsed": time(*last_used),
        "build": entry.build,
    })
}

/// An entry's key as people may see it.
fn key(entry: &Entry) -> Option<String> {
    entry.key.as_deref().map(|key| shown(key).into_owned())
}

fn volume_json(volume: &ListedVolume) -> Value {
    json!({
        "namespace": namespace_of(volume),
        "project": project_of(volume),
        "kind": "docker-layer",
        "volume": volume.name,
    })
}

/// Where the project is whose volume it is.
fn project_of(volume: &ListedVolume) -> Option<&str> {
    volume.labels.get(PROJECT_LABEL).map(String::as_str)
}

fn time(milliseconds: u64) -> Option<String> {
    let milliseconds = i64::try_from(milliseconds).ok()?;
    let time = Timestamp::from_millisecond(milliseconds).ok()?;
    Some(time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["a", "bb", ""], ["ééé", "b", "c"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows).to_string(), "a    bb\nééé  b   c\n");
    }
}
