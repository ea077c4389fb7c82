//! Streams trees into the container.

use crate::engine::{ContainerId, Engine, EngineError, Operation};
use crate::runner::RunError;
use crate::runner::sources::trees::InputTree;
use crate::runner::sources::unpacker::Unpacker;
use crate::source::archive::{self, Sent};

/// Streams a tree into the container and returns warnings.
pub(in crate::runner) async fn upload<E: Engine>(
    engine: &E,
    container: &ContainerId,
    tree: &InputTree,
    unpacker: Unpacker,
) -> Result<Vec<String>, RunError> {
    let mut left_out = tree.left_out.clone();
    for path in &tree.hidden {
        left_out.insert(path.clone());
    }
    let (stream, outcome) = archive::stream(archive::SourceTree {
        root: tree.host.clone(),
        prefix: tree.directory.clone(),
        left_out,
        sparse: unpacker == Unpacker::GnuTar,
        extended: unpacker != Unpacker::Tar,
    });
    let taken = unpacker.unpack(engine, container, "/", stream).await;
    match (taken, outcome.await) {
        (Ok(()), Ok(Ok(sent))) => Ok(notes(tree, sent)),
        // The engine does not know what is wrong with the tree.
        (_, Ok(Err(error))) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(RunError::Source(error))
        }
        (Err(error), _) => Err(EngineError {
            operation: Operation::Upload,
            ..error
        }
        .into()),
        (Ok(()), _) => Err(failed("the container did not read the whole source").into()),
    }
}

fn failed(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> EngineError {
    EngineError {
        operation: Operation::Upload,
        status: None,
        source: reason.into(),
    }
}

fn notes(tree: &InputTree, sent: Sent) -> Vec<String> {
    let host = tree.host.display();
    let mut notes = Vec::new();
    if sent.special > 0 {
        let count = sent.special;
        notes.push(format!(
            "left out of `{host}`: sockets, pipes and devices ({count})"
        ));
    }
    if sent.vanished > 0 {
        let count = sent.vanished;
        notes.push(format!(
            "left out of `{host}`: files that disappeared while it was read ({count})"
        ));
    }
    notes
}
