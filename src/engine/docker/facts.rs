//! Reads the properties of the engine.

use std::path::Path;

use bollard::errors::Error as BollardError;
use bollard::models::SystemInfoCgroupVersionEnum;

use super::errors::failed;
use super::podman;
use crate::engine::{EngineDetails, EngineError, EngineFacts, Operation, Product, UserNumbers};
use crate::resources::Pids;

/// The answer of a server that expects TLS.
const WANTS_TLS: &str = "HTTP request to an HTTPS server";

pub(super) async fn facts(
    client: &bollard::Docker,
    socket: Option<&Path>,
) -> Result<EngineFacts, EngineError> {
    let info = client.info().await.map_err(|error| {
        // The first request is the one that finds out whether anybody answers.
        let operation = match error {
            BollardError::DockerResponseServerError { ref message, .. }
                if !message.contains(WANTS_TLS) =>
            {
                Operation::Facts
            }
            _ => Operation::Connect,
        };
        failed(operation)(error)
    })?;
    let product = podman::product(&info);
    let system = rustix::system::uname();
    let same = |theirs: Option<&str>, ours: &std::ffi::CStr| {
        theirs.is_some_and(|theirs| theirs.as_bytes() == ours.to_bytes())
    };
    let security = info.security_options.unwrap_or_default();
    let is_rootless = security.iter().any(|option| option.contains("rootless"))
        || (product == Product::Podman && socket.is_some_and(podman::is_of_a_plain_user));
    let users = if is_rootless {
        UserNumbers::Rootless
    } else if security.iter().any(|option| option.contains("userns")) {
        UserNumbers::Remapped
    } else {
        UserNumbers::Same
    };
    let shares_host = socket.is_some()
        && same(info.name.as_deref(), system.nodename())
        && same(info.kernel_version.as_deref(), system.release());
    // With the first kind of control groups nobody but root can.
    let is_first = info.cgroup_version == Some(SystemInfoCgroupVersionEnum::_1);
    let names_init = info.init_binary.is_some_and(|name| !name.is_empty());
    Ok(EngineFacts {
        product,
        version: info.server_version.unwrap_or_default(),
        storage_driver: info.driver.unwrap_or_default(),
        architecture: info.architecture.unwrap_or_default(),
        cpus: info.ncpu.and_then(|count| u32::try_from(count).ok()),
        memory: info.mem_total.and_then(|bytes| u64::try_from(bytes).ok()),
        pids: if info.pids_limit == Some(false) || (is_rootless && is_first) {
            Pids::CannotBeLimited
        } else {
            let most = shares_host.then(most_pids).flatten();
            most.map_or(Pids::Unknown, Pids::Most)
        },
        users,
        shares_host,
        // Podman does not tell, and refuses when there is none.
        has_init: names_init || product == Product::Podman,
    })
}

/// How many processes and threads this machine can have.
fn most_pids() -> Option<u32> {
    let limits = ["/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max"];
    let read = |path: &str| {
        let text = std::fs::read_to_string(path).ok()?;
        text.trim().parse().ok()
    };
    limits.iter().filter_map(|path| read(path)).min()
}

pub(super) async fn product(client: &bollard::Docker) -> Result<Product, EngineError> {
    let info = client.info().await.map_err(failed(Operation::Facts))?;
    Ok(podman::product(&info))
}

pub(super) async fn details(client: &bollard::Docker) -> Result<EngineDetails, EngineError> {
    let version = client.version().await.map_err(failed(Operation::Facts))?;
    let info = client.info().await.map_err(failed(Operation::Facts))?;
    // Podman names itself among its components only.
    let platform = version.platform.map(|platform| platform.name);
    let component = version.components.into_iter().flatten().next();
    let product = platform
        .filter(|name| !name.is_empty() && !name.contains('/'))
        .or_else(|| component.map(|component| component.name))
        .filter(|name| name != "Engine");
    Ok(EngineDetails {
        product: product.unwrap_or_else(|| "Docker".to_owned()),
        version: version.version.unwrap_or_default(),
        api_version: version.api_version.unwrap_or_default(),
        cgroup_version: info
            .cgroup_version
            .map(|version| version.to_string())
            .unwrap_or_default(),
        data_root: info.docker_root_dir.unwrap_or_default(),
        time: info.system_time.unwrap_or_default(),
        warnings: info.warnings.unwrap_or_default(),
    })
}
