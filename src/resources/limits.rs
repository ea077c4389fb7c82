//! The resources of the machine that a container may use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ComputeType, Cpus, EnvironmentType, Memory, Pids, PidsLimit, Size};

/// The limits of a container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Processors; `None` for all.
    pub cpus: Option<Cpus>,
    /// Memory, swap included; `None` for all.
    pub memory: Option<Memory>,
    /// Processes and threads at once; `None` for no limit.
    pub pids: Option<u32>,
}

/// The capacity of the engine's machine, as far as known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Machine {
    pub cpus: Option<u32>,
    pub memory: Option<Memory>,
    pub pids: Pids,
}

/// The resources that a build requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Compute {
    /// The compute type.
    pub compute_type: Option<ComputeType>,
    /// Processors, instead of those of the compute type.
    pub cpus: Option<Cpus>,
    /// Memory, instead of that of the compute type.
    pub memory: Option<Memory>,
    /// Processes.
    #[serde(rename = "pidsLimit")]
    pub pids: PidsLimit,
}

impl Compute {
    /// Returns the requested limits, whatever the machine has.
    pub fn limits(&self, kind: EnvironmentType) -> Limits {
        let size = self.size(kind);
        Limits {
            cpus: self.cpus.or(size.and_then(|size| size.cpus)),
            memory: self.memory.or(size.map(|size| size.memory)),
            pids: self.pids.asked(),
        }
    }

    /// Returns the limits that the machine can satisfy, and warnings about the others.
    pub fn within(&self, kind: EnvironmentType, machine: Machine) -> (Limits, Vec<String>) {
        let mut notes = self.notes(kind);
        let asked = self.limits(kind);
        let whole = machine.cpus.map(Cpus::whole);
        let cpus = least(asked.cpus, whole);
        let memory = least(asked.memory, machine.memory);
        let given = Limits {
            cpus,
            memory,
            pids: self.pids.within(machine.pids, &mut notes),
        };
        if let Some(has) = whole
            && cpus < asked.cpus
        {
            notes.push(format!(
                "{} is more than the engine's machine has: the build gets {has} vCPU",
                self.origin(self.cpus.is_some(), asked.cpus, " vCPU"),
            ));
        }
        if let Some(has) = machine.memory
            && memory < asked.memory
        {
            notes.push(format!(
                "{} is more than the engine's machine has: the build gets {has} of memory",
                self.origin(self.memory.is_some(), asked.memory, ""),
            ));
        }
        (given, notes)
    }

    fn size(&self, kind: EnvironmentType) -> Option<Size> {
        self.compute_type?.size(kind)
    }

    /// Returns warnings about the compute type, whatever the machine has.
    fn notes(&self, kind: EnvironmentType) -> Vec<String> {
        let Some(compute_type) = self.compute_type else {
            return Vec::new();
        };
        let name = compute_type.name();
        let is_settled = self.cpus.is_some() && self.memory.is_some();
        if compute_type.is_lambda() {
            return vec![format!(
                "only the memory of {name} is applied: in the cloud, a Lambda build also has no root user, no Docker and at most 15 minutes"
            )];
        }
        match self.size(kind) {
            None if !is_settled => vec![format!(
                "the size of {name} in {} is not known: set it with `--cpus` and `--memory`",
                kind.api_name()
            )],
            None | Some(_) => Vec::new(),
        }
    }

    /// Describes where an amount comes from.
    fn origin(&self, is_given: bool, amount: Option<impl std::fmt::Display>, unit: &str) -> String {
        let amount = amount.map_or_else(String::new, |amount| format!("{amount}{unit}"));
        match self.compute_type {
            Some(compute_type) if !is_given => format!("{} ({amount})", compute_type.name()),
            _ => amount,
        }
    }
}

/// Returns the smaller of the requested and the available amount; without a request there is no
/// limit.
fn least<T: Ord>(asked: Option<T>, there: Option<T>) -> Option<T> {
    match (asked, there) {
        (Some(asked), Some(there)) => Some(asked.min(there)),
        (asked, _) => asked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINUX: EnvironmentType = EnvironmentType::Linux;

    fn compute(name: Option<&str>, cpus: Option<&str>, memory: Option<&str>) -> Compute {
        Compute {
            compute_type: name.map(|name| name.parse().unwrap()),
            cpus: cpus.map(|cpus| cpus.parse().unwrap()),
            memory: memory.map(|memory| memory.parse().unwrap()),
            pids: PidsLimit::Unlimited,
        }
    }

    fn told(limits: Limits) -> String {
        let cpus = limits.cpus.map_or("-".to_owned(), |it| it.to_string());
        let memory = limits.memory.map_or("-".to_owned(), |it| it.to_string());
        format!("{cpus} {memory}")
    }

    #[test]
    fn what_is_given_beats_the_compute_type() {
        let large = Some("BUILD_GENERAL1_LARGE");
        for (asked, limits) in [
            (compute(None, None, None), "- -"),
            (compute(large, None, None), "8 16 GiB"),
            (compute(large, Some("1.5"), None), "1.5 16 GiB"),
            (compute(large, None, Some("512m")), "8 512 MiB"),
            (compute(None, Some("1"), Some("1g")), "1 1 GiB"),
            (compute(Some("BUILD_LAMBDA_2GB"), None, None), "- 2 GiB"),
        ] {
            assert_eq!(told(asked.limits(LINUX)), limits);
        }
    }

    #[test]
    fn a_machine_gives_what_it_has_and_says_so() {
        let machine = Machine {
            cpus: Some(4),
            memory: Some(Memory::gibibytes(10)),
            ..Machine::default()
        };
        let small = compute(Some("BUILD_GENERAL1_SMALL"), None, None);
        assert_eq!(
            small.within(LINUX, machine),
            (small.limits(LINUX), Vec::new())
        );
        let large = compute(Some("BUILD_GENERAL1_LARGE"), None, None);
        let (limits, notes) = large.within(LINUX, machine);
        assert_eq!(told(limits), "4 10 GiB");
        assert_eq!(
            notes,
            [
                "BUILD_GENERAL1_LARGE (8 vCPU) is more than the engine's machine has: the build gets 4 vCPU",
                "BUILD_GENERAL1_LARGE (16 GiB) is more than the engine's machine has: the build gets 10 GiB of memory",
            ]
        );
        let (limits, notes) = compute(None, Some("6"), Some("8g")).within(LINUX, machine);
        assert_eq!(told(limits), "4 8 GiB");
        assert_eq!(
            notes,
            ["6 vCPU is more than the engine's machine has: the build gets 4 vCPU"]
        );
        let (limits, notes) = large.within(LINUX, Machine::default());
        assert_eq!((told(limits).as_str(), notes.len()), ("8 16 GiB", 0));
    }

    #[test]
    fn a_size_that_nobody_knows_is_told() {
        let fleet = compute(Some("ATTRIBUTE_BASED_COMPUTE"), None, Some("1g"));
        let (limits, notes) = fleet.within(LINUX, Machine::default());
        assert_eq!(told(limits), "- 1 GiB");
        assert!(notes[0].contains("`--cpus` and `--memory`"), "{notes:?}");
        let settled = compute(Some("CUSTOM_INSTANCE_TYPE"), Some("1"), Some("1g"));
        assert_eq!(settled.within(LINUX, Machine::default()).1.len(), 0);
    }
}
