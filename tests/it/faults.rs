//! What breaks around a build: it ends in time, says what happened, and leaves nothing.

use crate::engine::daemon::Daemon;
use crate::env::TestEnv;

#[test]
fn a_daemon_that_is_killed_takes_the_build_along() {
    let mut daemon = Daemon::start(&[]);
    let image = daemon.load_busybox();
    let env = TestEnv::new()
        .image(image)
        .build_commands(&["echo first", "sleep 600"])
        .args(&["--host", &daemon.host()]);
    let running = env.start();
    running.wait_for_line("> Running command sleep 600");
    daemon.kill();
    let run = running.finish();
    run.assert_code(3);
    assert!(run.stderr.contains("no engine answers at"), "{run}");
}
