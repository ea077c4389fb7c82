//! Docker daemons that nobody starts in the buildspec.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::engine::{self, IMAGE};
use crate::env::TestEnv;

/// What the daemon says of itself: its driver, whether its volume is a file system of its own.
const INFO: &str = "docker info --format '{{.Driver}}'";

/// Docker builds and runs an image of a static busybox.
const BUILD_AND_RUN: [&str; 3] = [
    "cp /bin/busybox .",
    "printf 'FROM scratch\\nCOPY busybox /busybox\\nCMD [\"/busybox\", \"echo\", \"from inside\"]\\n' | docker build -q -t inner -f - .",
    "docker run --rm --network none inner",
];

/// A script that does what the one of CodeBuild's images does.
const SCRIPT: &str = r#"#!/bin/sh
dockerd --host=unix:///var/run/docker.sock --host=tcp://127.0.0.1:2375 --storage-driver=overlay2 &
left=${FIXTURE_TRIES:-60}
until docker info > /dev/null 2>&1; do
    left=$((left - 1))
    if [ "$left" -lt 0 ]; then
        echo "Timed out trying to connect to internal docker host." >&2
        exit 1
    fi
    sleep 1
done
eval "$@"
"#;

/// A daemon that cannot start.
const BROKEN: &str = "#!/bin/sh\necho 'fixture: no such storage' >&2\nexit 1\n";

/// A line of a Dockerfile that writes a program.
fn program(path: &str, text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| format!("'{}'", line.replace('\'', "'\\''")))
        .collect();
    format!(
        "RUN rm -f {path} && printf '%s\\n' {} > {path} && chmod +x {path}\n",
        lines.join(" ")
    )
}

/// An image of CodeBuild's kind.
fn curated() -> &'static str {
    static BUILT: OnceLock<()> = OnceLock::new();
    let name = "cobuild-test-curated";
    BUILT.get_or_init(|| {
        let script = program("/usr/local/bin/dockerd-entrypoint.sh", SCRIPT);
        engine::build_image(
            name,
            &format!("FROM {IMAGE}\n{script}VOLUME /var/lib/docker\nENTRYPOINT [\"dockerd-entrypoint.sh\"]\n"),
        );
    });
    name
}

/// The image, from an image whose daemon cannot start.
fn broken(name: &str, base: &str) -> String {
    let name = format!("cobuild-test-broken-{name}");
    let dockerd = program("/usr/local/bin/dockerd", BROKEN);
    engine::build_image(
        &name,
        &format!("FROM {base}\n{dockerd}ENV FIXTURE_TRIES=1\n"),
    );
    name
}

#[test]
fn an_image_of_codebuild_has_its_daemon() {
    let run = TestEnv::new()
        .image(curated())
        .build_commands(&[&[INFO][..], &BUILD_AND_RUN].concat())
        .arg("-d")
        .run();
    run.assert_succeeded();
    assert_eq!(run.output_of(INFO), "overlay2\n");
    assert_eq!(run.output_of(BUILD_AND_RUN[2]), "from inside\n");
    assert!(
        !run.stdout.contains("level=info"),
        "its log is no part of the build's: {run}"
    );
}

#[test]
fn an_image_of_codebuild_has_none_without_privileges() {
    let run = TestEnv::new()
        .image(curated())
        .build_command("docker info")
        .run();
    run.assert_failed();
    assert!(
        run.stdout.contains("Cannot connect to the Docker daemon"),
        "{run}"
    );
}

#[test]
fn a_daemon_is_started_on_request_and_goes_with_the_build() {
    let env = TestEnv::new()
        .build_commands(&[&[INFO][..], &BUILD_AND_RUN, &["sleep 0.5"]].concat())
        .arg("--start-dockerd");
    let running = env.start();
    running.wait_for_line("> Entering phase BUILD");
    let volumes = engine::volumes(&running.container());
    let label = running.label();
    let run = running.finish();
    run.assert_succeeded();
    assert_eq!(run.output_of(INFO), "overlay2\n");
    assert_eq!(run.output_of(BUILD_AND_RUN[2]), "from inside\n");
    assert!(!volumes.is_empty());
    for volume in volumes {
        assert!(!engine::has_volume(&volume), "{volume} is left");
    }
    assert_eq!(engine::containers(&label), [""; 0]);
}

#[test]
fn a_daemon_has_the_proxies_of_the_build() {
    let show = "docker info --format '{{.HTTPProxy}} {{.NoProxy}}'";
    for (image, flag) in [(IMAGE, "--start-dockerd"), (curated(), "-d")] {
        let run = TestEnv::new()
            .image(image)
            .build_command(show)
            .variable("HTTP_PROXY", "http://proxy.example:3128")
            .variable("NO_PROXY", "it's mine")
            .args(&["--proxy", flag])
            .run();
        run.assert_succeeded();
        assert_eq!(
            run.output_of(show),
            "http://proxy.example:3128 it's mine\n",
            "{run}"
        );
    }
}

#[test]
fn a_daemon_does_not_hold_up_a_stop() {
    let env = TestEnv::new()
        .build_command("sleep 60")
        .arg("--start-dockerd");
    let running = env.start();
    running.wait_for_line("> Running command sleep 60");
    let label = running.label();
    let began = Instant::now();
    running.signal(rustix::process::Signal::TERM);
    running.finish().assert_code(143);
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(engine::containers(&label), [""; 0]);
}

#[test]
fn a_daemon_that_does_not_start_fails_provisioning_with_its_log() {
    let cases = [
        (
            broken("custom", IMAGE),
            "--start-dockerd",
            "`dockerd` ended with exit status 1",
        ),
        (
            broken("curated", curated()),
            "-d",
            "`/usr/local/bin/dockerd-entrypoint.sh` ended with exit status 1",
        ),
    ];
    for (image, flag, reason) in cases {
        let run = TestEnv::new()
            .image(&image)
            .build_command("true")
            .arg(flag)
            .run();
        run.assert_failed();
        assert!(run.stdout.contains("fixture: no such storage\n"), "{run}");
        let context = format!(
            "> Phase complete: PROVISIONING State: FAILED\n> Phase context status code: CLIENT_ERROR Message: The Docker daemon of the build container did not start: {reason}\n"
        );
        assert!(run.log().contains(&context), "{run}");
        assert!(run.stderr.contains(reason), "{run}");
        let timed_out = run
            .stdout
            .contains("Timed out trying to connect to internal docker host.\n");
        assert_eq!(timed_out, flag == "-d", "{run}");
        assert!(!run.stdout.contains("Entering phase"), "{run}");
    }
}

#[test]
fn an_image_without_a_daemon_is_told_so() {
    let run = TestEnv::new()
        .image(engine::busybox_image())
        .build_command("true")
        .arg("--start-dockerd")
        .run();
    run.assert_failed();
    let context = "Message: The Docker daemon of the build container did not start: the image has no `dockerd`\n";
    assert!(run.stdout.ends_with(context), "{run}");
    assert!(!run.stdout.contains("/var/log"), "{run}");
    assert!(
        run.stderr
            .contains("hint: use an image that contains Docker"),
        "{run}"
    );
}

#[test]
fn another_script_of_the_same_name_is_left_alone() {
    let name = "cobuild-test-dind";
    let text = "#!/bin/sh\ntouch /script-ran\nexec \"$@\"\n";
    let script = program("/usr/local/bin/dockerd-entrypoint.sh", text);
    engine::build_image(
        name,
        &format!("FROM {IMAGE}\n{script}ENTRYPOINT [\"dockerd-entrypoint.sh\"]\n"),
    );
    let run = TestEnv::new()
        .image(name)
        .build_command("! test -e /script-ran")
        .arg("-d")
        .run();
    run.assert_succeeded();
}

#[test]
fn no_daemon_gets_at_the_network_of_the_host() {
    let env = TestEnv::new()
        .build_command("! test -e /var/log/dockerd.log")
        .args(&["--network", "host"]);
    let run = env.again(&["--start-dockerd"]).run();
    run.assert_code(2);
    assert!(
        run.stderr.contains("cannot go with `--network host`"),
        "{run}"
    );
    let run = env.image(curated()).arg("-d").run();
    run.assert_succeeded();
    assert!(
        run.stderr.contains("warning: a Docker daemon cannot run"),
        "{run}"
    );
}

#[test]
fn a_daemon_is_waited_for_without_a_client() {
    let image = engine::image_without(&["docker"]);
    let ping = "curl -sS --unix-socket /var/run/docker.sock http://docker/_ping";
    let run = TestEnv::new()
        .image(&image)
        .build_command(ping)
        .arg("--start-dockerd")
        .run();
    run.assert_succeeded();
    assert!(run.stdout.contains("\nOK"), "{run}");
}
