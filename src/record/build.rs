//! A build in the shape of one element of `builds[]` of BatchGetBuilds (contract §2.1, §8.4).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::details::{
    ArtifactsRecord, AutoRetryRecord, CacheRecord, DebugSessionRecord, EnvironmentRecord,
    LogsRecord, NetworkInterfaceRecord, SourceRecord, SourceVersionRecord, VpcRecord,
};
use super::time::EpochTime;
use crate::event::{
    ArtifactsEvent, BuildEvent, BuildIdentity, Event, ExportedVariable, FileSystemLocation,
    PhaseEvent, Timestamped,
};
use crate::phase::{PhaseContext, PhaseType, Status};

/// How long a build may wait for capacity, in minutes: the API's default.
const QUEUED_TIMEOUT: u64 = 480;

/// A build. What cobuild never knows of its own builds is here for those of the cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildRecord {
    /// `<project>:<uuid>`.
    pub id: String,
    /// The build's ARN.
    pub arn: String,
    /// Counts the project's builds from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_number: Option<u64>,
    /// When the build was accepted.
    pub start_time: EpochTime,
    /// When the build ended; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<EpochTime>,
    /// The phase that runs, or `COMPLETED`.
    pub current_phase: PhaseType,
    /// How the build goes, or went.
    pub build_status: BuildStatus,
    /// Whether the build has ended.
    pub build_complete: bool,
    /// Who started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiator: Option<String>,
    /// The project's name.
    pub project_name: String,
    /// The phases that have started, in order, but those that `--from` and `--only` leave out.
    pub phases: Vec<PhaseRecord>,
    /// The primary source.
    pub source: SourceRecord,
    /// The version of the source that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_version: Option<String>,
    /// The commit of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_source_version: Option<String>,
    /// The secondary sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secondary_sources: Vec<SourceRecord>,
    /// The versions of the secondary sources that were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secondary_source_versions: Vec<SourceVersionRecord>,
    /// The primary artifacts, when there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<ArtifactsRecord>,
    /// The secondary artifacts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secondary_artifacts: Vec<ArtifactsRecord>,
    /// How the project keeps its cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheRecord>,
    /// The environment of the build.
    pub environment: EnvironmentRecord,
    /// The role of the build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_role: Option<String>,
    /// Where the log is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<LogsRecord>,
    /// How long the build may take, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_in_minutes: Option<u64>,
    /// How long the build may wait for capacity, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_timeout_in_minutes: Option<u64>,
    /// The network that the build is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_config: Option<VpcRecord>,
    /// The interface by which it is in that network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_interface: Option<NetworkInterfaceRecord>,
    /// The key that encrypts the artifacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_key: Option<String>,
    /// The variables that the build hands on.
    #[serde(default)]
    pub exported_environment_variables: Vec<ExportedVariable>,
    /// The ARNs of the test reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub report_arns: Vec<String>,
    /// The project's file systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub file_system_locations: Vec<FileSystemLocation>,
    /// The session of a debugger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug_session: Option<DebugSessionRecord>,
    /// The ARN of the batch that the build belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_batch_arn: Option<String>,
    /// Which retry of another build this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_retry_config: Option<AutoRetryRecord>,
}

/// How a build goes, or went (API `StatusType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BuildStatus {
    /// The build runs.
    InProgress,
    /// The build ended so.
    #[serde(untagged)]
    Ended(Status),
}

/// A phase of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseRecord {
    /// The phase.
    pub phase_type: PhaseType,
    /// How the phase ended; absent while it runs, and for `COMPLETED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase_status: Option<Status>,
    /// When the phase started: when the one before it ended.
    pub start_time: EpochTime,
    /// When the phase ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<EpochTime>,
    /// How long the phase took, in whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_in_seconds: Option<i64>,
    /// Why the phase ended so; absent for a stopped phase, and for those without an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contexts: Option<Vec<PhaseContext>>,
}

impl BuildRecord {
    /// Takes the next event in; the first of a build makes its record.
    pub fn observe(record: &mut Option<Self>, event: &Timestamped) {
        match (&event.event, record) {
            (Event::Build(BuildEvent::Started { build }), record) => {
                *record = Some(Self::started(build, event.time));
            }
            (Event::Build(build), Some(record)) => record.build_event(event.time, build),
            (Event::Phase(phase), Some(record)) => record.phase_event(event.time, phase),
            (Event::Artifacts(artifacts), Some(record)) => record.artifacts_event(artifacts),
            _ => {}
        }
    }

    fn started(identity: &BuildIdentity, time: Timestamp) -> Self {
        let identity = identity.clone();
        Self {
            id: identity.id,
            arn: identity.arn,
            build_number: Some(identity.build_number),
            start_time: EpochTime(time),
            end_time: None,
            current_phase: PhaseType::Submitted,
            build_status: BuildStatus::InProgress,
            build_complete: false,
            initiator: Some(identity.initiator),
            project_name: identity.project_name,
            phases: Vec::new(),
            source: SourceRecord::new(identity.source_type, identity.source_location),
            source_version: identity.source_version,
            resolved_source_version: identity.resolved_source_version,
            secondary_sources: Vec::new(),
            secondary_source_versions: Vec::new(),
            artifacts: None,
            secondary_artifacts: Vec::new(),
            cache: None,
            environment: EnvironmentRecord {
                kind: identity.environment_type,
                image: identity.image,
                compute_type: identity.compute_type,
                privileged_mode: identity.privileged,
                certificate: identity.certificate,
            },
            service_role: None,
            logs: None,
            timeout_in_minutes: Some(identity.timeout_in_minutes),
            queued_timeout_in_minutes: Some(QUEUED_TIMEOUT),
            vpc_config: None,
            network_interface: None,
            encryption_key: None,
            exported_environment_variables: Vec::new(),
            report_arns: Vec::new(),
            file_system_locations: identity.file_system_locations,
            debug_session: None,
            build_batch_arn: None,
            auto_retry_config: None,
        }
    }

    fn build_event(&mut self, time: Timestamp, event: &BuildEvent) {
        match event {
            BuildEvent::Started { .. } => {}
            BuildEvent::VariablesExported { variables } => {
                self.exported_environment_variables.clone_from(variables);
            }
            BuildEvent::Finished { status } => {
                // The build ends when COMPLETED begins.
                let end = self.phases.last().map(|phase| phase.start_time);
                self.end_time = Some(end.unwrap_or(EpochTime(time)));
                self.current_phase = PhaseType::Completed;
                self.build_status = BuildStatus::Ended(*status);
                self.build_complete = true;
            }
        }
    }

    fn phase_event(&mut self, time: Timestamp, event: &PhaseEvent) {
        match event {
            PhaseEvent::Started { phase } => {
                // A phase begins when the one before it ends (§2.1).
                let before = self.phases.last().and_then(|phase| phase.end_time);
                self.phases.push(PhaseRecord {
                    phase_type: *phase,
                    phase_status: None,
                    start_time: before.unwrap_or(self.start_time),
                    end_time: None,
                    duration_in_seconds: None,
                    contexts: None,
                });
                self.current_phase = *phase;
            }
            PhaseEvent::Finished {
                phase,
                status,
                context,
            } => {
                // One that was left out has no record.
                if let Some(entry) = self.phases.last_mut()
                    && entry.phase_type == *phase
                {
                    entry.finish(time, *status, context.as_ref());
                }
            }
            // As the API has it of phases that are not entered.
            PhaseEvent::LeftOut { phase } => self.phases.retain(|it| it.phase_type != *phase),
            PhaseEvent::Retried { .. } => {}
        }
    }

    fn artifacts_event(&mut self, event: &ArtifactsEvent) {
        if let ArtifactsEvent::Placed {
            identifier,
            location,
            override_name,
            sha256sum,
            md5sum,
            files: _,
            size: _,
        } = event
        {
            let artifacts = ArtifactsRecord {
                location: location.clone(),
                sha256sum: sha256sum.clone(),
                md5sum: md5sum.clone(),
                override_artifact_name: Some(*override_name),
                encryption_disabled: None,
                artifact_identifier: identifier.clone(),
                bucket_owner_access: None,
            };
            match identifier {
                None => self.artifacts = Some(artifacts),
                Some(_) => self.secondary_artifacts.push(artifacts),
            }
        }
    }
}

impl PhaseRecord {
    fn finish(&mut self, end: Timestamp, status: Status, context: Option<&PhaseContext>) {
        self.phase_status = Some(status);
        self.end_time = Some(EpochTime(end));
        self.duration_in_seconds = Some(end.duration_since(self.start_time.0).as_secs());
        self.contexts = context.map(|context| vec![context.clone()]);
    }

    /// Returns how long the phase took, to the nanosecond while the record is not stored.
    pub fn duration(&self) -> Option<SignedDuration> {
        let end = self.end_time?;
        Some(end.0.duration_since(self.start_time.0))
    }

    /// Returns why the phase ended so.
    pub fn context(&self) -> Option<&PhaseContext> {
        self.contexts.as_ref()?.first()
    }
}
