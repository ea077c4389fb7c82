//! A developer, who has no rights but to his own files.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use walkdir::WalkDir;

use crate::env::TestEnv;

/// The number of the user and of his group. He need not be on the machine's list of users.
pub(crate) const USER: u32 = 1000;

/// The user, and a copy of cobuild that he may run.
#[derive(Debug)]
pub(crate) struct PlainUser {
    directory: TempDir,
    group: Option<u32>,
}

impl PlainUser {
    /// One of no other group.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
        // The built one may lie in a directory that is closed to others.
        let program = directory.path().join("cobuild");
        fs::copy(env!("CARGO_BIN_EXE_cobuild"), program).unwrap();
        Self {
            directory,
            group: None,
        }
    }

    /// One of this group besides his own.
    pub(crate) fn of_group(group: u32) -> Self {
        Self {
            group: Some(group),
            ..Self::new()
        }
    }

    fn program(&self) -> PathBuf {
        self.directory.path().join("cobuild")
    }

    /// The same command line, run by him. All files of the environment are his by then.
    pub(crate) fn command(&self, command: &Command, env: &TestEnv) -> Command {
        give(&env.path(""));
        let mut his = Command::new("setpriv");
        his.arg(format!("--reuid={USER}"))
            .arg(format!("--regid={USER}"));
        match self.group {
            Some(group) => his.arg(format!("--groups={group}")),
            None => his.arg("--clear-groups"),
        };
        his.arg(self.program())
            .args(command.get_args())
            .current_dir(command.get_current_dir().unwrap_or(Path::new("/")))
            .env_clear();
        let set = command.get_envs();
        his.envs(set.filter_map(|(name, value)| Some((name, value?))));
        his
    }
}

fn give(tree: &Path) {
    for entry in WalkDir::new(tree).into_iter().map(Result::unwrap) {
        // Who gives away what is his already takes privileges from its mode.
        if entry.metadata().unwrap().uid() != USER {
            lchown(entry.path(), Some(USER), Some(USER)).unwrap();
        }
    }
}
