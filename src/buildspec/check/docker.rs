//! Docker commands, and where their daemon comes from (contract §5).

use super::super::code::DOCKER_DAEMON;
use super::super::code::UNPRIVILEGED;
use super::super::diagnostic::Findings;
use super::super::keys::Section;
use super::key_uses::{KeyUses, text};
use super::phase_commands::{PhaseCommand, PhaseCommands};
use super::program::Program;
use super::shell::Command;

/// Commands of `docker` that ask its daemon for something. `login` asks the registry, `manifest` and
/// `context` nobody; `info` and `version` are how people look whether there is a daemon.
const ASKS_DAEMON: &[&str] = &[
    "attach",
    "build",
    "builder",
    "commit",
    "container",
    "cp",
    "create",
    "diff",
    "events",
    "exec",
    "export",
    "history",
    "image",
    "images",
    "import",
    "inspect",
    "kill",
    "load",
    "logs",
    "network",
    "port",
    "ps",
    "pull",
    "push",
    "rename",
    "restart",
    "rm",
    "rmi",
    "run",
    "save",
    "search",
    "start",
    "stats",
    "stop",
    "swarm",
    "system",
    "tag",
    "top",
    "update",
    "volume",
    "wait",
];

/// Options of `docker` that name another daemon.
const ELSEWHERE: &[&str] = &["-H", "--host", "-c", "--context"];

/// What is only to be read where a daemon is started, or where another one is named.
const DAEMON_WORDS: &[&str] = &[
    "dockerd",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "docker context",
    "podman",
];

/// Variables that name another daemon.
const DAEMON_VARIABLES: &[&str] = &["DOCKER_HOST", "DOCKER_CONTEXT"];

/// Tells of the first docker command, where nothing of the buildspec speaks of a daemon or of
/// privileged mode. That the project has the mode is not to be seen here, so once is enough.
pub(super) fn find(places: &KeyUses<'_>, items: &PhaseCommands<'_>, findings: &mut Findings<'_>) {
    let Some((item, line, what)) = first_use(items) else {
        return;
    };
    if findings.has(&UNPRIVILEGED)
        || batch_is_privileged(places)
        || variables_name_daemon(places)
        || items.items.iter().any(speaks_of_daemon)
    {
        return;
    }
    let place = item.place(what, line, findings);
    let what: Vec<&str> = what.split_whitespace().collect();
    let what = what.join(" ");
    findings
        .add(
            &DOCKER_DAEMON,
            place,
            format!("`{what}` needs a Docker daemon, and nothing here starts one"),
        )
        .help(
            "a privileged build has one: the project sets that, not the buildspec; check with `-d` if the \
             project is privileged",
        );
}

/// Returns whether a command of the buildspec needs a docker daemon.
pub(super) fn is_used(items: &PhaseCommands<'_>) -> bool {
    first_use(items).is_some()
}

/// Returns the first command that needs a daemon, such as `docker build`, with its item and line.
fn first_use<'items, 'tree>(
    items: &'items PhaseCommands<'tree>,
) -> Option<(&'items PhaseCommand<'tree>, usize, &'tree str)> {
    items.items.iter().find_map(|item| {
        item.script.commands.iter().find_map(|command| {
            let program = Program::of(command)?;
            let last = daemon_use(&program)?;
            let what = item.stretch(program.word, last).unwrap_or(program.word);
            Some((item, command.line, what))
        })
    })
}

/// Returns the last word that tells what is asked of the daemon, if anything is.
fn daemon_use<'tree>(program: &Program<'_, 'tree>) -> Option<&'tree str> {
    let first = program.subcommand()?;
    let mut options = program.arguments.iter().take_while(|word| **word != first);
    let is_elsewhere = options.any(|word| {
        let name = word.split_once('=').map_or(*word, |(name, _)| name);
        ELSEWHERE.contains(&name)
    });
    // Compose reads its file without a daemon.
    let looks = program.has(&["config", "help", "version"]);
    let asks = match program.name {
        "docker" => match first {
            "compose" => !looks,
            "buildx" => program.has(&["build", "bake"]),
            _ => ASKS_DAEMON.contains(&first),
        },
        "docker-compose" => !looks,
        _ => false,
    };
    let last = if program.name == "docker" {
        first
    } else {
        program.word
    };
    (asks && !is_elsewhere).then_some(last)
}

fn batch_is_privileged(places: &KeyUses<'_>) -> bool {
    [Section::BatchEnv, Section::MatrixStaticEnv]
        .into_iter()
        .flat_map(|section| places.all(section, "privileged-mode"))
        .any(|place| text(&place.entry.value).is_some_and(is_yes))
}

fn is_yes(text: &str) -> bool {
    ["true", "yes", "on", "y"]
        .iter()
        .any(|yes| yes.eq_ignore_ascii_case(text))
}

fn variables_name_daemon(places: &KeyUses<'_>) -> bool {
    [
        (Section::Env, "variables"),
        (Section::Env, "parameter-store"),
        (Section::Env, "secrets-manager"),
        (Section::EnvironmentVariables, "plaintext"),
        (Section::BatchEnv, "variables"),
        (Section::MatrixDynamicEnv, "variables"),
    ]
    .into_iter()
    .flat_map(|(section, name)| places.all(section, name))
    .flat_map(|place| place.entry.value.entries())
    .filter_map(|entry| entry.key.text.as_deref())
    .any(|name| DAEMON_VARIABLES.contains(&name))
}

fn speaks_of_daemon(item: &PhaseCommand<'_>) -> bool {
    let lines = item.text.lines();
    lines
        .filter(|line| !line.trim_start().starts_with('#'))
        .any(|line| DAEMON_WORDS.iter().any(|word| line.contains(word)))
        || item.script.commands.iter().any(starts_daemon)
}

/// Returns whether a command is like `service docker start`, `systemctl start docker` or
/// `./start-docker.sh`.
fn starts_daemon(command: &Command<'_>) -> bool {
    let name = command.name().unwrap_or_default();
    let has = |part: &str| command.words.iter().any(|word| word.contains(part));
    !matches!(name, "docker" | "docker-compose" | "echo" | "printf")
        && has("docker")
        && has("start")
}

#[cfg(test)]
mod tests {
    use super::super::{Project, check, diagnose};

    /// Where the daemon is missed in a buildspec with these commands.
    fn missed(head: &str, commands: &[&str]) -> Vec<String> {
        let head = format!("version: 0.2\n{head}phases:\n  build:\n    commands:\n");
        let items = commands
            .iter()
            .map(|command| format!("      - |\n        {command}\n"));
        let text: String = std::iter::once(head).chain(items).collect();
        check(text.as_bytes())
            .iter()
            .filter(|one| one.code.id == "bs507")
            .map(|one| {
                let (start, end) = (one.span.start, one.span.end);
                let lines: Vec<&str> = text.lines().collect();
                lines[start.line - 1][start.column - 1..end.column - 1].to_owned()
            })
            .collect()
    }

    #[test]
    fn commands_that_need_a_daemon_are_told_once() {
        for (commands, place) in [
            (["make", "docker build ."], "docker build"),
            (["docker pull x", "docker run x"], "docker pull"),
            (["cd docker && docker  run x", ""], "docker  run"),
            (
                ["sudo -E /usr/bin/docker push x", ""],
                "/usr/bin/docker push",
            ),
            (["if docker inspect x; then y; fi", ""], "docker inspect"),
            (
                ["docker --debug compose up", "make"],
                "docker --debug compose",
            ),
            (["docker run x --host=y --version", "make"], "docker run"),
            (["docker-compose -f x up -d", "make"], "docker-compose"),
            (["docker buildx build .", "make"], "docker buildx"),
            (["echo start docker build", "docker tag x y"], "docker tag"),
            (["# dockerd &", "docker run x"], "docker run"),
            (["docker start x", "docker restart y"], "docker start"),
        ] {
            assert_eq!(missed("", &commands), [place], "{commands:?}");
        }
    }

    #[test]
    fn commands_that_need_none_are_left_alone() {
        for command in [
            "docker --version",
            "docker version; docker info",
            "aws ecr get-login-password | docker login --password-stdin x",
            "docker logout; docker manifest push x; docker context use x",
            "docker; docker --help; docker-compose --version",
            "docker -H tcp://build:2375 build .",
            "docker --context=remote run x",
            "docker compose version; docker-compose -f x config",
            "docker buildx version",
            "echo docker build; make docker",
        ] {
            assert!(missed("", &[command]).is_empty(), "{command}");
        }
    }

    #[test]
    fn whatever_speaks_of_a_daemon_is_believed() {
        for daemon in [
            "nohup /usr/local/bin/dockerd --host=unix:///var/run/docker.sock &",
            "dockerd-entrypoint.sh true",
            "sh -c 'dockerd &'",
            "service docker start",
            "sudo systemctl start docker",
            "/etc/init.d/docker restart",
            "./ci/start-docker.sh",
            "start-dockerd",
            "export DOCKER_HOST=tcp://build:2375",
            "docker context use remote",
            "alias docker=podman",
        ] {
            assert!(missed("", &[daemon, "docker run x"]).is_empty(), "{daemon}");
            assert!(missed("", &["docker run x", daemon]).is_empty(), "{daemon}");
        }
        for head in [
            "env: {variables: {DOCKER_HOST: x}}\n",
            "env: {parameter-store: {DOCKER_CONTEXT: x}}\n",
            "env: {shell: powershell.exe}\n",
            "batch: {build-list: [{identifier: a, env: {privileged-mode: true}}]}\n",
            "batch: {build-graph: [{identifier: a, env: {variables: {DOCKER_HOST: x}}}]}\n",
            "batch: {build-matrix: {static: {env: {privileged-mode: yes}}}}\n",
            // This is told of the mode itself.
            "batch: {build-list: [{identifier: a, env: {privileged-mode: no}}]}\n",
        ] {
            assert!(missed(head, &["docker run x"]).is_empty(), "{head}");
        }
        for head in [
            "env: {variables: {DOCKER_USER: x}}\n",
            "batch: {build-list: [{identifier: a}]}\n",
            "batch: {build-matrix: {static: {env: {privileged-mode: no}}}}\n",
        ] {
            assert_eq!(missed(head, &["docker run x"]), ["docker run"], "{head}");
        }
    }

    #[test]
    fn a_privileged_project_has_its_daemon() {
        let text = b"version: 0.2\nphases:\n  build:\n    commands:\n      - docker build .\n";
        let count = |privileged| diagnose(text, Project { privileged }).told.len();
        assert_eq!((count(false), count(true)), (1, 0));
    }
}
