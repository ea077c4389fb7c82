//! The engine the tests run on, asked through its own client: an eye that is not cobuild's.

pub(crate) mod certificates;
pub(crate) mod daemon;
pub(crate) mod newer;
pub(crate) mod podman;
pub(crate) mod proof;
pub(crate) mod rootless;
pub(crate) mod sshd;
pub(crate) mod user;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The build image that `scripts/image` makes.
pub(crate) const IMAGE: &str = "cobuild-debian:12";

/// Fails, with the reason, when there is no engine or no build image.
pub(crate) fn require() {
    static CHECKED: OnceLock<Result<(), String>> = OnceLock::new();
    let checked = CHECKED.get_or_init(|| {
        let output = Command::new("docker")
            .args(["image", "inspect", IMAGE])
            .output()
            .map_err(|error| format!("the docker client cannot be run: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let reason = String::from_utf8_lossy(&output.stderr);
        Err(format!("{}; run scripts/engine first", reason.trim()))
    });
    if let Err(reason) = checked {
        panic!("these tests need a container engine: {reason}");
    }
}

/// The socket of the engine.
pub(crate) fn socket() -> PathBuf {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let path = host.strip_prefix("unix://");
    PathBuf::from(path.unwrap_or("/var/run/docker.sock"))
}

/// Its address.
pub(crate) fn host() -> String {
    format!("unix://{}", socket().display())
}

/// Runs the docker client and returns what it prints.
#[track_caller]
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "docker {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The address that the engine's host has for containers.
pub(crate) fn gateway() -> String {
    let ask = |what: &str| {
        let format = format!("{{{{(index .IPAM.Config 0).{what}}}}}");
        docker(&["network", "inspect", "--format", &format, "bridge"])
    };
    let gateway = ask("Gateway");
    if !gateway.is_empty() && gateway != "<no value>" {
        return gateway;
    }
    // An engine whose data directory is new does not tell it; it is the first of the network.
    let subnet = ask("Subnet");
    let (network, _) = subnet.split_once('/').unwrap();
    let (start, _) = network.rsplit_once('.').unwrap();
    format!("{start}.1")
}

/// The ids of all containers, running or not, that carry this label.
pub(crate) fn containers(label: &str) -> Vec<String> {
    docker(&[
        "ps",
        "-aq",
        "--no-trunc",
        "--filter",
        &format!("label={label}"),
    ])
    .lines()
    .map(str::to_owned)
    .collect()
}

/// Waits until `done`, at the most for `limit`; returns whether it came to pass.
pub(crate) fn eventually(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !done() {
        if start.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}

/// Builds an image of the tests; the engine's cache makes it cheap the second time.
#[track_caller]
pub(crate) fn build_image(name: &str, dockerfile: &str) {
    require();
    let mut build = Command::new("docker")
        .args(["build", "--quiet", "--tag", name, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = build.stdin.take().unwrap();
    input.write_all(dockerfile.as_bytes()).unwrap();
    drop(input);
    let output = build.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "docker build of {name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// An image whose shell and tools are busybox's.
pub(crate) fn busybox_image() -> &'static str {
    static BUILT: OnceLock<()> = OnceLock::new();
    let name = "cobuild-test-busybox";
    BUILT.get_or_init(|| {
        let dockerfile = format!(
            "FROM {IMAGE} AS debian\nFROM scratch\nCOPY --from=debian /bin/busybox /bin/\nRUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\n"
        );
        build_image(name, &dockerfile);
    });
    name
}

/// The build image with bash as its `sh`.
pub(crate) fn bash_image() -> &'static str {
    static BUILT: OnceLock<()> = OnceLock::new();
    let name = "cobuild-test-bash";
    BUILT.get_or_init(|| {
        build_image(name, &format!("FROM {IMAGE}\nRUN ln -sf bash /bin/sh\n"));
    });
    name
}

/// A small image with the tools that look at trees: busybox, and dash, GNU's tar, find, stat and mv, git
/// and perl. Busybox as a shell would call its own tools first.
pub(crate) fn facts_image() -> &'static str {
    static BUILT: OnceLock<()> = OnceLock::new();
    let name = "cobuild-test-facts";
    BUILT.get_or_init(|| {
        let dockerfile = format!(
            "FROM {IMAGE} AS debian
RUN set -- /usr/bin/dash /usr/bin/tar /usr/bin/find /usr/bin/stat /usr/bin/mv /usr/bin/git /usr/bin/perl \\
    /usr/lib/git-core/git-submodule /usr/lib/git-core/git-sh-setup /usr/lib/git-core/git-sh-i18n* && \\
    mkdir /alone && cp -L --parents \"$@\" $(ldd \"$@\" 2> /dev/null | grep -o '/[^ :]*' | grep lib) /alone
FROM {busybox}
COPY --from=debian /alone /
RUN [\"/bin/busybox\", \"ln\", \"-s\", \"/usr/bin/git\", \"/usr/lib/git-core/git\"]
RUN [\"/bin/busybox\", \"ln\", \"-sf\", \"/usr/bin/dash\", \"/bin/sh\"]
",
            busybox = busybox_image()
        );
        build_image(name, &dockerfile);
    });
    name
}

/// Writes the files of an image as a tar.
#[track_caller]
pub(crate) fn export(image: &str, tar: &Path) {
    let container = docker(&["create", image, "none"]);
    docker(&["export", "--output", tar.to_str().unwrap(), &container]);
    docker(&["rm", &container]);
}

/// An image of bash, `mkdir` and `chmod` alone.
pub(crate) fn bash_only_image() -> &'static str {
    static BUILT: OnceLock<()> = OnceLock::new();
    let name = "cobuild-test-bash-only";
    BUILT.get_or_init(|| {
        let dockerfile = format!(
            "FROM {IMAGE} AS debian
RUN mkdir /alone && cp -L --parents /bin/bash /bin/mkdir /bin/chmod \\
    $(ldd /bin/bash /bin/mkdir /bin/chmod | grep -o '/[^ :]*') /alone && mv /alone/bin/bash /alone/bin/sh
FROM scratch
COPY --from=debian /alone /
"
        );
        build_image(name, &dockerfile);
    });
    name
}

/// The build image without these tools.
pub(crate) fn image_without(tools: &[&str]) -> String {
    let name = format!("cobuild-test-without-{}", tools.join("-"));
    let dockerfile = format!("FROM {IMAGE}\nRUN rm $(which {})\n", tools.join(" "));
    build_image(&name, &dockerfile);
    name
}

/// The names of the volumes that a container has mounted.
pub(crate) fn volumes(container: &str) -> Vec<String> {
    let format = "{{range .Mounts}}{{if eq .Type \"volume\"}}{{println .Name}}{{end}}{{end}}";
    docker(&["inspect", "--format", format, container])
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Whether a volume of this name is there.
pub(crate) fn has_volume(name: &str) -> bool {
    docker(&["volume", "ls", "--quiet"])
        .lines()
        .any(|line| line == name)
}
