//! Unpacks a tar stream in the container.

use crate::engine::{ContainerId, Engine, EngineError, Operation, UploadStream, process};

/// Which program unpacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runner) enum Unpacker {
    /// The engine unpacks, which is slower.
    Engine,
    /// A `tar` of any make.
    Tar,
    /// GNU's, which knows sparse files, fractions of times and attributes. Who owns what it unpacks is root.
    GnuTar,
}

impl Unpacker {
    /// Unpacks below an existing directory.
    pub(in crate::runner) async fn unpack<E: Engine>(
        self,
        engine: &E,
        container: &ContainerId,
        directory: &str,
        tar: UploadStream,
    ) -> Result<(), EngineError> {
        let mut command = vec!["tar", "-x", "-p", "-f", "-", "-C", directory];
        match self {
            Self::Engine => return engine.upload(container, directory, tar).await,
            Self::Tar => {}
            Self::GnuTar => command.extend(["--no-same-owner", "--xattrs"]),
        }
        let fed = process::feed(engine, container, &command, tar).await?;
        if fed.status == 0 {
            return Ok(());
        }
        Err(EngineError {
            operation: Operation::Upload,
            status: None,
            source: fed.words.into(),
        })
    }
}
