//! Problems for which CodeBuild refuses a buildspec.

use super::definition::{Code, Severity};

pub(in super::super) static SYNTAX: Code = Code {
    id: "bs001",
    name: "syntax",
    severity: Severity::Error,
    summary: "The text is not YAML.",
    explanation: "CodeBuild reads a buildspec with Go's YAML library and ends the build in \
        DOWNLOAD_SOURCE when it cannot. Its message counts lines from 0, and names the one on \
        which it had to stop; shown here is the line, counted from 1, on which the mistake \
        probably is. Usual ones are a tab as indentation, a `: ` in a command without quotes, \
        and a bracket or quote that is never closed.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
\t\t- make
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - make
",
};

pub(in super::super) static NO_BUILDSPEC: Code = Code {
    id: "bs002",
    name: "no-buildspec",
    severity: Severity::Error,
    summary: "The text is empty, has no `version`, or is no buildspec at all.",
    explanation: "A buildspec is a map with a `version`. Only a file that does nothing but list the \
        builds of a batch may lack it.",
    bad: "\
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
      - make
",
};

pub(in super::super) static VERSION: Code = Code {
    id: "bs003",
    name: "version",
    severity: Severity::Error,
    summary: "The `version` does not exist.",
    explanation: "There are two versions, `0.1` and `0.2`, and no other spelling of them.",
    bad: "\
version: 1.0
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
      - make
",
};

pub(in super::super) static PHASE_NAME: Code = Code {
    id: "bs004",
    name: "phase-name",
    severity: Severity::Error,
    summary: "A key under `phases` is no phase.",
    explanation: "The phases are `install`, `pre_build`, `build` and `post_build`, with an underscore. \
        An unknown key anywhere else is only ignored; here it ends the build. Often a \
        section such as `artifacts` is indented too far.",
    bad: "\
version: 0.2
phases:
  pre-build:
    commands:
      - make
",
    good: "\
version: 0.2
phases:
  pre_build:
    commands:
      - make
",
};

pub(in super::super) static COMMAND_TYPE: Code = Code {
    id: "bs005",
    name: "command-type",
    severity: Severity::Error,
    summary: "A command is a map or a list instead of a text.",
    explanation: "YAML reads `- echo \"a: b\"` as a map with the key `echo \"a`, because of the colon and \
        the blank. Put the whole command into quotes, or into a block after `|`.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - echo \"Hello: world\"
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - 'echo \"Hello: world\"'
",
};

pub(in super::super) static KIND: Code = Code {
    id: "bs006",
    name: "kind",
    severity: Severity::Error,
    summary: "A value has the wrong kind, such as a map where a text is wanted.",
    explanation: "Every key takes a text, a list or a map. A text may stand for a list of one; nothing \
        else is converted.",
    bad: "\
version: 0.2
env:
  variables:
    - NAME=value
phases:
  build:
    commands:
      - make
",
    good: "\
version: 0.2
env:
  variables:
    NAME: value
phases:
  build:
    commands:
      - make
",
};
