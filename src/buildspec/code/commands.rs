//! Commands that rely on what does not carry over, or fail without a word.

use super::definition::{Code, Severity};

pub(in super::super) static LOST_DEFINITION: Code = Code {
    id: "bs501",
    name: "lost-definition",
    severity: Severity::Warning,
    summary: "A command uses a function, alias or array that another item defines.",
    explanation: "Each item runs in a shell of its own. The directory and plain variables carry over; \
                  functions, aliases and arrays do not. Define and use them in one item, or put \
                  them in a file and read it where they are needed.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - 'greet() { echo hello; }'
      - greet
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - |
        greet() { echo hello; }
        greet
",
};

pub(in super::super) static LOST_OPTION: Code = Code {
    id: "bs502",
    name: "lost-option",
    severity: Severity::Warning,
    summary: "A shell option or trap stands in an item of its own and has no effect.",
    explanation: "Each item runs in a shell of its own, so `set -e`, `shopt` and `trap` end with the \
        item that holds them. Items stop at the first that fails anyway; within an item, put \
        the option on its first line.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - set -e
      - make
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - |
        set -e
        make
        make test
",
};

pub(in super::super) static BASHISM: Code = Code {
    id: "bs503",
    name: "bashism",
    severity: Severity::Warning,
    summary: "A command needs bash but may run in another `sh`.",
    explanation: "Without `env.shell` commands run in the image's `sh`: on Ubuntu images that is dash, \
        which does not know `[[`, `source`, `<<<`, `&>` and the like. On Amazon Linux images \
        `sh` is bash.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - source ./setup.sh
",
    good: "\
version: 0.2
env:
  shell: bash
phases:
  build:
    commands:
      - source ./setup.sh
",
};

pub(in super::super) static LOST_STATUS: Code = Code {
    id: "bs504",
    name: "lost-status",
    severity: Severity::Warning,
    summary: "A command asks for `$?` of the item before, which does not carry over.",
    explanation: "Each item runs in a shell of its own, in which `$?` is 0 at the start; and after an \
        item that failed, none follows in the phase. Put both into one item, or ask \
        CODEBUILD_LAST_EXIT or CODEBUILD_BUILD_SUCCEEDING in a later phase.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - make
      - '[ $? -eq 0 ] && echo ok'
",
    good: "\
version: 0.2
phases:
  build:
    commands:
      - make; [ $? -eq 0 ] && echo ok
",
};

pub(in super::super) static LOST_STATE: Code = Code {
    id: "bs505",
    name: "lost-state",
    severity: Severity::Warning,
    summary: "In version 0.1 nothing carries over, so the item has no effect.",
    explanation: "Version 0.1 starts each item afresh: `cd`, `export` and assignments end with their \
        item. Version 0.2 carries them over.",
    bad: "\
version: 0.1
phases:
  build:
    commands:
      - cd src
      - make
",
    good: "\
version: 0.1
phases:
  build:
    commands:
      - cd src && make
",
};

pub(in super::super) static MASKED_FAILURE: Code = Code {
    id: "bs506",
    name: "masked-failure",
    severity: Severity::Warning,
    summary: "A pipe hides that a build or a test failed.",
    explanation: "The status of `a | b` is that of `b`, and `tee`, `tail` or `grep -v` succeed whatever \
        `a` does. In bash, `set -o pipefail` at the start of the same item mends it; in sh, \
        write into a file and show it afterwards. Where a failure is no matter, `|| true` at \
        the end says so.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - make test | tee test.log
",
    good: "\
version: 0.2
env:
  shell: bash
phases:
  build:
    commands:
      - |
        set -o pipefail
        make test | tee test.log
",
};

pub(in super::super) static DOCKER_DAEMON: Code = Code {
    id: "bs507",
    name: "docker-daemon",
    severity: Severity::Warning,
    summary: "Docker commands need a daemon, and nothing in the buildspec starts one.",
    explanation: "Without privileged mode they are expected to end with `Cannot connect to the Docker \
        daemon at unix:///var/run/docker.sock`. The project sets that mode, not the \
        buildspec: where it does, check with `-d`, or write `# cobuild: allow(docker-daemon)` \
        above everything else. In a privileged build CodeBuild's own images start the daemon \
        themselves; in any other image the buildspec has to start `dockerd` first. Nothing is \
        told where a batch has `privileged-mode: true` or where something names a DOCKER_HOST; \
        else it is told once, at the first such command.",
    bad: "\
version: 0.2
phases:
  build:
    commands:
      - docker build .
",
    good: "\
version: 0.2
phases:
  install:
    commands:
      - nohup dockerd --host=unix:///var/run/docker.sock &
      - timeout 15 sh -c 'until docker info; do sleep 1; done'
  build:
    commands:
      - docker build .
",
};
