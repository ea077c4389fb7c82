//! The operations inside a running container.

use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error as BollardError;
use bollard::exec::{ResizeExecOptions, StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use futures_util::{StreamExt, TryStreamExt};

use super::answers::{counted, streaming};
use super::containers::is_alive;
use super::create_body::api_environment;
use super::errors::failed;
use super::limits::{Limits, watched};
use crate::engine::{
    Attachment, ContainerId, EngineError, Operation, Process, ProcessOutput, Terminal, TerminalId,
    TerminalSize, TerminalSpec,
};

/// How long to wait between two requests for an exit status.
const EXIT_POLL: Duration = Duration::from_millis(5);

pub(super) async fn spawn(
    client: &bollard::Docker,
    container: &ContainerId,
    command: &[&str],
    limits: Limits,
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
    let (streaming, budget) = streaming(client);
    let started = async {
        let created = client
            .create_exec(&container.0, config)
            .await
            .map_err(failed(operation.clone()))?;
        let started = streaming
            .start_exec(&created.id, None)
            .await
            .map_err(failed(operation.clone()))?;
        Ok((created, started))
    };
    let (created, started) = limits.request(operation.clone(), started).await?;
    let StartExecResults::Attached { output, input } = started else {
        return Err(EngineError {
            operation,
            status: None,
            source: "the engine did not attach to the process".into(),
        });
    };
    let printed = output.map_ok(|printed| match printed {
        LogOutput::StdErr { message } => ProcessOutput::Stderr(message),
        other => ProcessOutput::Stdout(other.into_bytes()),
    });
    let asked = client.clone();
    let asking = operation.clone();
    let ended = async move {
        let status = async {
            exit_status(&asked, &created.id)
                .await
                .map_err(failed(asking.clone()))
        };
        let status = limits.request(asking.clone(), status).await?;
        Ok(ProcessOutput::Ended(status))
    };
    let output = counted(
        printed.map_err(failed(operation.clone())),
        budget,
        operation.clone(),
    )
    .chain(futures_util::stream::once(ended))
    .boxed();
    let alive = is_alive(client, container, operation, limits);
    Ok(Process {
        input,
        output: watched(output, limits.silence(), alive).boxed(),
        patience: limits.program(),
    })
}

pub(super) async fn open_terminal(
    client: &bollard::Docker,
    container: &ContainerId,
    spec: &TerminalSpec,
    limits: Limits,
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
    let created = client
        .create_exec(&container.0, config)
        .await
        .map_err(failed(Operation::OpenTerminal))?;
    let options = StartExecOptions {
        tty: true,
        ..StartExecOptions::default()
    };
    let (streaming, budget) = streaming(client);
    let started = streaming
        .start_exec(&created.id, Some(options))
        .await
        .map_err(failed(Operation::OpenTerminal))?;
    match started {
        StartExecResults::Attached { output, input } => Ok(Terminal {
            id: TerminalId(created.id),
            streams: Attachment {
                input,
                output: watched(
                    counted(
                        output
                            .map_ok(LogOutput::into_bytes)
                            .map_err(failed(Operation::ReadOutput)),
                        budget,
                        Operation::ReadOutput,
                    ),
                    limits.silence(),
                    is_alive(client, container, Operation::ReadOutput, limits),
                )
                .boxed(),
            },
        }),
        StartExecResults::Detached => Err(EngineError {
            operation: Operation::OpenTerminal,
            status: None,
            source: "the engine did not attach to the process".into(),
        }),
    }
}

pub(super) async fn resize_terminal(
    client: &bollard::Docker,
    terminal: &TerminalId,
    size: TerminalSize,
) -> Result<(), EngineError> {
    let options = ResizeExecOptions {
        height: size.rows,
        width: size.columns,
    };
    client
        .resize_exec(&terminal.0, options)
        .await
        .map_err(failed(Operation::OpenTerminal))
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
