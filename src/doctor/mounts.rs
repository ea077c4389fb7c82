//! Tries the ways to bring directories of this machine into containers.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::trial::{Trial, TrialError, Trials};
use super::{Check, ReachedEngine, Subject};
use crate::engine::{Engine, Mount, OVERLAY_FEATURES};
use crate::runner::Scratch;
use crate::source::excludes::LeftOut;
use crate::source::mounts::{MOUNT_TABLE, has_feature, overlay_options};

/// Where the tree is in the container.
const TREE: &str = "/tree";

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
    if let Some(obstacle) = reached.facts.copy_on_write_obstacle() {
        return Check::warning(
            subject,
            format!("sources are streamed as a tar: {obstacle}"),
            "no action needed; large sources start faster with a Docker that runs as root on this system, or with less to stream (--exclude)",
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
    let ran = view(trials, mount, &[MOUNT_TABLE]).await;
    let made = scratch.upper(0).join("made").exists() && !tree.join("made").exists();
    match ran {
        Ok(text) if text.starts_with(TEXT) && made => match missing_feature(&text) {
            None => Check::ok(
                subject,
                "sources are mounted copy-on-write: builds do not change them",
            ),
            Some(feature) => Check::warning(
                subject,
                format!(
                    "overlays do not have `{feature}`, so sources are streamed as a tar when they need it"
                ),
                overlay_remedy(scratch),
            ),
        },
        Ok(_) => Check::warning(
            subject,
            "the engine ignores an overlay: the container sees other files",
            "run builds with --source-transfer tar, or use another engine",
        ),
        Err(TrialError::NoImage(reason)) => Check::not_tried(subject, reason),
        Err(error) => Check::warning(
            subject,
            format!("the engine refuses an overlay, so sources are streamed as a tar: {error}"),
            overlay_remedy(scratch),
        ),
    }
}

fn overlay_remedy(scratch: &Scratch) -> String {
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
    match view(trials, Mount::Bind(directory.clone()), &[]).await {
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

/// Reads a file of a mounted directory, creates another, and reads `more`.
async fn view<E: Engine>(
    trials: &Trials<'_, E>,
    mount: Mount,
    more: &[&str],
) -> Result<String, TrialError> {
    let files = [&["/tree/text", "/tree/made"], more].concat();
    let trial = Trial {
        files: &files,
        mounts: BTreeMap::from([(TREE.to_owned(), mount)]),
        ..Trial::default()
    };
    trials.run(trial).await
}

/// A feature that the view lacks, by the mount table of its container.
fn missing_feature(table: &str) -> Option<&'static str> {
    let options = overlay_options(table.as_bytes(), Path::new(TREE)).unwrap_or_default();
    OVERLAY_FEATURES
        .into_iter()
        .find(|feature| !has_feature(&options, feature))
}

fn make_tree(directory: &Path) -> io::Result<()> {
    fs::create_dir(directory)?;
    fs::write(directory.join("text"), TEXT)
}

fn no_place(error: &io::Error) -> String {
    format!("cannot use the cache directory: {error}")
}
