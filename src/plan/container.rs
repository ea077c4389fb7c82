//! The resources of the build container, and what it sees of the host.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::layout::Layout;
use super::variable::{Environment, Origin};
use crate::event::{FileSystemLocation, FileSystemType};
use crate::resources::{
    Compute, ComputeType, EnvironmentType, Extras, FileSystem, Limits, Machine, Volume,
};

/// The requested resources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerRequest {
    pub compute: Compute,
    /// The other resources.
    pub extras: Extras,
    /// Directories of the host instead of the project's file systems.
    pub file_systems: Vec<FileSystem>,
    /// Extra CA certificates.
    pub certificate: Option<Certificate>,
    pub start_dockerd: bool,
}

/// Certificates that the build trusts (contract §8.1, `environment.certificate`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// The file, as the user named it.
    pub location: String,
    /// The certificates in it, each in PEM with a newline at the end; at least one.
    pub certificates: Vec<String>,
}

/// The resources of the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerPlan {
    /// The environment type of the build in the cloud.
    #[serde(rename = "type")]
    pub kind: EnvironmentType,
    /// The requested compute resources.
    pub compute: Compute,
    /// The limits on a machine that can satisfy the request.
    pub limits: Limits,
    /// The other resources; targets of volumes are absolute, file systems are included.
    #[serde(flatten)]
    pub extras: Extras,
    /// The project's file systems.
    pub file_systems: Vec<FileSystem>,
    /// Extra CA certificates.
    pub certificate: Option<Certificate>,
    /// Whether a Docker daemon is started before INSTALL.
    pub start_dockerd: bool,
}

impl ContainerPlan {
    pub(super) fn new(request: ContainerRequest, layout: &Layout) -> Self {
        let ContainerRequest {
            compute,
            mut extras,
            file_systems,
            certificate,
            start_dockerd,
        } = request;
        let is_arm = cfg!(target_arch = "aarch64");
        for volume in &mut extras.volumes {
            if !volume.target.starts_with('/') {
                volume.target = format!("{}/{}", layout.source, volume.target);
            }
        }
        let mounted = file_systems.iter().map(|file_system| Volume {
            host: file_system.host.clone(),
            target: file_system.mount_point.clone(),
            read_only: false,
        });
        extras.volumes.extend(mounted);
        let kind = EnvironmentType::of(compute.compute_type, extras.gpus.is_some(), is_arm);
        Self {
            limits: compute.limits(kind),
            kind,
            compute,
            extras,
            file_systems,
            certificate,
            start_dockerd,
        }
    }

    /// Returns the limits that a machine can satisfy, and warnings about the others.
    pub fn limits_within(&self, machine: Machine) -> (Limits, Vec<String>) {
        self.compute.within(self.kind, machine)
    }

    /// Sets the variables for these resources (contract §3.1, §3.2).
    pub(super) fn set_variables(&self, environment: &mut Environment) {
        for file_system in &self.file_systems {
            let name = file_system.variable();
            environment.set(Origin::Default, &name, &file_system.mount_point);
        }
        if self.extras.gpus.is_some() {
            environment.set(Origin::Default, "CODEBUILD_GPU_BUILD", "true");
        }
    }

    /// Returns the API's name of the compute type.
    pub fn compute_type(&self) -> Option<&'static str> {
        self.compute.compute_type.map(ComputeType::name)
    }

    pub fn certificate_location(&self) -> Option<String> {
        let certificate = self.certificate.as_ref()?;
        Some(certificate.location.clone())
    }

    /// Returns `fileSystemLocations` of the build.
    pub(super) fn locations(&self) -> Vec<FileSystemLocation> {
        let locations = self.file_systems.iter();
        locations
            .map(|file_system| FileSystemLocation {
                kind: FileSystemType::Efs,
                identifier: file_system.identifier.clone(),
                location: file_system.host.display().to_string(),
                mount_point: file_system.mount_point.clone(),
            })
            .collect()
    }
}
