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
//! - [`phase`] and [`exit`] are vocabulary: phases, statuses, contexts, exit statuses.
//! - [`build`] is a build as a value: its request, its sources, its life, its end. `examples/run_build.rs`
//!   runs one.
//! - [`buildspec`] is pure: it reads text into a typed buildspec or CodeBuild's own refusal, finds all
//!   problems, and describes the language as a JSON Schema.
//! - [`project`] is pure: kinds of source, names of images, the curated images and where to get them.
//! - [`resources`] is pure: the resources of a container, from compute types to directories.
//! - [`plan`] is pure: it decides everything about a build before it runs. The phase machine
//!   [`plan::phases::next`] is a total function; [`plan::retry`] decides whether a failed phase runs again.
//! - [`runtimes`] is pure: it selects the runtimes of a buildspec from those of an image.
//! - [`secrets`] looks up secret values through one trait.
//! - [`registry_credentials`] looks up the credentials for registries in the files of the docker and
//!   podman commands.
//! - [`host`] checks every access to this machine: files of others, directories of cobuild, programs.
//! - [`source`] reads the sources on the host: git facts, checkouts of versions, zip files, excluded
//!   files, trees as tar streams, and the changes that a build made. What it creates lies in a directory
//!   of the build, and is removed with it.
//! - [`engine`] is a trait at the level of container primitives, with the Docker API behind it and a
//!   scripted fake for the tests of the run loop.
//! - [`runner`] runs one plan: one container, one attached driver, one event after the other.
//! - [`ownership`] tells which run made an object in the engine; [`leftovers`] finds and removes what
//!   dead runs left.
//! - [`doctor`] examines whether builds can run, over the same trait.
//! - [`cache`] stores archives from build to build; it does not know their content.
//! - [`artifacts`] copies files out of the container, entry by entry.
//! - [`mask`] is pure: it masks the values of secrets, in texts and in output that comes in chunks.
//! - [`event`] is pure: the interface between running and showing a build, and its stored form.
//! - [`channel`] carries events. It masks secrets at its entrance, so that it never contains one.
//! - [`record`] is pure: it gathers the state of a build from its events.
//! - [`sinks`] show events, live or replayed: CodeBuild's log, JSON lines, the build as JSON, the
//!   summary.
//! - [`terminal`] writes to stdout and stderr, and makes characters visible that a terminal would obey.
//! - [`settings`] resolves what the command line names: files, variables, directories; [`settings::layers`]
//!   is pure: it merges flags, variables and files, and limits what a repository may set.
//! - [`cli`] reads arguments, shows builds, words errors and hints, and decides the exit status.
//!
//! What CodeBuild does is in `docs/contract`: comments cite its sections as `contract §1.6`. Where it is silent
//! they say "assumed", and `docs/differences.md` lists that.
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
//! [`runner`] makes a list of trees: the sources, and git directories outside of them. Each tree is the
//! lower layer of an overlay, below a layer of whiteouts when files are excluded; where an overlay is not
//! possible, it is streamed as a tar onto a volume. Files that differ in the build (a detached `HEAD`, a
//! `.git` that points elsewhere) are written in the container.
//!
//! # What is not trusted
//!
//! Repositories, builds, images and other users of the machine may be hostile (`SECURITY.md`). Their data
//! passes through a few modules that check it; `tests/it/architecture.rs` verifies that no other module
//! reads it.
//!
//! - [`host`]: files of others must be regular, bounded, and reached without symlinks that point outside;
//!   directories of cobuild must belong to this user; programs are found by name in absolute directories.
//! - [`source::git`]: git runs in a repository of cobuild, never in a tree. A git directory elsewhere must
//!   provably belong to the tree, or be named by the user.
//! - `runner::container::queries`: answers of the container are bounded, and every wait can be stopped.
//!   `engine::docker::answers`: so are those of the engine.
//! - [`ownership`]: an object in an engine is cobuild's by a keyed proof over its name.
//! - [`terminal`]: texts of others are made visible before a terminal sees them.
//!
//! # How a build is cut short
//!
//! A reason ([`runner::CancelReason`]) is raised once and outranked only by a higher one. Every wait
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
