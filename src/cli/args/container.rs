//! What the build container gets of the machine.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;

use super::heading;
use crate::cli::failure::Failure;
use crate::cli::named::Named;
use crate::plan::{Certificate, ContainerRequest};
use crate::resources::{
    Compute, ComputeType, Cpus, Device, Extras, FileSystem, Gpus, HOST_NETWORK, HostEntry, Memory,
    PidsLimit, Ulimit, Volume,
};
use crate::settings::{Environment, Proxies, read_certificate};

/// The container's size, and what of this machine it sees.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::CONTAINER)]
pub(crate) struct ContainerArgs {
    /// Compute type of CodeBuild that sets processors and memory, such as BUILD_GENERAL1_SMALL.
    #[arg(
        long,
        hide_short_help = true,
        value_name = "TYPE",
        hide_possible_values = true,
        ignore_case = true,
        value_parser = PossibleValuesParser::new(ComputeType::names())
            .try_map(|name| name.parse::<ComputeType>())
    )]
    compute_type: Option<ComputeType>,

    /// Number of processors that the build may use, such as 2 or 0.5 [default: all].
    #[arg(long, hide_short_help = true, value_name = "N")]
    cpus: Option<Cpus>,

    /// Memory that the build may use, such as 512m or 1.5g [default: all].
    #[arg(long, hide_short_help = true, value_name = "SIZE", value_parser = Memory::limit)]
    memory: Option<Memory>,

    /// Number of processes and threads that the build may have at once; `unlimited` is as many as the
    /// machine has [default: 16384].
    #[arg(
        long,
        hide_short_help = true,
        value_name = "N",
        allow_negative_numbers = true
    )]
    pids_limit: Option<PidsLimit>,

    /// Network of the container: none, host, bridge, or the name of one of the engine's [default: the
    /// engine's].
    #[arg(long, hide_short_help = true, value_name = "MODE")]
    network: Option<String>,

    /// Name and its address for the container; `host-gateway` is the address of the engine's host.
    #[arg(long, hide_short_help = true, value_name = "NAME:ADDRESS")]
    add_host: Vec<HostEntry>,

    /// Address of a name server for the container.
    #[arg(long, hide_short_help = true, value_name = "ADDRESS", value_parser = name_server)]
    dns: Vec<IpAddr>,

    /// Device of the engine's host for the container.
    ///
    /// CONTAINER is its path in the container, RWM what the container may do: read, write, make nodes.
    /// Without them it is the same path, and all three.
    #[arg(long, hide_short_help = true, value_name = "HOST[:CONTAINER[:RWM]]")]
    device: Vec<Device>,

    /// GPUs for the container: all, a number of them, or device=ID,ID.
    #[arg(long, hide_short_help = true, value_name = "GPUS")]
    gpus: Option<Gpus>,

    /// Directory or file of this machine to mount in the container.
    ///
    /// A relative CONTAINER path is below the source; `:ro` mounts it read-only.
    #[arg(long, hide_short_help = true, value_name = "HOST:CONTAINER[:ro]")]
    volume: Vec<Volume>,

    /// Size of /dev/shm, such as 1g [default: the engine's].
    #[arg(long, hide_short_help = true, value_name = "SIZE")]
    shm_size: Option<Memory>,

    /// Resource limit of each process, such as nofile=1024:2048.
    #[arg(long, hide_short_help = true, value_name = "NAME=SOFT[:HARD]")]
    ulimit: Vec<Ulimit>,

    /// Directory of this machine that stands in for a file system (EFS) of the project.
    ///
    /// The variable CODEBUILD_ID holds its mount point, which is /mnt/ID unless MOUNTPOINT says otherwise.
    #[arg(long, hide_short_help = true, value_name = "ID=DIR[:MOUNTPOINT]")]
    file_system: Vec<FileSystem>,

    /// Pass this machine's HTTP_PROXY, HTTPS_PROXY and NO_PROXY to the build; --env and --env-file beat
    /// them.
    #[arg(long, hide_short_help = true)]
    proxy: Option<bool>,

    /// File of certificates, in PEM, that the build trusts.
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    certificate: Option<PathBuf>,

    /// Start a Docker daemon in the container before the first phase; implies --privileged.
    #[arg(long, hide_short_help = true)]
    start_dockerd: Option<bool>,
}

impl ContainerArgs {
    /// Whether the container has to be privileged for what is asked.
    pub(crate) fn needs_privileges(&self) -> bool {
        self.start_dockerd.unwrap_or_default()
    }

    /// Resolves the files and directories that are named.
    pub(crate) fn request(&self, named: &Named) -> Result<ContainerRequest, Failure> {
        if self.needs_privileges() && self.network.as_deref() == Some(HOST_NETWORK) {
            return Err(Failure::usage(anyhow!(
                "--start-dockerd cannot go with `--network host`: that daemon would change the network of the engine's host"
            )));
        }
        let mut volumes = self.volume.clone();
        for volume in &mut volumes {
            named.check("--volume", &volume.host)?;
            volume.host = existing("--volume", &volume.host)?;
        }
        let mut file_systems = self.file_system.clone();
        for file_system in &mut file_systems {
            named.check("--file-system", &file_system.host)?;
            file_system.host = existing("--file-system", &file_system.host)?;
            if !file_system.host.is_dir() {
                let path = file_system.host.display();
                return Err(Failure::usage(anyhow!(
                    "--file-system: `{path}` is no directory"
                )));
            }
        }
        if let Some(certificate) = &self.certificate {
            named.check("--certificate", certificate)?;
        }
        let targets = volumes.iter().map(|volume| &volume.target);
        let points = file_systems.iter().map(|it| &it.mount_point);
        if let Some(twice) = repeated(targets.chain(points)) {
            return Err(Failure::usage(anyhow!(
                "two directories cannot both be at `{twice}`"
            )));
        }
        let variables: Vec<String> = file_systems.iter().map(FileSystem::variable).collect();
        if let Some(twice) = repeated(variables.iter()) {
            return Err(Failure::usage(anyhow!(
                "--file-system: two of them are `{twice}`"
            )));
        }
        Ok(ContainerRequest {
            compute: Compute {
                compute_type: self.compute_type,
                cpus: self.cpus,
                memory: self.memory,
                pids: self.pids_limit.unwrap_or_default(),
            },
            extras: Extras {
                network: self.network.clone(),
                hosts: self.add_host.clone(),
                dns: self.dns.clone(),
                devices: self.device.clone(),
                gpus: self.gpus.clone(),
                shm_size: self.shm_size,
                ulimits: self.ulimit.clone(),
                volumes,
            },
            file_systems,
            certificate: self.certificate()?,
            start_dockerd: self.needs_privileges(),
        })
    }

    fn certificate(&self) -> Result<Option<Certificate>, Failure> {
        let read = self.certificate.as_deref().map(read_certificate);
        read.transpose().map_err(Failure::usage)
    }

    /// Returns the variables that name this machine's proxies, and what should be known of them.
    pub(crate) fn proxies(
        &self,
        environment: &Environment,
    ) -> (Vec<(String, String)>, Vec<String>) {
        if !self.proxy.unwrap_or_default() {
            return (Vec::new(), Vec::new());
        }
        let Proxies {
            variables,
            on_loopback,
        } = Proxies::of(environment);
        let mut warnings = Vec::new();
        if variables.is_empty() {
            warnings.push(
                "`--proxy` has no effect: this machine sets none of HTTP_PROXY, HTTPS_PROXY and NO_PROXY"
                    .to_owned(),
            );
        }
        if !on_loopback.is_empty() && self.network.as_deref() != Some(HOST_NETWORK) {
            warnings.push(format!(
                "{} is a proxy of this very machine, which the build cannot reach by that address: `--network host`, or `--add-host proxy:host-gateway` and `--env {}=http://proxy:PORT`",
                on_loopback.join(", "),
                on_loopback[0],
            ));
        }
        (variables, warnings)
    }
}

fn name_server(text: &str) -> Result<IpAddr, &'static str> {
    text.parse()
        .map_err(|_| "write the address of a name server, such as 10.0.0.2")
}

/// Makes a path of this machine absolute; one that is not there would become a directory of root's.
fn existing(flag: &str, path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .and_then(|path| path.metadata().map(|_| path))
        .map_err(|error| {
            let path = path.display();
            let error = anyhow!(error).context(format!("{flag}: cannot use `{path}`"));
            Failure::usage(error)
                .hint("it has to be there before the build: `mkdir` makes a directory")
        })
}

fn repeated<'a>(texts: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let mut seen = std::collections::HashSet::new();
    texts.into_iter().find(|text| !seen.insert(*text))
}
