//! Runs programs of the host: git, ssh, credential helpers.
//!
//! Programs are searched in the absolute directories of `PATH`. The current directory and names
//! with a path are not used: both may belong to a repository.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::process::Command;

/// The default `PATH`.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Returns a command for a program, whose `PATH` has no relative directories either.
///
/// Fails with [`io::ErrorKind::NotFound`] when no directory of `PATH` has it, and with
/// [`io::ErrorKind::InvalidInput`] when it is not a plain name.
pub fn command(name: &str) -> io::Result<Command> {
    let directories = directories(env::var_os("PATH").as_deref());
    let program = find(name, &directories)?;
    let mut command = Command::new(program);
    // Each was split from a `PATH`, so none has the character that joins them.
    command.env("PATH", env::join_paths(directories).unwrap_or_default());
    Ok(command)
}

/// Clears the environment of a command except `PATH` and the named variables.
pub fn clear_environment(command: &mut Command, kept: &[&str]) {
    let path = command
        .as_std()
        .get_envs()
        .find(|(name, _)| *name == "PATH")
        .and_then(|(_, value)| value.map(OsStr::to_owned));
    command.env_clear();
    command.envs(path.map(|path| ("PATH", path)));
    for name in kept {
        command.envs(env::var_os(name).map(|value| (name, value)));
    }
}

fn directories(path: Option<&OsStr>) -> Vec<PathBuf> {
    let usual = OsString::from(USUAL_PATH);
    env::split_paths(path.unwrap_or(&usual))
        .filter(|directory| directory.is_absolute())
        .collect()
}

fn find(name: &str, directories: &[PathBuf]) -> io::Result<PathBuf> {
    if name.is_empty() || name.contains(['/', '\0']) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("`{}` is not the name of a program", name.escape_debug()),
        ));
    }
    directories
        .iter()
        .map(|directory| directory.join(name))
        .find(|program| is_executable(program))
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_one_of_the_absolute_path() {
        let path = directories(Some(OsStr::new(".:bin::/nowhere:/usr/bin:/bin")));
        let expected = ["/nowhere", "/usr/bin", "/bin"].map(PathBuf::from);
        assert_eq!(path, expected);
        assert!(find("sh", &path).unwrap().ends_with("sh"));
        for name in ["", "/bin/sh", "./sh", "../bin/sh", "no-such-program"] {
            assert!(find(name, &path).is_err(), "{name}");
        }
        assert!(directories(None).contains(&PathBuf::from("/usr/bin")));
    }
}
