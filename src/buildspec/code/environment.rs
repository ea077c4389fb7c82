//! Variables, secrets, artifacts, reports and caches that are not what they seem.

use super::definition::{Code, Severity};

pub(in super::super) static SECRET: Code = Code {
    id: "bs201",
    name: "secret-reference",
    severity: Severity::Warning,
    summary: "A reference to a secret cannot be read.",
    explanation: "A reference is `secret-id:json-key:version-stage:version-id`, where the id is a name \
        or an ARN of Secrets Manager and the last two exclude each other. Parts may be empty \
        or absent from the end.",
    bad: "\
version: 0.2
env:
  secrets-manager:
    TOKEN: app:token:AWSCURRENT:1:2
phases:
  build:
    commands:
      - make
",
    good: "\
version: 0.2
env:
  secrets-manager:
    TOKEN: app:token:AWSCURRENT
phases:
  build:
    commands:
      - make
",
};

pub(in super::super) static RESERVED_NAME: Code = Code {
    id: "bs202",
    name: "reserved-name",
    severity: Severity::Warning,
    summary: "A variable has a name that is reserved.",
    explanation: "Names that begin with CODEBUILD_ belong to CodeBuild, and names that begin with AWS_ \
        cannot be exported.",
    bad: "\
version: 0.2
env:
  variables:
    CODEBUILD_STAGE: test
phases:
  build:
    commands:
      - make
",
    good: "\
version: 0.2
env:
  variables:
    STAGE: test
phases:
  build:
    commands:
      - make
",
};

pub(in super::super) static LITERAL_VARIABLE: Code = Code {
    id: "bs203",
    name: "literal-variable",
    severity: Severity::Warning,
    summary: "A value refers to a variable, but values are not expanded.",
    explanation: "What stands under `env.variables` reaches the build as written: `PATH: $PATH:/x` \
        makes PATH that very text and every command vanish. Assign it in a command instead; \
        assignments carry over in version 0.2.",
    bad: "\
version: 0.2
env:
  variables:
    URL: https://$HOST/
phases:
  build:
    commands:
      - make
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - URL=https://$HOST/
      - curl $URL
",
};

pub(in super::super) static CREDENTIALS: Code = Code {
    id: "bs204",
    name: "plain-credentials",
    severity: Severity::Warning,
    summary: "AWS credentials stand in plain text.",
    explanation: "Everyone who may read the source or the build can read them. Use the role of the \
        project, or `secrets-manager`.",
    bad: "\
version: 0.2
env:
  variables:
    AWS_SECRET_ACCESS_KEY: abc
phases:
  build:
    commands:
      - make
",
    good: "\
version: 0.2
env:
  secrets-manager:
    AWS_SECRET_ACCESS_KEY: app:key
phases:
  build:
    commands:
      - make
",
};

pub(in super::super) static UNSET_EXPORT: Code = Code {
    id: "bs205",
    name: "unset-export",
    severity: Severity::Warning,
    summary: "An exported variable is set nowhere.",
    explanation: "`exported-variables` hands on what a variable holds at the end of the build; of one \
        that nothing sets, nothing. A variable counts as set when any command as much as \
        names it.",
    bad: "\
version: 0.2
env:
  exported-variables:
    - TAG
phases:
  build:
    commands:
      - make
",
    good: "\
version: 0.2
env:
  exported-variables:
    - TAG
phases:
  build:
    commands:
      - TAG=$(date +%s)
",
};

pub(in super::super) static GLOB: Code = Code {
    id: "bs301",
    name: "glob",
    severity: Severity::Warning,
    summary: "A pattern of files cannot match what it seems to.",
    explanation: "Patterns are relative to `base-directory` and know `*` and `**`; there is no `!`, \
        and no shell that knows `~`.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - make
artifacts:
  base-directory: dist
  files:
    - dist/**/*
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - make
artifacts:
  base-directory: dist
  files:
    - '**/*'
",
};

pub(in super::super) static NO_FILES: Code = Code {
    id: "bs302",
    name: "no-files",
    severity: Severity::Warning,
    summary: "Artifacts, an artifact or a report names no files.",
    explanation: "`files` is required. Secondary artifacts need it at the top level too.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - make
artifacts:
  name: app
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - make
artifacts:
  name: app
  files: app.zip
",
};

pub(in super::super) static FALLBACK: Code = Code {
    id: "bs303",
    name: "fallback-without-key",
    severity: Severity::Warning,
    summary: "The cache has `fallback-keys` without a `key`.",
    explanation: "Fallback keys are tried when no entry has the `key`. Without one there is nothing to \
        fall back from. There may be five of them.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - make
cache:
  paths: /root/.npm
  fallback-keys: npm-
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - make
cache:
  paths: /root/.npm
  key: npm-$(codebuild-hash-files package-lock.json)
  fallback-keys: npm-
",
};
