//! The surroundings of the process: its variables and what they say of directories.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use crate::engine::endpoint::EndpointInputs;
use crate::host::directory;
use crate::secrets::local::HostVariables;

/// The environment variables of this process, read once. `Debug` shows no value.
#[derive(Clone, Default)]
pub struct Environment {
    variables: HashMap<String, String>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    /// Takes these variables for the environment; names and values that are no text are left out.
    pub fn new(
        variables: impl IntoIterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
    ) -> Self {
        Self {
            variables: variables
                .into_iter()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
        }
    }

    /// Returns a variable's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Returns a variable's value unless it is empty.
    pub fn get_filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Returns all variables.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let variables = self.variables.iter();
        variables.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the variables that give secrets.
    pub fn secrets(&self) -> HostVariables {
        let variables = self.variables.iter();
        HostVariables::new(variables.map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Returns where caches and running builds' directories go.
    pub fn cache_directory(&self) -> PathBuf {
        self.base_directory("XDG_CACHE_HOME", ".cache")
    }

    /// Returns where counters go.
    pub fn state_directory(&self) -> PathBuf {
        self.base_directory("XDG_STATE_HOME", ".local/state")
    }

    /// Returns where the user's settings are; nowhere when his home is another user's.
    pub fn config_directory(&self) -> Option<PathBuf> {
        let named = self.absolute("XDG_CONFIG_HOME");
        let below_home = || {
            let home = self.absolute("HOME");
            let own = home.filter(|home| directory::is_home(home));
            own.map(|home| home.join(".config"))
        };
        named.or_else(below_home).map(|base| base.join("cobuild"))
    }

    /// Returns where sockets go: their paths may not be long.
    pub fn runtime_directory(&self) -> PathBuf {
        self.absolute("XDG_RUNTIME_DIR")
            .filter(|directory| directory.is_dir())
            .unwrap_or_else(std::env::temp_dir)
    }

    /// Returns what the choice of an engine depends on; `host` is `--host`, `context` is `--context`.
    pub fn surroundings(&self, host: Option<String>, context: Option<String>) -> EndpointInputs {
        let owned = |name| self.get(name).map(str::to_owned);
        let path = |name| self.get_filled(name).map(PathBuf::from);
        EndpointInputs {
            host,
            context,
            docker_host: owned("DOCKER_HOST"),
            docker_context: owned("DOCKER_CONTEXT"),
            docker_config: path("DOCKER_CONFIG"),
            docker_cert_path: path("DOCKER_CERT_PATH"),
            docker_tls_verify: self.get_filled("DOCKER_TLS_VERIFY").is_some(),
            docker_tls: self.get_filled("DOCKER_TLS").is_some(),
            container_host: owned("CONTAINER_HOST"),
            home: path("HOME"),
            runtime_directory: path("XDG_RUNTIME_DIR"),
        }
    }

    /// Returns the files that may have credentials for registries, the first first: the one that was
    /// named, the docker command's, Podman's.
    pub fn login_files(&self) -> Vec<PathBuf> {
        let path = |name| self.get_filled(name).map(PathBuf::from);
        let below_home = |name: &str| path("HOME").map(|home| home.join(name));
        [
            path("REGISTRY_AUTH_FILE"),
            path("DOCKER_CONFIG")
                .or_else(|| below_home(".docker"))
                .map(|directory| directory.join("config.json")),
            path("XDG_RUNTIME_DIR").map(|directory| directory.join("containers/auth.json")),
            path("XDG_CONFIG_HOME")
                .or_else(|| below_home(".config"))
                .map(|directory| directory.join("containers/auth.json")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Returns the home that is named and belongs to another user, as `sudo` may leave it. Nothing is
    /// kept there: it would be in that user's hand, and in his way.
    pub fn foreign_home(&self) -> Option<PathBuf> {
        let named = self.absolute("XDG_CACHE_HOME").is_some();
        let home = self.get_filled("HOME").filter(|_| !named);
        home.map(PathBuf::from)
            .filter(|home| !directory::is_home(home))
    }

    /// Without a home of its own a user has a directory beside those of others, by its number.
    fn base_directory(&self, variable: &str, below_home: &str) -> PathBuf {
        if let Some(base) = self.absolute(variable) {
            return base.join("cobuild");
        }
        match self.absolute("HOME") {
            Some(home) if directory::is_home(&home) => home.join(below_home).join("cobuild"),
            Some(_) | None => std::env::temp_dir().join(format!("cobuild-{}", directory::user())),
        }
    }

    /// A directory that a variable names; one that depends on where cobuild is run counts for none.
    fn absolute(&self, variable: &str) -> Option<PathBuf> {
        let named = self.get_filled(variable).map(PathBuf::from);
        named.filter(|path| path.is_absolute())
    }
}
