//! Streams trees into the container.

use super::RunError;
use super::trees::Tree;
use crate::engine::{ContainerId, Engine, EngineError, Operation, process};
use crate::source::archive::{self, Sent};

/// Which program of the image unpacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unpacker {
    /// None: the engine does it, which takes longer.
    Engine,
    /// A `tar` of any make.
    Tar,
    /// GNU's, which knows sparse files.
    GnuTar,
}

/// Streams a tree into the container and says what was not to be sent.
pub(super) async fn upload<E: Engine>(
    engine: &E,
    container: &ContainerId,
    tree: &Tree,
    unpacker: Unpacker,
) -> Result<Vec<String>, RunError> {
    let (stream, outcome) = archive::stream(archive::Tree {
        root: tree.host.clone(),
        prefix: tree.directory.clone(),
        left_out: tree.left_out.clone(),
        sparse: unpacker == Unpacker::GnuTar,
    });
    let plain = ["tar", "-x", "-p", "-f", "-", "-C", "/"];
    let taken = match unpacker {
        Unpacker::Engine => engine.upload(container, "/", stream).await,
        Unpacker::Tar => unpack(engine, container, &plain, stream).await,
        Unpacker::GnuTar => {
            let command = [&plain[..], &["--no-same-owner"]].concat();
            unpack(engine, container, &command, stream).await
        }
    };
    match (taken, outcome.await) {
        (Ok(()), Ok(Ok(sent))) => Ok(notes(tree, sent)),
        // An engine may have no words for what is wrong with the tree.
        (_, Ok(Err(error))) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(failed(error).into())
        }
        (Err(error), _) => Err(EngineError {
            operation: Operation::Upload,
            ..error
        }
        .into()),
        (Ok(()), _) => Err(failed("not all of it was taken").into()),
    }
}

async fn unpack<E: Engine>(
    engine: &E,
    container: &ContainerId,
    command: &[&str],
    stream: crate::engine::UploadStream,
) -> Result<(), EngineError> {
    let fed = process::feed(engine, container, command, stream).await?;
    if fed.status == 0 {
        Ok(())
    } else {
        Err(failed(fed.words))
    }
}

fn failed(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> EngineError {
    EngineError {
        operation: Operation::Upload,
        status: None,
        source: reason.into(),
    }
}

fn notes(tree: &Tree, sent: Sent) -> Vec<String> {
    let host = tree.host.display();
    let mut notes = Vec::new();
    if sent.special > 0 {
        let count = sent.special;
        notes.push(format!(
            "sockets, pipes and devices of `{host}` are left out: {count}"
        ));
    }
    if sent.vanished > 0 {
        let count = sent.vanished;
        notes.push(format!(
            "files of `{host}` went while it was read, and are left out: {count}"
        ));
    }
    notes
}
