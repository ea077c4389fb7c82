//! The finished build as JSON, in the shape of one element of `builds[]` of BatchGetBuilds
//! (contract §2.1, §8.4).

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Sink;
use super::replace::replace;
use crate::event::{BuildIdentity, Event, Timestamped};
use crate::phase::{PhaseContext, PhaseType, Status};

/// Gathers a build's phases and, at the end, writes them into a file, all or nothing.
#[derive(Debug)]
pub struct BuildJson {
    path: PathBuf,
    identity: Option<BuildIdentity>,
    start: Timestamp,
    phases: Vec<Phase>,
    exported: Vec<(String, String)>,
    /// The primary artifacts, when there are any.
    artifacts: Option<Value>,
    secondary_artifacts: Vec<Value>,
}

#[derive(Debug)]
struct Phase {
    kind: PhaseType,
    start: Timestamp,
    end: Option<(Timestamp, Status, Option<PhaseContext>)>,
}

impl BuildJson {
    /// Makes a sink that writes to `path`.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            identity: None,
            start: Timestamp::UNIX_EPOCH,
            phases: Vec::new(),
            exported: Vec::new(),
            artifacts: None,
            secondary_artifacts: Vec::new(),
        }
    }

    fn build(&self, end: Timestamp, status: Status) -> Value {
        let mut build = Map::new();
        if let Some(identity) = &self.identity {
            build.extend(identity_fields(identity));
        }
        build.extend(fields([
            ("startTime", json!(seconds(self.start))),
            ("endTime", json!(seconds(end))),
            ("currentPhase", json!(PhaseType::Completed)),
            ("buildStatus", json!(status)),
            ("buildComplete", json!(true)),
            (
                "phases",
                self.phases.iter().map(Phase::json).collect::<Value>(),
            ),
            (
                "exportedEnvironmentVariables",
                self.exported
                    .iter()
                    .map(|(name, value)| json!({ "name": name, "value": value }))
                    .collect::<Value>(),
            ),
        ]));
        if let Some(artifacts) = &self.artifacts {
            build.insert("artifacts".to_owned(), artifacts.clone());
        }
        if !self.secondary_artifacts.is_empty() {
            let secondary = json!(self.secondary_artifacts);
            build.insert("secondaryArtifacts".to_owned(), secondary);
        }
        build.into()
    }

    fn placed(
        &mut self,
        identifier: Option<&String>,
        location: &str,
        override_name: bool,
        sums: Option<&(String, String)>,
    ) {
        let mut artifacts = fields([
            ("location", json!(location)),
            ("overrideArtifactName", json!(override_name)),
        ]);
        if let Some((sha256, md5)) = sums {
            artifacts.extend(fields([
                ("sha256sum", json!(sha256)),
                ("md5sum", json!(md5)),
            ]));
        }
        match identifier {
            None => self.artifacts = Some(artifacts.into()),
            Some(identifier) => {
                artifacts.insert("artifactIdentifier".to_owned(), json!(identifier));
                self.secondary_artifacts.push(artifacts.into());
            }
        }
    }
}

fn identity_fields(identity: &BuildIdentity) -> Map<String, Value> {
    let mut build = fields([
        ("id", json!(identity.id)),
        ("arn", json!(identity.arn)),
        ("buildNumber", json!(identity.build_number)),
        ("projectName", json!(identity.project_name)),
        ("initiator", json!(identity.initiator)),
        ("source", source(identity)),
        ("environment", environment(identity)),
        ("timeoutInMinutes", json!(identity.timeout_in_minutes)),
        ("queuedTimeoutInMinutes", json!(480)),
    ]);
    let versions = [
        ("sourceVersion", &identity.source_version),
        ("resolvedSourceVersion", &identity.resolved_source_version),
    ];
    if !identity.file_system_locations.is_empty() {
        let locations = json!(identity.file_system_locations);
        build.insert("fileSystemLocations".to_owned(), locations);
    }
    for (name, version) in versions {
        if let Some(version) = version {
            build.insert(name.to_owned(), json!(version));
        }
    }
    build
}

fn environment(identity: &BuildIdentity) -> Value {
    let mut environment = fields([
        ("type", json!(identity.environment_type)),
        ("image", json!(identity.image)),
        ("privilegedMode", json!(identity.privileged)),
    ]);
    // In the cloud there is always a compute type; here a build may have all of the machine.
    if let Some(compute_type) = identity.compute_type {
        environment.insert("computeType".to_owned(), json!(compute_type));
    }
    if let Some(certificate) = &identity.certificate {
        environment.insert("certificate".to_owned(), json!(certificate));
    }
    environment.into()
}

fn source(identity: &BuildIdentity) -> Value {
    let mut source = json!({ "type": identity.source_type });
    if !identity.source_location.is_empty() {
        source["location"] = json!(identity.source_location);
    }
    source
}

impl Phase {
    fn json(&self) -> Value {
        let mut phase = fields([
            ("phaseType", json!(self.kind)),
            ("startTime", json!(seconds(self.start))),
        ]);
        if let Some((end, status, context)) = &self.end {
            phase.extend(fields([
                ("phaseStatus", json!(status)),
                ("endTime", json!(seconds(*end))),
                (
                    "durationInSeconds",
                    json!(end.duration_since(self.start).as_secs()),
                ),
            ]));
            // A stopped phase has no contexts key, and neither have those without an agent.
            if let Some(context) = context {
                phase.insert("contexts".to_owned(), json!([context]));
            }
        }
        phase.into()
    }
}

impl Sink for BuildJson {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        match &event.event {
            Event::BuildStarted(identity) => {
                self.identity = Some(BuildIdentity::clone(identity));
                self.start = event.time;
            }
            Event::PhaseStarted { phase } => {
                // A phase begins when the one before it ends (§2.1).
                let before = self.phases.last().and_then(|phase| phase.end.as_ref());
                self.phases.push(Phase {
                    kind: *phase,
                    start: before.map_or(self.start, |(end, ..)| *end),
                    end: None,
                });
            }
            Event::PhaseFinished {
                status, context, ..
            } => {
                if let Some(phase) = self.phases.last_mut() {
                    phase.end = Some((event.time, *status, context.clone()));
                }
            }
            Event::VariablesExported { variables } => self.exported.clone_from(variables),
            Event::ArtifactsPlaced {
                identifier,
                location,
                override_name,
                sums,
            } => self.placed(identifier.as_ref(), location, *override_name, sums.as_ref()),
            Event::BuildFinished { status } => {
                // The build ends when COMPLETED begins.
                let end = self.phases.last().map_or(event.time, |phase| phase.start);
                let build = self.build(end, *status);
                let mut text = serde_json::to_vec_pretty(&build)?;
                text.push(b'\n');
                replace(&self.path, &text)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Seconds since 1970, to the millisecond, as the API writes times.
fn seconds(time: Timestamp) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact for the next two hundred thousand years"
    )]
    let milliseconds = time.as_millisecond() as f64;
    milliseconds / 1000.0
}

fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
