//! Programs that build, test or deploy: their failure is what a build is for.

use super::program::Program;

/// Programs that build or test: their failure is what a build is for.
const BUILDERS: &[&str] = &[
    "ant",
    "bazel",
    "bun",
    "bundle",
    "cargo",
    "cdk",
    "cmake",
    "composer",
    "ctest",
    "deno",
    "docker",
    "docker-compose",
    "dotnet",
    "go",
    "gradle",
    "gradlew",
    "jest",
    "make",
    "mocha",
    "mvn",
    "mvnw",
    "ninja",
    "nox",
    "npm",
    "npx",
    "packer",
    "phpunit",
    "pip",
    "pip3",
    "pipenv",
    "pnpm",
    "poetry",
    "pulumi",
    "pytest",
    "rake",
    "rspec",
    "sam",
    "sbt",
    "serverless",
    "sls",
    "terraform",
    "terragrunt",
    "tox",
    "tsc",
    "vitest",
    "yarn",
];

/// What makes such a program only tell something. Its output is all that it is run for.
const QUESTIONS: &[&str] = &[
    "--dry-run",
    "--help",
    "--info",
    "--list",
    "--version",
    "-version",
    "config",
    "context",
    "dependencies",
    "doc",
    "env",
    "events",
    "freeze",
    "graph",
    "help",
    "history",
    "image",
    "images",
    "info",
    "inspect",
    "list",
    "logs",
    "ls",
    "metadata",
    "network",
    "outdated",
    "output",
    "port",
    "properties",
    "ps",
    "query",
    "search",
    "show",
    "stack",
    "state",
    "stats",
    "tasks",
    "top",
    "tree",
    "version",
    "view",
    "volume",
    "whoami",
    "why",
    "workspace",
];

/// Installers: what they fail to install is missed by the next command.
const INSTALLERS: &[&str] = &["pip", "pip3"];

/// What `docker` builds and deploys with; the rest starts, stops and removes, and may well fail.
const DOCKER: &[&str] = &["build", "buildx", "compose", "push"];

/// Commands of `aws` that deploy, behind the name of a service.
const DEPLOYMENTS: &[&str] = &[
    "cp",
    "create-deployment",
    "create-stack",
    "deploy",
    "package",
    "publish-layer-version",
    "put-image",
    "sync",
    "update-function-code",
    "update-service",
    "update-stack",
];

/// Returns whether a program builds or tests, and does not only tell something.
pub(super) fn builds(program: &Program<'_, '_>) -> bool {
    let first = program.subcommand().unwrap_or_default();
    if program.name.starts_with("python") {
        return program.has(&["pytest", "unittest", "tox", "nox"]);
    }
    let asks = QUESTIONS.contains(&first)
        || program.arguments.iter().any(|word| {
            word.starts_with("--") && QUESTIONS.contains(word) || word.starts_with("help:")
        })
        || matches!(program.arguments, ["-v" | "-V" | "-h" | "-version"]);
    BUILDERS.contains(&program.name) && !asks
}

/// Returns whether a program makes something that is missed when it fails.
pub(super) fn must_succeed(program: &Program<'_, '_>) -> bool {
    match program.name {
        "aws" => program.has(DEPLOYMENTS),
        "docker" => {
            let makes = |first| DOCKER.contains(&first);
            builds(program) && program.subcommand().is_some_and(makes)
        }
        name => builds(program) && !INSTALLERS.contains(&name),
    }
}
