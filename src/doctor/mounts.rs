//! Tries the ways to bring directories of this machine into containers.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::trial::{Trial, TrialError, Trials};
use super::{Check, ReachedEngine, Subject};
use crate::engine::{Engine, Mount};
use crate::runner::Scratch;
use crate::source::excludes::LeftOut;

/// The text that a container must see.
const TEXT: &str = "seen\n";

pub(super) async fn checks<E: Engine>(
    trials: &Trials<'_, E>,
    reached: &ReachedEngine,
) -> Vec<Check> {
    let (copy_on_write, bind) =
        tokio::join!(copy_on_write(trials, reached), bind_mount(trials, reached));
    vec![copy_on_write, bind]
}

async fn copy_on_write<E: Engine>(trials: &Trials<'_, E>, reached: &ReachedEngine) -> Check {
    let subject = Subject::CopyOnWrite;
    if !reached.facts.shares_host {
        return Check::warning(
            subject,
            "the engine does not run on this system, so sources are streamed as a tar",
            "no action needed; large sources start faster with an engine on this system, or with less to stream (--exclude)",
        );
    }
    let scratch = match &trials.scratch {
        Ok(scratch) => scratch,
        Err(error) => return Check::not_tried(subject, no_place(error)),
    };
    let tree = scratch.directory().join("tree");
    let overlay =
        make_tree(&tree).and_then(|()| scratch.copy_on_write(&tree, &LeftOut::default(), 0));
    let overlay = match overlay {
        Ok(overlay) => overlay,
        Err(error) => return Check::not_tried(subject, no_place(&error)),
    };
    let mount = Mount::CopyOnWrite(overlay);
    let ran = view(trials, mount).await;
    let made = scratch.upper(0).join("made").exists() && !tree.join("made").exists();
    match ran {
        Ok(text) if text == TEXT && made => Check::ok(
            subject,
            "sources are mounted copy-on-write: builds do not change them",
        ),
        Ok(_) => Check::warning(
            subject,
            "the engine ignores an overlay: the container sees other files",
            "run builds with --source-transfer tar, or use another engine",
        ),
        Err(TrialError::NoImage(reason)) => Check::not_tried(subject, reason),
        Err(error) => Check::warning(
            subject,
            format!("the engine refuses an overlay, so sources are streamed as a tar: {error}"),
            overlay_remedy(reached, scratch),
        ),
    }
}

fn overlay_remedy(reached: &ReachedEngine, scratch: &Scratch) -> String {
    if reached.facts.is_rootless {
        return "on some kernels a rootless engine cannot mount overlays; use an engine that runs as root".to_owned();
    }
    format!(
        "load the kernel module `overlay`, and put the cache directory on a file system that supports overlays (XDG_CACHE_HOME; now `{}`)",
        scratch.directory().display()
    )
}

async fn bind_mount<E: Engine>(trials: &Trials<'_, E>, reached: &ReachedEngine) -> Check {
    let subject = Subject::BindMount;
    let scratch = match &trials.scratch {
        Ok(scratch) => scratch,
        Err(error) => return Check::not_tried(subject, no_place(error)),
    };
    let directory = scratch.directory().join("bound");
    if let Err(error) = make_tree(&directory) {
        return Check::not_tried(subject, no_place(&error));
    }
    let remedy = if reached.facts.shares_host {
        "builds with -m need it; read the log of the engine"
    } else {
        "builds with -m need it: share the cache directory and your sources with the machine of the engine, or do not use -m"
    };
    match view(trials, Mount::Bind(directory.clone())).await {
        Ok(text) if text == TEXT && directory.join("made").exists() => {
            Check::ok(subject, "directories of this system can be mounted (-m)")
        }
        Ok(_) => Check::warning(
            subject,
            "a container sees other files than this system",
            remedy,
        ),
        Err(TrialError::NoImage(reason)) => Check::not_tried(subject, reason),
        Err(error) => Check::warning(
            subject,
            format!("directories of this system cannot be mounted: {error}"),
            remedy,
        ),
    }
}

/// Reads a file of a mounted directory, and creates another.
async fn view<E: Engine>(trials: &Trials<'_, E>, mount: Mount) -> Result<String, TrialError> {
    let trial = Trial {
        files: &["/tree/text", "/tree/made"],
        mounts: BTreeMap::from([("/tree".to_owned(), mount)]),
        ..Trial::default()
    };
    trials.run(trial).await
}

fn make_tree(directory: &Path) -> io::Result<()> {
    fs::create_dir(directory)?;
    fs::write(directory.join("text"), TEXT)
}

fn no_place(error: &io::Error) -> String {
    format!("cannot use the cache directory: {error}")
}
