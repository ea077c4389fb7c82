//! Whether images can be pulled.

use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command};
use std::time::Duration;

use tempfile::TempDir;

use super::{NO_REGISTRY, Patient, Report};
use crate::engine::daemon::Daemon;
use crate::engine::{self, daemon::path_with_sbin};

/// A registry of a test's own; it goes with this value.
struct Registry {
    directory: TempDir,
    address: String,
    process: Child,
}

impl Registry {
    #[track_caller]
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // Free until now; the registry names no port of its own choice.
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '{address}'}}\n",
            directory.path().join("data").display()
        );
        std::fs::write(directory.path().join("config.yml"), config).unwrap();
        let log = File::create(directory.path().join("log")).unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(directory.path().join("config.yml"))
            .env("PATH", path_with_sbin())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let registry = Self {
            directory,
            address: address.to_string(),
            process,
        };
        let answers = || std::net::TcpStream::connect(address).is_ok();
        let log = || std::fs::read_to_string(registry.directory.path().join("log"));
        assert!(
            engine::eventually(Duration::from_secs(20), answers),
            "{log:?}",
            log = log()
        );
        registry
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_image_that_can_be_pulled_is_pulled() {
    let registry = Registry::start();
    let daemon = Daemon::start(&[]);
    let image = format!("{}/tiny:1", registry.address);
    daemon.docker(&["tag", daemon.load_busybox(), &image]);
    daemon.docker(&["push", "--quiet", &image]);
    daemon.docker(&["rmi", &image]);
    let patient = Patient::at(&daemon.host());
    let report =
        |image: &str| Report::of(&patient.examined(&["--format", "json", "--pull", image]));
    report(&image).assert("pull", "ok", &format!("{image} in "));
    // Whoever names an image has it then.
    daemon.docker(&["image", "inspect", &image]);
    let absent = format!("{}/tiny:2", registry.address);
    let report = report(&absent);
    report.assert("pull", "failed", "manifest");
    let remedy = report.check("pull")["remedy"].as_str().unwrap();
    assert!(remedy.contains("correct the name of the image"), "{remedy}");
}

#[test]
fn a_registry_that_is_not_there_is_told() {
    let patient = Patient::new();
    let run = patient.examined(&["--format", "json"]);
    run.assert_failed();
    let report = Report::of(&run);
    report.assert("pull", "failed", &format!("cannot pull {NO_REGISTRY}: "));
    assert_eq!(report.0["verdict"], "failed");
    // One that never answers has its time.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let image = format!("{}/x:1", silent.local_addr().unwrap());
    let run = patient.examined(&["--format", "json", "--pull", &image]);
    Report::of(&run).assert("pull", "failed", "the pull did not finish within 15 s");
}

/// The registry of the default image, by a double: the daemon reaches the name through a proxy that is
/// the registry itself.
#[test]
fn the_default_image_is_well_when_its_registry_gives_images() {
    let registry = Registry::start();
    let proxy = format!("http://{}", registry.address);
    let daemon = Daemon::start_behind(Some(&proxy), &["--insecure-registry", "public.ecr.aws"]);
    let patient = Patient::at(&daemon.host());
    let report = || Report::of(&patient.examined(&["--format", "json"]));
    let found = report();
    found.assert("default-image", "warning", "its registry gives no image");
    let remedy = found.check("default-image")["remedy"].as_str().unwrap();
    assert!(remedy.contains("`-i`"), "{remedy}");
    let tiny = "docker/library/hello-world:latest";
    let here = format!("{}/{tiny}", registry.address);
    daemon.docker(&["tag", daemon.load_busybox(), &here]);
    daemon.docker(&["push", "--quiet", &here]);
    report().assert("default-image", "ok", "the first build without -i pulls");
    // It was only a trial.
    assert!(!daemon.docker(&["images"]).contains("public.ecr.aws"));
}
