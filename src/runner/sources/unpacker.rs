//! Unpacks a tar stream in the container.

use futures_util::stream;

use crate::engine::{ContainerId, Engine, EngineError, Operation, UploadStream, process};

/// Prints the first line that `tar` says of itself.
const MAKE: &str = r#"tar --xattrs --version 2>/dev/null </dev/null | { IFS= read -r line; printf '%s\n' "$line"; }"#;

/// Unpacks into the directory of its first argument, with options of `tar` as its second. All that
/// a good `tar` may leave is padding, of which a shell reads nothing.
const UNPACK: &str = r#"tar -x -p -f - -C "$1" $2 || exit
IFS= read -r rest
[ -z "$rest" ] || { echo "the image's \`tar\` did not read all files, and reported no error"; exit 1; }"#;

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
    /// Finds the program of the image that unpacks: none where its `tar` hangs.
    pub(in crate::runner) async fn of_image<E: Engine>(
        engine: &E,
        container: &ContainerId,
        has_tar: bool,
    ) -> Result<Self, EngineError> {
        if !has_tar {
            return Ok(Self::Engine);
        }
        let nothing = Box::pin(stream::empty());
        match process::feed(engine, container, &["sh", "-c", MAKE], nothing).await {
            Ok(told) if told.words.contains("GNU tar") => Ok(Self::GnuTar),
            Ok(_) => Ok(Self::Tar),
            Err(error) if error.is_of_stuck_program() => Ok(Self::Engine),
            Err(error) => Err(EngineError {
                operation: Operation::Upload,
                ..error
            }),
        }
    }

    /// Unpacks below an existing directory.
    pub(in crate::runner) async fn unpack<E: Engine>(
        self,
        engine: &E,
        container: &ContainerId,
        directory: &str,
        tar: UploadStream,
    ) -> Result<(), EngineError> {
        let options = match self {
            Self::Engine => return engine.upload(container, directory, tar).await,
            Self::Tar => "",
            Self::GnuTar => "--no-same-owner --xattrs",
        };
        let command = ["sh", "-c", UNPACK, "sh", directory, options];
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
