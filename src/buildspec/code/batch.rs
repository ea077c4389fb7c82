//! Batches that CodeBuild refuses when they start, or that do not do what they say.

use super::definition::{Code, Severity};

pub(in super::super) static IDENTIFIER: Code = Code {
    id: "bs401",
    name: "identifier",
    severity: Severity::Warning,
    summary: "The identifier of a build is missing or has characters that are not allowed.",
    explanation: "Identifiers are letters, digits and underscores, fewer than 128. The batch ends with \
        BATCH_SPEC_VALIDATION_ERROR otherwise.",
    bad: "\
version: 0.2
batch:
  build-list:
    - identifier: unit-tests
",
    good: "\
version: 0.2
batch:
  build-list:
    - identifier: unit_tests
",
};

pub(in super::super) static DUPLICATE_IDENTIFIER: Code = Code {
    id: "bs402",
    name: "duplicate-identifier",
    severity: Severity::Warning,
    summary: "Two builds of a batch have the same identifier.",
    explanation: "Identifiers tell the builds of a batch apart, so each may stand once.",
    bad: "\
version: 0.2
batch:
  build-list:
    - identifier: a
    - identifier: a
",
    good: "\
version: 0.2
batch:
  build-list:
    - identifier: a
    - identifier: b
",
};

pub(in super::super) static DEPENDENCY: Code = Code {
    id: "bs403",
    name: "unknown-dependency",
    severity: Severity::Warning,
    summary: "A build depends on one that is not in the graph.",
    explanation: "`depend-on` takes identifiers of the same `build-graph`.",
    bad: "\
version: 0.2
batch:
  build-graph:
    - identifier: a
      depend-on: [b]
",
    good: "\
version: 0.2
batch:
  build-graph:
    - identifier: a
      depend-on: [b]
    - identifier: b
",
};

pub(in super::super) static CYCLE: Code = Code {
    id: "bs404",
    name: "dependency-cycle",
    severity: Severity::Warning,
    summary: "Builds depend on each other in a circle.",
    explanation: "None of them can ever start.",
    bad: "\
version: 0.2
batch:
  build-graph:
    - identifier: a
      depend-on: [b]
    - identifier: b
      depend-on: [a]
",
    good: "\
version: 0.2
batch:
  build-graph:
    - identifier: a
      depend-on: [b]
    - identifier: b
",
};

pub(in super::super) static BATCH_KIND: Code = Code {
    id: "bs405",
    name: "batch-kind",
    severity: Severity::Warning,
    summary: "A batch has none or several of the four kinds.",
    explanation: "A batch has exactly one of `build-list`, `build-graph`, `build-matrix` and \
        `build-fanout`.",
    bad: "\
version: 0.2
batch:
  build-list:
    - identifier: a
  build-graph:
    - identifier: b
",
    good: "\
version: 0.2
batch:
  build-list:
    - identifier: a
    - identifier: b
",
};

pub(in super::super) static QUOTED_VERSION: Code = Code {
    id: "bs406",
    name: "quoted-version",
    severity: Severity::Warning,
    summary: "The `version` of a batch is in quotes.",
    explanation: "A single build takes `version: \"0.2\"`, but a batch build wants the bare number and \
        fails.",
    bad: "\
version: \"0.2\"
batch:
  build-list:
    - identifier: a
",
    good: "\
version: 0.2
batch:
  build-list:
    - identifier: a
",
};

pub(in super::super) static FLEET: Code = Code {
    id: "bs407",
    name: "fleet-and-compute-type",
    severity: Severity::Warning,
    summary: "A build names both a `fleet` and a `compute-type`.",
    explanation: "A fleet has its own machines, so the two exclude each other.",
    bad: "\
version: 0.2
batch:
  build-list:
    - identifier: a
      env:
        fleet: mine
        compute-type: BUILD_GENERAL1_SMALL
",
    good: "\
version: 0.2
batch:
  build-list:
    - identifier: a
      env:
        fleet: mine
",
};

pub(in super::super) static UNPRIVILEGED: Code = Code {
    id: "bs408",
    name: "docker-unprivileged",
    severity: Severity::Warning,
    summary: "A build runs docker commands with `privileged-mode` off.",
    explanation: "The docker daemon starts only in a privileged container. This is told where a batch \
        turns the mode off for commands of this very file.",
    bad: "\
version: 0.2
batch:
  build-list:
    - identifier: a
      env:
        privileged-mode: false
phases:
  build:
    commands:
      - docker build .
",
    good: "\
version: 0.2
batch:
  build-list:
    - identifier: a
      env:
        privileged-mode: true
phases:
  build:
    commands:
      - docker build .
",
};

pub(in super::super) static PARALLELISM: Code = Code {
    id: "bs409",
    name: "parallelism",
    severity: Severity::Warning,
    summary: "A `build-fanout` does not say how many builds run at once.",
    explanation: "`parallelism` is a whole number above 0, and there is no default.",
    bad: "\
version: 0.2
batch:
  build-fanout:
    ignore-failure: false
",
    good: "\
version: 0.2
batch:
  build-fanout:
    parallelism: 5
",
};
