//! Engines other than the one that all tests share, and what must hold of every engine.

mod contract;
mod docker;
mod newer;
mod podman;
mod rootless;
mod source_facts;
mod way;

use crate::engine::daemon::Daemon;
use crate::env::TestEnv;

#[test]
fn the_engine_that_is_named_runs_the_build() {
    let daemon = Daemon::start(&[]);
    let image = daemon.load_busybox();
    let run = TestEnv::new()
        .image(image)
        .build_command("echo here")
        .args(&["--host", &daemon.host()])
        .run();
    run.assert_succeeded();
    assert_eq!(run.output_of("echo here"), "here\n");
    assert_eq!(daemon.docker(&["ps", "-aq"]), "");
}
