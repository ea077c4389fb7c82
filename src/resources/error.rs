//! Errors of values that a user wrote.

use super::{Memory, amount};

/// Why the value of a resource is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    #[error("write a size with its unit, such as 512m, 1.5g or 2g")]
    Size,
    /// No engine gives a container so little memory.
    #[error(
        "{given} is too little memory: a container needs at least {}",
        amount::LEAST_MEMORY
    )]
    TooLittleMemory { given: Memory },
    #[error("write the number of processors, such as 2 or 0.5")]
    Cpus,
    #[error("not a CodeBuild compute type; use one of {}", known.join(", "))]
    ComputeType { known: Vec<&'static str> },
    /// It is no device.
    #[error(
        "write HOST[:CONTAINER[:PERMISSIONS]] with absolute paths, such as /dev/fuse or /dev/sdb:/dev/xvdb:rw"
    )]
    Device,
    #[error("write `all`, a number, or device=ID[,ID…]")]
    Gpus,
    #[error("write NAME:ADDRESS, such as db:10.0.0.5 or gateway:host-gateway")]
    HostEntry,
    /// It is no limit of processes.
    #[error(
        "write NAME=SOFT[:HARD] with whole numbers, SOFT not higher than HARD, such as nofile=1024:2048"
    )]
    Ulimit,
    #[error("write the number of processes, such as 4096, or `unlimited`")]
    PidsLimit,
    #[error("write HOST:CONTAINER[:ro], such as ./cache:/cache or ~/.m2:/root/.m2:ro")]
    Volume,
    /// Nothing can be mounted there.
    #[error(
        "cannot mount at `{target}`: use an absolute path outside /codebuild, or a path relative to the source"
    )]
    Target { target: String },
    /// It is no file system.
    #[error(
        "write ID=DIR[:MOUNTPOINT], such as my_efs=./efs:/mnt/efs; the ID may contain letters, digits and `_`"
    )]
    FileSystem,
}
