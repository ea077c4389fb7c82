//! The sizes of build environments in the cloud (contract §8.5).

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::text_form;

use super::{Cpus, Memory, ResourceError};

/// A compute type: one of [`ComputeType::names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComputeType(&'static Row);

/// The size of a compute type in one environment type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Its vCPUs; those of Lambda are not told.
    pub cpus: Option<Cpus>,
    pub memory: Memory,
}

/// The environment type of a compute type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EnvironmentType {
    /// `LINUX_CONTAINER`
    #[serde(rename = "LINUX_CONTAINER")]
    Linux,
    /// `ARM_CONTAINER`
    #[serde(rename = "ARM_CONTAINER")]
    Arm,
    /// `LINUX_GPU_CONTAINER`
    #[serde(rename = "LINUX_GPU_CONTAINER")]
    LinuxGpu,
    /// `LINUX_LAMBDA_CONTAINER`
    #[serde(rename = "LINUX_LAMBDA_CONTAINER")]
    LinuxLambda,
    /// `ARM_LAMBDA_CONTAINER`
    #[serde(rename = "ARM_LAMBDA_CONTAINER")]
    ArmLambda,
}

impl EnvironmentType {
    /// Returns the environment type of a build with this compute type.
    pub fn of(compute_type: Option<ComputeType>, has_gpus: bool, is_arm: bool) -> Self {
        let is_lambda = compute_type.is_some_and(ComputeType::is_lambda);
        match (is_lambda, is_arm) {
            (true, true) => Self::ArmLambda,
            (true, false) => Self::LinuxLambda,
            (false, false) if has_gpus => Self::LinuxGpu,
            (false, true) => Self::Arm,
            (false, false) => Self::Linux,
        }
    }

    pub fn api_name(self) -> &'static str {
        match self {
            Self::Linux => "LINUX_CONTAINER",
            Self::Arm => "ARM_CONTAINER",
            Self::LinuxGpu => "LINUX_GPU_CONTAINER",
            Self::LinuxLambda => "LINUX_LAMBDA_CONTAINER",
            Self::ArmLambda => "ARM_LAMBDA_CONTAINER",
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: &'static str,
    linux: Option<Size>,
    /// Where it is another than that of Linux.
    arm: Option<Size>,
    gpu: Option<Size>,
}

const fn size(memory: u64, cpus: u32) -> Size {
    Size {
        cpus: Some(Cpus::whole(cpus)),
        memory: Memory::gibibytes(memory),
    }
}

const fn row(name: &'static str, linux: Option<Size>) -> Row {
    Row {
        name,
        linux,
        arm: None,
        gpu: None,
    }
}

const fn lambda(name: &'static str, memory: u64) -> Row {
    let size = Size {
        cpus: None,
        memory: Memory::gibibytes(memory),
    };
    row(name, Some(size))
}

/// Memory in GiB and vCPUs, as documented. The size of a fleet is not known.
static TABLE: [Row; 12] = [
    Row {
        gpu: Some(size(16, 4)),
        ..row("BUILD_GENERAL1_SMALL", Some(size(4, 2)))
    },
    row("BUILD_GENERAL1_MEDIUM", Some(size(8, 4))),
    Row {
        gpu: Some(size(255, 32)),
        ..row("BUILD_GENERAL1_LARGE", Some(size(16, 8)))
    },
    Row {
        arm: Some(size(64, 32)),
        ..row("BUILD_GENERAL1_XLARGE", Some(size(72, 36)))
    },
    Row {
        arm: Some(size(96, 48)),
        ..row("BUILD_GENERAL1_2XLARGE", Some(size(144, 72)))
    },
    lambda("BUILD_LAMBDA_1GB", 1),
    lambda("BUILD_LAMBDA_2GB", 2),
    lambda("BUILD_LAMBDA_4GB", 4),
    lambda("BUILD_LAMBDA_8GB", 8),
    lambda("BUILD_LAMBDA_10GB", 10),
    row("ATTRIBUTE_BASED_COMPUTE", None),
    row("CUSTOM_INSTANCE_TYPE", None),
];

impl ComputeType {
    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|row| row.name)
    }

    /// Returns its name in the API.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    pub fn is_lambda(self) -> bool {
        self.0.name.starts_with("BUILD_LAMBDA_")
    }

    /// Returns its size in an environment type; `None` when the fleet decides, or when there is no
    /// such environment.
    pub fn size(self, kind: EnvironmentType) -> Option<Size> {
        let row = self.0;
        match kind {
            EnvironmentType::LinuxGpu => row.gpu,
            EnvironmentType::Arm => row.arm.or(row.linux),
            EnvironmentType::Linux | EnvironmentType::LinuxLambda | EnvironmentType::ArmLambda => {
                row.linux
            }
        }
    }
}

text_form!(ComputeType);

impl std::fmt::Display for ComputeType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ComputeType {
    type Err = ResourceError;

    fn from_str(text: &str) -> Result<Self, ResourceError> {
        TABLE
            .iter()
            .find(|row| row.name.eq_ignore_ascii_case(text))
            .map(Self)
            .ok_or_else(|| ResourceError::ComputeType {
                known: Self::names().collect(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, kind: EnvironmentType) -> Option<String> {
        let size = name.parse::<ComputeType>().unwrap().size(kind)?;
        let cpus = size.cpus.map_or("-".to_owned(), |cpus| cpus.to_string());
        Some(format!("{cpus} {}", size.memory))
    }

    #[test]
    fn sizes_are_those_of_the_cloud() {
        use EnvironmentType::{Arm, Linux, LinuxGpu, LinuxLambda};
        for (name, kind, size) in [
            ("BUILD_GENERAL1_SMALL", Linux, Some("2 4 GiB")),
            ("build_general1_medium", Linux, Some("4 8 GiB")),
            ("BUILD_GENERAL1_LARGE", Linux, Some("8 16 GiB")),
            ("BUILD_GENERAL1_XLARGE", Linux, Some("36 72 GiB")),
            ("BUILD_GENERAL1_2XLARGE", Linux, Some("72 144 GiB")),
            ("BUILD_GENERAL1_LARGE", Arm, Some("8 16 GiB")),
            ("BUILD_GENERAL1_XLARGE", Arm, Some("32 64 GiB")),
            ("BUILD_GENERAL1_2XLARGE", Arm, Some("48 96 GiB")),
            ("BUILD_GENERAL1_SMALL", LinuxGpu, Some("4 16 GiB")),
            ("BUILD_GENERAL1_LARGE", LinuxGpu, Some("32 255 GiB")),
            ("BUILD_GENERAL1_MEDIUM", LinuxGpu, None),
            ("BUILD_LAMBDA_10GB", LinuxLambda, Some("- 10 GiB")),
            ("CUSTOM_INSTANCE_TYPE", Linux, None),
        ] {
            assert_eq!(told(name, kind).as_deref(), size, "{name} {kind:?}");
        }
    }

    #[test]
    fn another_name_is_told_which_there_are() {
        let problem = "BUILD_GENERAL1_TINY".parse::<ComputeType>().unwrap_err();
        let problem = problem.to_string();
        for name in ComputeType::names() {
            assert!(problem.contains(name), "{problem}");
        }
    }

    #[test]
    fn an_environment_is_of_one_kind() {
        let lambda = "BUILD_LAMBDA_1GB".parse().ok();
        for (compute_type, has_gpus, is_arm, name) in [
            (None, false, false, "LINUX_CONTAINER"),
            (None, false, true, "ARM_CONTAINER"),
            (None, true, false, "LINUX_GPU_CONTAINER"),
            (lambda, false, false, "LINUX_LAMBDA_CONTAINER"),
            (lambda, false, true, "ARM_LAMBDA_CONTAINER"),
        ] {
            let kind = EnvironmentType::of(compute_type, has_gpus, is_arm);
            assert_eq!(kind.api_name(), name);
        }
    }
}
