use std::os::unix::net::UnixListener;
use std::path::Path;

use super::*;

/// A home whose current context is `colima`, and which has `build` besides, with TLS.
fn home_with_contexts() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let contexts = home.path().join(".docker/contexts");
    for (hash, meta) in [
        (
            "abc",
            r#"{"Name":"colima","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///c.sock"}}}"#,
        ),
        (
            "def",
            r#"{"Name":"build","Endpoints":{"docker":{"Host":"tcp://build:2376","SkipTLSVerify":false}}}"#,
        ),
    ] {
        let directory = contexts.join("meta").join(hash);
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("meta.json"), meta).unwrap();
    }
    let files = contexts.join("tls/def/docker");
    std::fs::create_dir_all(&files).unwrap();
    for name in ["ca.pem", "cert.pem", "key.pem"] {
        std::fs::write(files.join(name), "").unwrap();
    }
    std::fs::write(
        home.path().join(".docker/config.json"),
        r#"{"currentContext":"colima"}"#,
    )
    .unwrap();
    home
}

fn surroundings(home: &Path) -> EndpointInputs {
    EndpointInputs {
        home: Some(home.into()),
        ..EndpointInputs::default()
    }
}

#[test]
fn what_is_named_more_closely_counts() {
    let home = home_with_contexts();
    let mut surroundings = EndpointInputs {
        host: Some("tcp://flag:1".into()),
        context: Some("build".into()),
        docker_host: Some("tcp://variable:1".into()),
        docker_context: Some("build".into()),
        ..surroundings(home.path())
    };
    let chosen = |surroundings: &EndpointInputs| {
        let endpoint = Endpoint::resolve(surroundings).unwrap();
        (endpoint.address.to_string(), endpoint.found_by)
    };
    let flag = ("tcp://flag:1".to_owned(), EndpointOrigin::Flag);
    assert_eq!(chosen(&surroundings), flag);
    surroundings.host = None;
    let context = EndpointOrigin::ContextFlag("build".into());
    assert_eq!(
        chosen(&surroundings),
        ("tcp://build:2376".to_owned(), context)
    );
    surroundings.context = None;
    let variable = ("tcp://variable:1".to_owned(), EndpointOrigin::DockerHost);
    assert_eq!(chosen(&surroundings), variable);
    surroundings.docker_host = Some(String::new());
    let named = EndpointOrigin::ContextVariable("build".into());
    assert_eq!(
        chosen(&surroundings),
        ("tcp://build:2376".to_owned(), named)
    );
    surroundings.docker_context = None;
    let current = EndpointOrigin::CurrentContext("colima".into());
    assert_eq!(
        chosen(&surroundings),
        ("unix:///c.sock".to_owned(), current)
    );
}

#[test]
fn the_default_context_passes_the_current_one_over() {
    let home = home_with_contexts();
    let mut surroundings = EndpointInputs {
        docker_context: Some("default".into()),
        container_host: Some("unix:///podman.sock".into()),
        ..surroundings(home.path())
    };
    let found = |surroundings: &EndpointInputs| Endpoint::resolve(surroundings).unwrap().found_by;
    assert_eq!(found(&surroundings), EndpointOrigin::ContainerHost);
    surroundings.context = surroundings.docker_context.take();
    assert_eq!(found(&surroundings), EndpointOrigin::ContainerHost);
}

#[test]
fn a_context_brings_its_files_for_tls() {
    let home = home_with_contexts();
    let surroundings = EndpointInputs {
        context: Some("build".into()),
        ..surroundings(home.path())
    };
    let tls = Endpoint::resolve(&surroundings).unwrap().tls.unwrap();
    let files = home.path().join(".docker/contexts/tls/def/docker");
    assert_eq!(tls.authority, Some(files.join("ca.pem")));
    assert_eq!(tls.identity.unwrap().key, files.join("key.pem"));
    assert!(!tls.skip_verify);
}

#[test]
fn the_variables_of_tls_count_for_addresses_of_tcp() {
    let home = home_with_contexts();
    let mut surroundings = EndpointInputs {
        host: Some("tcp://build".into()),
        ..surroundings(home.path())
    };
    let tls = |surroundings: &EndpointInputs| Endpoint::resolve(surroundings).unwrap().tls;
    assert_eq!(tls(&surroundings), None);
    surroundings.docker_tls = true;
    assert!(tls(&surroundings).unwrap().skip_verify);
    surroundings.docker_tls_verify = true;
    assert!(!tls(&surroundings).unwrap().skip_verify);
    surroundings.host = Some("unix:///a.sock".into());
    assert_eq!(tls(&surroundings), None);
    surroundings.docker_tls_verify = false;
    surroundings.docker_tls = false;
    surroundings.host = Some("https://build".into());
    assert_eq!(tls(&surroundings), Some(Tls::default()));
}

#[test]
fn an_unknown_context_is_an_error_that_names_it_and_the_others() {
    let home = home_with_contexts();
    let surroundings = EndpointInputs {
        docker_context: Some("nowhere".into()),
        ..surroundings(home.path())
    };
    let error = Endpoint::resolve(&surroundings).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("`nowhere`, named by the variable DOCKER_CONTEXT"),
        "{text}"
    );
    let EndpointError::Context(unknown) = error else {
        panic!("{error:?}");
    };
    assert_eq!(unknown.others, ["build", "colima"]);
}

#[test]
fn a_socket_on_which_nobody_listens_is_passed_over() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    let dead = path(".colima/default/docker.sock");
    drop(UnixListener::bind(&dead).unwrap());
    let living = path(".orbstack/run/docker.sock");
    let listener = UnixListener::bind(&living).unwrap();
    let candidates = || {
        let all = usual_sockets(&surroundings(home.path()));
        let ours = all.into_iter().filter(|it| it.starts_with(home.path()));
        ours.collect::<Vec<_>>()
    };
    assert_eq!(find_listening(candidates()), Ok(living.clone()));
    drop(listener);
    let left = find_listening(candidates()).unwrap_err();
    let paths: Vec<_> = left.iter().map(|dead| dead.path.clone()).collect();
    assert_eq!(paths, [dead, living]);
    assert!(left[0].reason.contains("refused"), "{left:?}");
}

#[test]
fn every_profile_of_colima_is_looked_at() {
    let home = tempfile::tempdir().unwrap();
    let mut listeners = Vec::new();
    for profile in ["work", "arm"] {
        let directory = home.path().join(".colima").join(profile);
        std::fs::create_dir_all(&directory).unwrap();
        listeners.push(UnixListener::bind(directory.join("docker.sock")).unwrap());
    }
    let all = usual_sockets(&surroundings(home.path()));
    let found: Vec<_> = all
        .into_iter()
        .filter(|it| it.starts_with(home.path()) && it.exists())
        .collect();
    let expected = ["arm", "work"].map(|name| home.path().join(".colima").join(name));
    assert_eq!(found, expected.map(|it| it.join("docker.sock")));
}
