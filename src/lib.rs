//! Runs AWS CodeBuild buildspecs on one's own machine, through the Docker API.
//!
//! The `cobuild` command is a thin binary over this library, which makes no promise of a stable
//! interface. A build goes one way:
//!
//! ```text
//! command line ─ cli ─→ Request ─ build::start ─→ events ─→ sinks
//!                                     │
//!           source: trees, git ─→ plan::make ─→ Plan ─→ runner::run ─→ Outcome
//!             buildspec::parse ─┘     ↑                      │
//!                                   Facts             engine::Engine
//! ```
//!
//! - [`phase`] and [`exit`] are words: phases, statuses, contexts, exit statuses.
//! - [`build`] is a build as a value: what is asked of it, its sources, its life, its end. `examples/run_build.rs`
//!   runs one.
//! - [`buildspec`] is pure: text in, a typed buildspec or CodeBuild's own refusal out, or all that
//!   is wrong with it; and the language as a JSON Schema.
//! - [`project`] is pure: kinds of source, names of images, the curated images and where they come from.
//! - [`resources`] is pure: what a container gets of its machine, from compute types to directories.
//! - [`plan`] is pure: decides everything about a build before it runs. The phase machine
//!   [`plan::phases::next`] is a total function; [`plan::retry`] says whether a failed phase runs again.
//! - [`runtimes`] is pure: the runtimes that an image offers, and what a buildspec selects of them.
//! - [`secrets`] looks up the values that a buildspec wants from a store, through one trait.
//! - [`registry_credentials`] looks up what a registry wants to see, in the files of the docker and podman commands.
//! - [`host`] has the doors to this machine: files that somebody else made, directories of our own, programs.
//! - [`source`] reads the host's trees: git facts, checkouts of versions, zip files, what of a tree stays
//!   behind, a tree as a tar stream, what git needs besides, and what a build made of a tree. What it
//!   makes lies in a directory of the build's own, which goes with the build.
//! - [`engine`] is a trait at the level of container primitives, with the Docker API behind it and a
//!   scripted fake for the tests of the run loop.
//! - [`runner`] runs one plan: one container, one attached driver, one event after the other.
//! - [`ownership`] says whose an object in the engine is; [`leftovers`] finds and removes what dead runs left.
//! - [`doctor`] examines whether builds can run, over the same trait.
//! - [`cache`] keeps archives from build to build, and knows nothing of what is in them.
//! - [`artifacts`] brings files out of the container, entry by entry.
//! - [`mask`] is pure: hides the values of secrets, in texts and in output that comes in chunks.
//! - [`event`] is pure: the one interface between running and showing, and its stored form.
//! - [`channel`] is the way of events. Secrets are masked at its beginning, so that none is ever in it.
//! - [`record`] is pure: what is known of a build, gathered from its events.
//! - [`sinks`] show events, as they come or replayed: CodeBuild's log, JSON lines, the build as JSON, the
//!   summary.
//! - [`terminal`] is the one way to stdout and stderr: what a terminal would obey becomes visible there.
//! - [`settings`] resolves what the command line names: files, variables, directories; [`settings::layers`]
//!   is pure: what flags, variables and files say together, and what a repository may ask for.
//! - [`cli`] reads arguments, shows builds, words errors and hints, and decides the exit status.
//!
//! Which module may use which is data in `tests/it/architecture.rs`, and checked there.
//!
//! # How a command runs
//!
//! The container's main process is a POSIX shell program (`runner/container/bootstrap.sh`) that hands the lines
//! of its stdin to a second shell, the worker (`runner/container/worker.sh`), and takes everything down when its
//! stdin ends: so the container ends when cobuild does, even by SIGKILL in the middle of a command.
//! The worker runs one command at a time as CodeBuild's agent does, in a shell of its own around
//! which directory and variables are kept in files. Its answers travel in the same stream as the
//! output, fenced by a random token, so their order is exact and no command costs a request.
//!
//! # How a source gets in
//!
//! [`runner`] makes a list of trees: the sources, and directories of git that lie elsewhere. Each comes
//! in by an overlay whose lower layer it is, with a layer of whiteouts above it when something stays
//! behind; or as a tar stream onto a volume, when an overlay cannot be. Files that have to be others in
//! the build (a detached `HEAD`, a `.git` that leads elsewhere) are written in the container.
//!
//! # What is not trusted
//!
//! A repository, a build, an image and other users of the machine may mean harm (`SECURITY.md`). What they
//! made passes through a few doors, and the doors check; `tests/it/architecture.rs` says that nobody goes
//! round them.
//!
//! - [`host`]: files of others are regular, bounded and reached without links that lead out; directories of
//!   our own are nobody else's; programs are found by name in absolute directories.
//! - [`source::git`]: git works in a repository of ours, never in a tree. A git directory elsewhere is proven
//!   to be the tree's, or named by the user.
//! - `runner::ask`: answers of the container, bounded in bytes and under every stop. `engine::docker::answers`:
//!   those of the engine.
//! - [`ownership`]: an object in an engine is ours by a keyed proof over its name.
//! - [`terminal`]: texts of others become visible before a terminal sees them.
//!
//! # How a build is cut short
//!
//! A reason ([`runner::CancelReason`]) is raised once and outranked only by a greater one. Every wait
//! of a build listens to it. The running command gets SIGTERM and a grace period, its phase ends as
//! STOPPED or TIMED_OUT, the container is removed, and the last events are emitted as always.

pub mod artifacts;
pub mod build;
pub mod buildspec;
pub mod cache;
pub mod channel;
pub mod cli;
pub mod doctor;
pub mod engine;
pub mod event;
pub mod exit;
pub mod host;
pub mod leftovers;
pub mod mask;
pub mod ownership;
pub mod phase;
pub mod plan;
pub mod project;
pub mod record;
pub mod registry_credentials;
pub mod resources;
pub mod runner;
pub mod runtimes;
pub mod secrets;
pub mod settings;
pub mod sinks;
pub mod source;
pub mod terminal;
mod wire;
