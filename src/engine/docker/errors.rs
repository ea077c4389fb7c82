//! Converts the errors of bollard.

use bollard::errors::Error as BollardError;

use super::answers::too_long;
use crate::engine::{EngineError, Operation};

/// The longest message of an engine that is kept, in bytes.
const LONGEST_MESSAGE: usize = 8 * 1024;

pub(super) fn failed(operation: Operation) -> impl Fn(BollardError) -> EngineError {
    move |error| {
        if let Some(verdict) = too_long(&error) {
            return EngineError {
                operation: operation.clone(),
                status: None,
                source: verdict.into(),
            };
        }
        let (status, source): (_, Box<dyn std::error::Error + Send + Sync>) = match error {
            BollardError::DockerResponseServerError {
                status_code,
                message,
            } => (
                Some(status(status_code, &message)),
                shortened(message).into(),
            ),
            BollardError::DockerStreamError { error } => (None, shortened(error).into()),
            error => (None, Box::new(error)),
        };
        EngineError {
            operation: operation.clone(),
            status,
            source,
        }
    }
}

/// Cuts a long message, which may come from an image or a registry.
fn shortened(mut message: String) -> String {
    if message.len() > LONGEST_MESSAGE {
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
        message.push('…');
    }
    message
}

/// Returns the status that Docker would give: Podman answers 500 to an invalid name.
fn status(given: u16, message: &str) -> u16 {
    let is_no_name = message.contains("invalid reference format");
    if given == 500 && is_no_name {
        400
    } else {
        given
    }
}

pub(super) fn ignore_absent(error: EngineError) -> Result<(), EngineError> {
    // 409: the removal is under way already.
    if error.is_not_found() || error.status == Some(409) {
        Ok(())
    } else {
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_none_can_be_is_the_callers_fault_with_every_engine() {
        for (given, message, status) in [
            // Docker.
            (400, "invalid reference format", 400),
            (500, "no space left on device", 500),
            // Podman.
            (
                500,
                "normalizing image: normalizing name for compat API: invalid reference format",
                400,
            ),
        ] {
            let answer = BollardError::DockerResponseServerError {
                status_code: given,
                message: message.to_owned(),
            };
            assert_eq!(
                failed(Operation::Facts)(answer).status,
                Some(status),
                "{message}"
            );
        }
    }
}
