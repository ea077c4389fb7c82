//! The programs in every shell of this machine, with and without tools.

mod globs;
mod hashes;
mod shards;

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::*;

/// The shells that an image's `sh` may be.
const SHELLS: [&[&str]; 4] = [
    &["dash"],
    &["bash"],
    &["bash", "--posix"],
    &["busybox", "sh"],
];

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    stdout: String,
    stderr: String,
    code: Option<i32>,
}

/// The programs, installed below a directory, and a tree to call them in.
struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            root: tempfile::tempdir().unwrap(),
        };
        for directory in ["bin", "tree"] {
            fs::create_dir(place.path(directory)).unwrap();
        }
        let library_file = place.path("programs.sh");
        fs::write(&library_file, library()).unwrap();
        for (name, function) in PROGRAMS {
            let file = place.path("bin").join(name);
            fs::write(&file, stub(name, function, library_file.to_str().unwrap())).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file of the tree, and the directories above it.
    fn file(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path("tree").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A directory with nothing but these tools of this machine, for a PATH.
    fn tools(&self, names: &[&str]) -> OsString {
        let directory = self.path(&format!("tools-{}", names.join("-")));
        if !directory.exists() {
            fs::create_dir(&directory).unwrap();
            for name in names {
                let tool = find(name).unwrap_or_else(|| panic!("{name} is missing here"));
                symlink(tool, directory.join(name)).unwrap();
            }
        }
        directory.into_os_string()
    }

    /// A call of a program in a shell, with a PATH that ends in the programs'.
    fn call(&self, shell: &[&str], path: &OsString, program: &str) -> Command {
        let mut whole = path.clone();
        whole.push(":");
        whole.push(self.path("bin"));
        let mut command = Command::new(find(shell[0]).unwrap());
        command
            .args(&shell[1..])
            .arg(self.path("bin").join(program))
            .env_clear()
            .env("PATH", whole)
            .current_dir(self.path("tree"))
            .stdin(Stdio::null());
        command
    }
}

/// The PATH of this machine.
fn all_tools() -> OsString {
    std::env::var_os("PATH").unwrap()
}

/// Where this machine has a tool.
fn find(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&all_tools())
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}

/// The shells that this machine has.
fn shells() -> Vec<&'static [&'static str]> {
    let there: Vec<&[&str]> = SHELLS
        .into_iter()
        .filter(|shell| find(shell[0]).is_some())
        .collect();
    assert!(there.len() >= 2, "{there:?}");
    there
}

fn ended(command: &mut Command) -> Outcome {
    let output = command.output().unwrap();
    Outcome {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    }
}
