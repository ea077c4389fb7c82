//! `cobuild cache clear`: removes what is kept.

use clap::Args;

use super::unreadable::unreadable;
use super::volumes::{namespace_of, volumes};
use super::which::Which;
use crate::cache::{Entry, Namespace, Store, shown};
use crate::cli::args::{Connection, EngineArgs};
use crate::cli::failure::Failure;
use crate::engine::{Engine, ListedVolume};
use crate::ownership::Owner;
use crate::settings::Environment;
use crate::sinks::size;
use crate::terminal::Page;

/// Remove what is kept; without a namespace, of the project in this directory.
#[derive(Debug, Args)]
pub(super) struct ClearArgs {
    #[command(flatten)]
    which: Which,

    /// Remove everything.
    #[arg(long, conflicts_with_all = ["source", "cache_namespace"])]
    all: bool,

    /// Remove the entries with this key only.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// List what would be removed, and remove nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Removes it, and returns what went.
pub(super) async fn clear(
    args: &ClearArgs,
    store: &Store,
    engine: &EngineArgs,
    environment: &Environment,
    owner: &Owner,
) -> Result<Page, Failure> {
    let named = if args.all {
        None
    } else {
        Some(args.which.name()?)
    };
    let namespaces = match &named {
        None => unreadable(store.namespaces(), store)?,
        Some(name) => vec![store.namespace(name)],
    };
    let verb = if args.dry_run {
        "would remove"
    } else {
        "removed"
    };
    let mut text = Page::default();
    let mut bytes = 0;
    for namespace in namespaces {
        for entry in unreadable(clear_entries(args, &namespace), store)? {
            bytes += entry.size;
            let what = entry.key.unwrap_or_else(|| entry.paths.0.join(" "));
            let what = shown(&what);
            let name = namespace.name();
            let _ = writeln!(text, "{verb} {name}: {what} ({})", size(entry.size));
        }
        if !args.dry_run && args.key.is_none() {
            bytes += unreadable(namespace.sweep(), store)?;
            unreadable(namespace.remove_if_empty(), store)?;
        }
    }
    if bytes > 0 {
        let _ = writeln!(text, "{verb} {} in all", size(bytes));
    }
    if args.key.is_none() {
        let volumes = volumes(engine, environment, owner).await;
        clear_volumes(args, named.as_deref(), volumes, verb, &mut text).await;
    }
    if text.is_empty() {
        let _ = writeln!(text, "there is nothing to remove");
    }
    Ok(text)
}

fn clear_entries(args: &ClearArgs, namespace: &Namespace) -> std::io::Result<Vec<Entry>> {
    let mut entries = namespace.entries()?;
    // A key as it is listed names all that look like it.
    let is_meant = |entry: &Entry, wanted: &str| {
        let key = entry.key.as_deref();
        key.is_some_and(|key| key == wanted || shown(key) == wanted)
    };
    if let Some(wanted) = &args.key {
        entries.retain(|entry| is_meant(entry, wanted));
    }
    if !args.dry_run {
        for entry in &entries {
            namespace.remove(entry)?;
        }
    }
    Ok(entries)
}

async fn clear_volumes(
    args: &ClearArgs,
    named: Option<&str>,
    volumes: Option<(Connection, Vec<ListedVolume>)>,
    verb: &str,
    text: &mut Page,
) {
    let Some((connection, volumes)) = volumes else {
        let _ = writeln!(text, "no engine answers, so Docker layers stay");
        return;
    };
    for volume in volumes {
        let namespace = namespace_of(&volume);
        if named.is_some_and(|name| name != namespace) {
            continue;
        }
        if !args.dry_run
            && let Err(error) = connection.engine.remove_volume(&volume.name).await
        {
            let reason = if error.is_conflict() {
                "a build uses them".to_owned()
            } else {
                error.reason()
            };
            let _ = writeln!(text, "kept {namespace}: Docker layers: {reason}");
            continue;
        }
        let name = &volume.name;
        let _ = writeln!(text, "{verb} {namespace}: Docker layers (volume {name})");
    }
    connection.close().await;
}
