//! Keys and values that CodeBuild ignores or reads as something else.

use super::definition::{Code, Severity};

pub(in super::super) static UNKNOWN_KEY: Code = Code {
    id: "bs101",
    name: "unknown-key",
    severity: Severity::Warning,
    summary: "A key is unknown, so it does nothing.",
    explanation: "CodeBuild names unknown keys under `Found possible syntax errors in buildspec` and \
        goes on without them: a misspelt `artifacts` is no artifact, a misspelt `depend-on` \
        no dependency.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - make
artifacts:
  files: out
  base_directory: dist
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - make
artifacts:
  files: out
  base-directory: dist
",
};

pub(in super::super) static KEY_CASE: Code = Code {
    id: "bs102",
    name: "key-case",
    severity: Severity::Warning,
    summary: "A key is written in another case than documented.",
    explanation: "The reference writes all keys in lower case. That another case works is seen in \
        single builds but promised nowhere.",
    bad: "\
version: 0.2
phases:
  build:
    Commands:
      - make
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - make
",
};

pub(in super::super) static DUPLICATE_KEY: Code = Code {
    id: "bs103",
    name: "duplicate-key",
    severity: Severity::Warning,
    summary: "A map has the same key twice; the last one counts.",
    explanation: "What stands under the first of two equal keys is lost without a word.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - make
    commands:
      - make test
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - make
      - make test
",
};

pub(in super::super) static EMPTY_PHASE: Code = Code {
    id: "bs104",
    name: "empty-phase",
    severity: Severity::Warning,
    summary: "A phase has neither commands nor runtime versions.",
    explanation: "Such a phase does nothing. Often its `commands` are indented wrongly or misspelt.",
    bad: "\
version: 0.2
phases:
  build:
    on-failure: ABORT
",
    good: "\
version: 0.2
phases:
  install:
    runtime-versions:
      nodejs: 22
",
};

pub(in super::super) static EMPTY_ITEM: Code = Code {
    id: "bs105",
    name: "empty-item",
    severity: Severity::Warning,
    summary: "An item of a list is empty.",
    explanation: "A `-` with nothing behind it is no command and no file. Often the text behind it was \
        commented out.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      -
      - make
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - make
",
};

pub(in super::super) static IGNORED_KIND: Code = Code {
    id: "bs106",
    name: "ignored-kind",
    severity: Severity::Warning,
    summary: "A value of a batch has the wrong kind.",
    explanation: "A single build does not look at the batch of its buildspec. A batch build does, and \
        fails before any of its builds starts.",
    bad: "\
version: 0.2
batch:
  build-matrix:
    dynamic:
      env:
        variables:
          - VERSION
",
    good: "\
version: 0.2
batch:
  build-matrix:
    dynamic:
      env:
        variables:
          VERSION: [8, 11, 17]
",
};

pub(in super::super) static ON_FAILURE: Code = Code {
    id: "bs107",
    name: "on-failure",
    severity: Severity::Warning,
    summary: "An `on-failure` has a form that does not exist, so the default holds.",
    explanation: "The forms are ABORT, CONTINUE, RETRY, RETRY-count, RETRY-regex and \
        RETRY-count-regex, with a count from 0 to 100.",
    bad: "\
version: 0.2
phases:
  build:
    on-failure: STOP
    commands:
      - make
",
    good: "\
version: 0.2
phases:
  build:
    on-failure: RETRY-2
    commands:
      - make
",
};

pub(in super::super) static REPORT_FORMAT: Code = Code {
    id: "bs108",
    name: "report-format",
    severity: Severity::Warning,
    summary: "A report's `file-format` does not exist.",
    explanation: "Test formats are CUCUMBERJSON, JUNITXML, NUNITXML, NUNIT3XML, TESTNGXML and \
        VISUALSTUDIOTRX; coverage formats are CLOVERXML, COBERTURAXML, JACOCOXML and \
        SIMPLECOV. Case does not matter.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - make
reports:
  unit:
    files: out.xml
    file-format: JUNIT
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - make
reports:
  unit:
    files: out.xml
    file-format: JunitXml
",
};

pub(in super::super) static SHELL: Code = Code {
    id: "bs109",
    name: "shell",
    severity: Severity::Warning,
    summary: "The shell is not one that CodeBuild documents.",
    explanation: "Documented are `bash` and `/bin/sh` on Linux, `powershell.exe` and `cmd.exe` on \
        Windows.",
    bad: "\
version: 0.2
env:
  shell: basch
phases:
  build:
    commands:
      - make
",
    good: "\
version: 0.2
env:
  shell: bash
phases:
  build:
    commands:
      - make
",
};

pub(in super::super) static BOOLEAN: Code = Code {
    id: "bs110",
    name: "boolean",
    severity: Severity::Warning,
    summary: "A flag is neither yes nor no, so it is read as no.",
    explanation: "A flag takes yes and no in any spelling of YAML 1.1: yes, on, true, y and their \
        opposites.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - make
artifacts:
  files: out
  discard-paths: 1
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - make
artifacts:
  files: out
  discard-paths: yes
",
};

pub(in super::super) static RUNTIME: Code = Code {
    id: "bs111",
    name: "runtime",
    severity: Severity::Warning,
    summary: "A runtime is not one of those that build images have.",
    explanation: "Images know android, dotnet, golang, java, nodejs, php, python, ruby and rust; each \
        image lists its own, and any other name ends the build in DOWNLOAD_SOURCE.",
    bad: "\
version: 0.2
phases:
  install:
    runtime-versions:
      node: 22
",
    good: "\
version: 0.2
phases:
  install:
    runtime-versions:
      nodejs: 22
",
};

pub(in super::super) static UNKNOWN_CODE: Code = Code {
    id: "bs112",
    name: "unknown-code",
    severity: Severity::Warning,
    summary: "A comment allows a code that does not exist.",
    explanation: "`# cobuild: allow(code)` takes codes or their names, with commas between them. On a \
        line or the line above it silences that line; above everything else in the file it \
        silences all of it. Errors cannot be silenced.",
    bad: "\
# cobuild: allow(bs999)
version: 0.2
phases:
  build:
    commands:
      - make
",
    good: "\
# cobuild: allow(bashism)
version: 0.2
phases:
  build:
    commands:
      - make
",
};

pub(in super::super) static STEPS: Code = Code {
    id: "bs113",
    name: "steps",
    // Whether the account is connected is not the buildspec's to say.
    severity: Severity::Warning,
    summary: "A phase has `steps`, which needs an account that is connected to GitHub.",
    explanation: "GitHub Actions steps run only where the AWS account has a connection to GitHub. \
        Elsewhere CodeBuild refuses the whole buildspec.",
    bad: "\
version: 0.2
phases:
  build:
    steps:
      - uses: actions/checkout@v4
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - make
",
};
