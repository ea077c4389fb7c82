//! Words by which people know flags and commands elsewhere.

/// What `-v` is not.
pub(super) const VOLUME: &str =
    "`-v` is `--verbose`; `--volume HOST:CONTAINER` mounts a directory of this machine";

const AWS: &str = "AWS is not asked; `--secrets FILE` gives the values of secrets";
const FILE: &str = "`-b FILE` names the buildspec";
const SHELL: &str = "`--debug` pauses at a failing command and offers a shell";
const SOURCE: &str = "`-s DIR` names the source";

/// Names of flags that do not exist, what is meant by them, and the flag without which the tip does not
/// count.
pub(super) const FLAGS: &[(&[&str], &str, Option<&str>)] = &[
    (
        &[
            "output",
            "out",
            "o",
            "output-dir",
            "artifact",
            "artifacts-dir",
            "artifacts-override",
        ],
        "`-a DIR` keeps the artifacts",
        None,
    ),
    (
        &["output", "out", "o", "log", "logs", "tee"],
        "`--log-file FILE` writes the log to a file",
        Some("log-file"),
    ),
    (
        &["rm", "remove", "no-rm", "keep", "reuse"],
        "containers are always removed; `--debug=keep` leaves one after a failure",
        None,
    ),
    (&["f", "file", "buildspec-override", "spec"], FILE, None),
    (&["c", "aws-config", "credentials"], AWS, None),
    (&["p", "profile"], AWS, None),
    (
        &["p", "profile"],
        "`--config-profile NAME` chooses a profile of cobuild.toml",
        None,
    ),
    (
        &["r", "report", "reports", "report-dir"],
        "test reports are not collected",
        None,
    ),
    (
        &["l", "agent-image"],
        "there is no agent image: cobuild runs the build itself",
        None,
    ),
    (
        &["image-override", "docker-image", "t", "tag"],
        "`-i IMAGE` names the image",
        None,
    ),
    (
        &[
            "environment-variables-override",
            "environment",
            "var",
            "variable",
            "set",
        ],
        "`--env NAME=VALUE` sets a variable",
        None,
    ),
    (
        &["privileged-mode-override", "privileged-mode", "dind"],
        "`--privileged` runs the container privileged",
        None,
    ),
    (
        &["compute-type-override"],
        "`--compute-type TYPE` sets processors and memory",
        None,
    ),
    (
        &["timeout-in-minutes-override", "timeout-in-minutes"],
        "`--timeout 30m` limits the build",
        None,
    ),
    (
        &["cache-override", "no-cache"],
        "`--cache TYPE` says how caches are kept; without it none is",
        None,
    ),
    (
        &[
            "source-location-override",
            "project",
            "project-dir",
            "dir",
            "directory",
            "workdir",
            "w",
            "C",
            "chdir",
            "cwd",
        ],
        SOURCE,
        None,
    ),
    (
        &["branch", "commit", "ref", "sha", "revision"],
        "`--source-version REF` builds a commit, branch or tag",
        None,
    ),
    (&["shell", "interactive", "it", "tty", "pause"], SHELL, None),
    (
        &["bind", "volumes"],
        "`--volume HOST:CONTAINER` mounts a directory of this machine",
        None,
    ),
    (&["json"], "`--format json` writes JSON", None),
    (
        &["phase", "phases", "step", "stage"],
        "`--only PHASE` runs one phase, `--from PHASE` begins at one",
        None,
    ),
    (
        &["skip", "exclude-command"],
        "`--mock REGEX` skips commands",
        None,
    ),
    (
        &["dryrun", "n", "just-print", "noop"],
        "`--dry-run` shows the plan and runs nothing",
        None,
    ),
    (
        &["config"],
        "cobuild reads cobuild.toml in the source and above it",
        None,
    ),
];

/// Names of commands that do not exist, and what is meant by them.
pub(super) const COMMANDS: &[(&[&str], &str)] = &[
    (
        &[
            "build",
            "start",
            "start-build",
            "up",
            "exec-build",
            "local",
            "go",
        ],
        "`cobuild run` runs a build",
    ),
    (
        &["lint", "validate", "verify", "test", "fmt"],
        "`cobuild check` finds problems of buildspecs",
    ),
    (
        &["exec", "shell", "sh", "bash", "debug", "attach", "ssh"],
        "`cobuild run --debug` pauses at a failing command and offers a shell",
    ),
    (
        &["explain"],
        "`cobuild check --explain CODE` explains a code",
    ),
    (
        &["dry-run", "show", "graph", "config", "env"],
        "`cobuild plan` shows what a build would do",
    ),
    (
        &["prune", "rm", "gc", "down", "stop"],
        "`cobuild clean` removes what dead runs left",
    ),
    (
        &["list", "ls", "image", "runtimes"],
        "`cobuild images` lists the images of CodeBuild",
    ),
    (
        &["info", "status", "ping"],
        "`cobuild doctor` examines the engine and this machine",
    ),
    (&["version"], "`cobuild --version` prints the version"),
];

/// The tips about a flag; `has` says which flags there are.
pub(super) fn of_flag(name: &str, has: impl Fn(&str) -> bool) -> Vec<String> {
    FLAGS
        .iter()
        .filter(|(names, _, needs)| names.contains(&name) && needs.is_none_or(&has))
        .map(|(_, tip, _)| (*tip).to_owned())
        .collect()
}

/// The tip about a command.
pub(super) fn of_command(name: &str) -> Option<&'static str> {
    let known = COMMANDS.iter().find(|(names, _)| names.contains(&name));
    known.map(|(_, tip)| *tip)
}
