//! The engine behind the Docker API: Docker itself, and whatever speaks like it.
//!
//! Nothing but this module names bollard.

mod container;

use std::collections::HashMap;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error as BollardError;
use bollard::exec::{ResizeExecOptions, StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptions, CreateImageOptionsBuilder,
    DownloadFromContainerOptionsBuilder, ListContainersOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptions, StartContainerOptions,
    UploadToContainerOptionsBuilder, WaitContainerOptionsBuilder,
};
use container::{api_environment, create_body};
use futures_util::{StreamExt, TryStreamExt};

use super::endpoint::Endpoint;
use super::{
    Attachment, ByteStream, ContainerId, ContainerSpec, Engine, EngineError, EngineFacts,
    ImageFacts, ListedContainer, NamedVolume, Operation, Printed, Process, Terminal, TerminalId,
    TerminalSize, TerminalSpec, UploadStream,
};

/// How long an ordinary request may take, in seconds.
const REQUEST_TIMEOUT: u64 = 120;

/// How long an engine may take to answer at all.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an upload may take; the client's timeout covers the whole body.
const UPLOAD_TIMEOUT: Duration = Duration::from_hours(24);

/// How long to wait between two questions for an exit status.
const EXIT_POLL: Duration = Duration::from_millis(5);

/// An engine that speaks the Docker API.
#[derive(Debug, Clone)]
pub struct Docker {
    client: bollard::Docker,
    local_socket: bool,
}

impl Docker {
    /// Prepares to speak to the engine at `endpoint`; whether it answers shows at the first request.
    pub fn connect(endpoint: &Endpoint) -> Result<Self, EngineError> {
        let url = endpoint.url.as_str();
        let local_socket = url.starts_with("unix://");
        let version = bollard::API_DEFAULT_VERSION;
        let client = if local_socket {
            bollard::Docker::connect_with_unix(url, REQUEST_TIMEOUT, version)
        } else if url.starts_with("tcp://") || url.starts_with("http://") {
            bollard::Docker::connect_with_http(url, REQUEST_TIMEOUT, version)
        } else {
            Err(BollardError::UnsupportedURISchemeError {
                uri: url.to_owned(),
            })
        };
        Ok(Self {
            client: client.map_err(failed(Operation::Connect))?,
            local_socket,
        })
    }
}

impl Engine for Docker {
    async fn facts(&self) -> Result<EngineFacts, EngineError> {
        let client = self.client.clone().with_timeout(ANSWER_TIMEOUT);
        let info = client.info().await.map_err(|error| {
            // The first request is the one that finds out whether anybody answers.
            let operation = match error {
                BollardError::DockerResponseServerError { .. } => Operation::Facts,
                _ => Operation::Connect,
            };
            failed(operation)(error)
        })?;
        let system = rustix::system::uname();
        let same = |theirs: Option<&str>, ours: &std::ffi::CStr| {
            theirs.is_some_and(|theirs| theirs.as_bytes() == ours.to_bytes())
        };
        Ok(EngineFacts {
            shares_host: self.local_socket
                && same(info.name.as_deref(), system.nodename())
                && same(info.kernel_version.as_deref(), system.release()),
            has_init: info
                .init_binary
                .as_deref()
                .is_some_and(|name| !name.is_empty()),
        })
    }

    async fn inspect_image(&self, image: &str) -> Result<Option<ImageFacts>, EngineError> {
        let found = self
            .client
            .inspect_image(image)
            .await
            .map_err(failed(Operation::InspectImage(image.to_owned())));
        match found {
            Ok(found) => Ok(Some(ImageFacts {
                environment: found
                    .config
                    .and_then(|config| config.env)
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|variable| {
                        let (name, value) = variable.split_once('=')?;
                        Some((name.to_owned(), value.to_owned()))
                    })
                    .collect(),
            })),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn pull_image(&self, image: &str) -> Result<(), EngineError> {
        let options = CreateImageOptionsBuilder::default()
            .from_image(&with_tag(image))
            .build();
        let mut pull = self.client.create_image(Some(options), None, None);
        // An engine refuses at once or midway; either way in the stream.
        while let Some(step) = pull
            .try_next()
            .await
            .map_err(failed(Operation::PullImage(image.to_owned())))?
        {
            tracing::debug!(layer = step.id, status = step.status, "pull");
        }
        Ok(())
    }

    async fn create_container(&self, spec: &ContainerSpec) -> Result<ContainerId, EngineError> {
        let created = self
            .client
            .create_container(None::<CreateContainerOptions>, create_body(spec))
            .await
            .map_err(failed(Operation::CreateContainer))?;
        Ok(ContainerId(created.id))
    }

    async fn attach(&self, container: &ContainerId) -> Result<Attachment, EngineError> {
        let options = AttachContainerOptionsBuilder::default()
            .stream(true)
            .stdin(true)
            .stdout(true)
            .stderr(true)
            .build();
        let attached = self
            .client
            .attach_container(&container.0, Some(options))
            .await
            .map_err(failed(Operation::Attach))?;
        Ok(Attachment {
            input: attached.input,
            output: attached
                .output
                .map_ok(LogOutput::into_bytes)
                .map_err(failed(Operation::ReadOutput))
                .boxed(),
        })
    }

    async fn start_container(&self, container: &ContainerId) -> Result<(), EngineError> {
        self.client
            .start_container(&container.0, None::<StartContainerOptions>)
            .await
            .map_err(failed(Operation::StartContainer))
    }

    async fn spawn(
        &self,
        container: &ContainerId,
        command: &[&str],
    ) -> Result<Process, EngineError> {
        let program = command.first().copied().unwrap_or_default();
        let operation = Operation::Spawn(program.to_owned());
        let config = ExecConfig {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command.iter().map(|&word| word.to_owned()).collect()),
            user: Some("0".to_owned()),
            ..ExecConfig::default()
        };
        let created = self
            .client
            .create_exec(&container.0, config)
            .await
            .map_err(failed(operation.clone()))?;
        let started = self
            .client
            .start_exec(&created.id, None)
            .await
            .map_err(failed(operation.clone()))?;
        let StartExecResults::Attached { output, input } = started else {
            return Err(EngineError {
                operation,
                status: None,
                source: "the engine does not attach to it".into(),
            });
        };
        let printed = output.map_ok(|printed| match printed {
            LogOutput::StdErr { message } => Printed::Stderr(message),
            other => Printed::Stdout(other.into_bytes()),
        });
        let client = self.client.clone();
        let ended = async move { Ok(Printed::Ended(exit_status(&client, &created.id).await?)) };
        Ok(Process {
            input,
            output: printed
                .chain(futures_util::stream::once(ended))
                .map_err(failed(operation))
                .boxed(),
        })
    }

    async fn open_terminal(
        &self,
        container: &ContainerId,
        spec: &TerminalSpec,
    ) -> Result<Terminal, EngineError> {
        let config = ExecConfig {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(true),
            cmd: Some(spec.command.clone()),
            user: Some(spec.user.clone()),
            env: Some(api_environment(&spec.environment)),
            ..ExecConfig::default()
        };
        let created = self
            .client
            .create_exec(&container.0, config)
            .await
            .map_err(failed(Operation::OpenTerminal))?;
        let options = StartExecOptions {
            tty: true,
            ..StartExecOptions::default()
        };
        let started = self
            .client
            .start_exec(&created.id, Some(options))
            .await
            .map_err(failed(Operation::OpenTerminal))?;
        match started {
            StartExecResults::Attached { output, input } => Ok(Terminal {
                id: TerminalId(created.id),
                streams: Attachment {
                    input,
                    output: output
                        .map_ok(LogOutput::into_bytes)
                        .map_err(failed(Operation::ReadOutput))
                        .boxed(),
                },
            }),
            StartExecResults::Detached => Err(EngineError {
                operation: Operation::OpenTerminal,
                status: None,
                source: "the engine does not attach to it".into(),
            }),
        }
    }

    async fn resize_terminal(
        &self,
        terminal: &TerminalId,
        size: TerminalSize,
    ) -> Result<(), EngineError> {
        let options = ResizeExecOptions {
            height: size.rows,
            width: size.columns,
        };
        self.client
            .resize_exec(&terminal.0, options)
            .await
            .map_err(failed(Operation::OpenTerminal))
    }

    async fn wait_removed(&self, container: &ContainerId) -> Result<(), EngineError> {
        let options = WaitContainerOptionsBuilder::default()
            .condition("removed")
            .build();
        let mut wait = std::pin::pin!(self.client.wait_container(&container.0, Some(options)));
        while let Some(ended) = wait.next().await {
            match ended {
                // The exit status of the main process says nothing of the build.
                Ok(_) | Err(BollardError::DockerContainerWaitError { .. }) => {}
                Err(error) => return ignore_absent(failed(Operation::Wait)(error)),
            }
        }
        Ok(())
    }

    async fn remove_container(&self, container: &ContainerId) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::default()
            .force(true)
            .v(true)
            .build();
        self.client
            .remove_container(&container.0, Some(options))
            .await
            .or_else(|error| ignore_absent(failed(Operation::RemoveContainer)(error)))
    }

    async fn list_containers(
        &self,
        label: &str,
        state: Option<&str>,
    ) -> Result<Vec<ListedContainer>, EngineError> {
        let mut filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
        if let Some(state) = state {
            filters.insert("status".to_owned(), vec![state.to_owned()]);
        }
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filters)
            .build();
        let containers = self
            .client
            .list_containers(Some(options))
            .await
            .map_err(failed(Operation::ListContainers))?;
        Ok(containers
            .into_iter()
            .filter_map(|container| {
                Some(ListedContainer {
                    id: ContainerId(container.id?),
                    image: container.image.unwrap_or_default(),
                    labels: container.labels.unwrap_or_default().into_iter().collect(),
                })
            })
            .collect())
    }

    async fn list_volumes(&self, label: &str) -> Result<Vec<NamedVolume>, EngineError> {
        let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
        let options = ListVolumesOptionsBuilder::default()
            .filters(&filters)
            .build();
        let listed = self
            .client
            .list_volumes(Some(options))
            .await
            .map_err(failed(Operation::ListVolumes))?;
        Ok(listed
            .volumes
            .unwrap_or_default()
            .into_iter()
            .map(|volume| NamedVolume {
                name: volume.name,
                labels: volume.labels.into_iter().collect(),
            })
            .collect())
    }

    async fn volume_users(&self, name: &str) -> Result<Vec<ContainerId>, EngineError> {
        let filters = HashMap::from([("volume".to_owned(), vec![name.to_owned()])]);
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filters)
            .build();
        let containers = self
            .client
            .list_containers(Some(options))
            .await
            .map_err(failed(Operation::ListContainers))?;
        Ok(containers
            .into_iter()
            .filter_map(|container| container.id.map(ContainerId))
            .collect())
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let removed = self
            .client
            .remove_volume(name, None::<RemoveVolumeOptions>)
            .await
            .map_err(failed(Operation::RemoveVolume(name.to_owned())));
        match removed {
            Err(error) if !error.is_not_found() => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn upload(
        &self,
        container: &ContainerId,
        directory: &str,
        tar: UploadStream,
    ) -> Result<(), EngineError> {
        let options = UploadToContainerOptionsBuilder::default()
            .path(directory)
            .build();
        self.client
            .clone()
            .with_timeout(UPLOAD_TIMEOUT)
            .upload_to_container(&container.0, Some(options), bollard::body_try_stream(tar))
            .await
            .map_err(failed(Operation::Upload))
    }

    fn download(&self, container: &ContainerId, path: &str) -> ByteStream {
        let options = DownloadFromContainerOptionsBuilder::default()
            .path(path)
            .build();
        let operation = Operation::Download(path.to_owned());
        self.client
            .download_from_container(&container.0, Some(options))
            .map_err(move |error| failed(operation.clone())(error))
            .boxed()
    }
}

/// The exit status of a process whose output has ended; the engine may learn of its end a little later.
async fn exit_status(client: &bollard::Docker, process: &str) -> Result<i64, BollardError> {
    loop {
        let inspected = client.inspect_exec(process).await?;
        if let Some(status) = inspected
            .exit_code
            .filter(|_| inspected.running != Some(true))
        {
            return Ok(status);
        }
        tokio::time::sleep(EXIT_POLL).await;
    }
}

/// Without a tag the API would fetch every tag of the repository.
fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || last.contains('@') {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

fn ignore_absent(error: EngineError) -> Result<(), EngineError> {
    // 409: the removal is under way already.
    if error.is_not_found() || error.status == Some(409) {
        Ok(())
    } else {
        Err(error)
    }
}

fn failed(operation: Operation) -> impl Fn(BollardError) -> EngineError {
    move |error| {
        let (status, source): (_, Box<dyn std::error::Error + Send + Sync>) = match error {
            BollardError::DockerResponseServerError {
                status_code,
                message,
            } => (Some(status_code), message.into()),
            BollardError::DockerStreamError { error } => (None, error.into()),
            error => (None, Box::new(error)),
        };
        EngineError {
            operation: operation.clone(),
            status,
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_tag_means_latest() {
        for (image, asked) in [
            ("debian", "debian:latest"),
            ("registry:5000/debian", "registry:5000/debian:latest"),
            ("debian:12", "debian:12"),
            ("debian@sha256:00", "debian@sha256:00"),
        ] {
            assert_eq!(with_tag(image), asked);
        }
    }
}
