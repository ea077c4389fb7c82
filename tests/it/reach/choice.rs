//! Which engine is chosen, and what is said when none can be.

use std::os::unix::net::UnixListener;

use crate::env::TestEnv;

#[test]
fn an_address_that_means_nothing_is_refused_with_what_to_write() {
    for (host, text) in [
        ("docker.sock", "does not begin with a scheme"),
        ("npipe:////./pipe/docker_engine", "`npipe://`"),
        ("tcp://host:port", "is not a port"),
    ] {
        let run = TestEnv::new()
            .build_command("true")
            .args(&["--host", host])
            .run();
        run.assert_code(3);
        assert!(run.stderr.contains(text), "{run}");
        assert!(
            run.stderr.contains("hint: write it as unix:///PATH"),
            "{run}"
        );
    }
}

#[test]
fn an_unknown_context_is_refused_with_those_that_there_are() {
    let env = TestEnv::new().build_command("true");
    let run = env.again(&["--context", "nowhere"]).run();
    run.assert_code(3);
    assert!(
        run.stderr.contains("there are no contexts but `default`"),
        "{run}"
    );
    let meta = env.path("home/.docker/contexts/meta/any");
    std::fs::create_dir_all(&meta).unwrap();
    let context = r#"{"Name":"there","Endpoints":{"docker":{"Host":"unix:///nowhere.sock"}}}"#;
    std::fs::write(meta.join("meta.json"), context).unwrap();
    let run = env.again(&["--context", "nowhere"]).run();
    assert!(run.stderr.contains("hint: the contexts are there"), "{run}");
    let run = env.again(&["--context", "there"]).run();
    run.assert_code(3);
    assert!(
        run.stderr
            .contains("from the context `there` given as --context"),
        "{run}"
    );
    let run = env
        .again(&["--context", "there", "--host", "unix:///a.sock"])
        .run();
    run.assert_code(2);
}

#[test]
fn the_engine_is_named_with_the_reason_for_it() {
    let env = TestEnv::new().build_command("true");
    let socket = env.path("dead.sock");
    drop(UnixListener::bind(&socket).unwrap());
    let url = format!("unix://{}", socket.display());
    for (name, found_by) in [
        ("DOCKER_HOST", "from the variable DOCKER_HOST"),
        ("CONTAINER_HOST", "from the variable CONTAINER_HOST"),
    ] {
        let run = TestEnv::new()
            .build_command("true")
            .variable("DOCKER_HOST", "")
            .variable(name, &url)
            .run();
        run.assert_code(3);
        assert!(run.stderr.contains(found_by), "{run}");
        assert!(run.stderr.contains("Connection refused"), "{run}");
    }
}
