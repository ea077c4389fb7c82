//! The images that builds and their peers run in.

use std::error::Error;
use std::io::Write;
use std::process::{Command, Stdio};

/// One with GNU's tools.
pub(crate) const GNU: &str = "cobuild-debian:12";

/// One with busybox's alone, as those of Alpine.
pub(crate) const BUSYBOX: &str = "cobuild-bench-busybox";

/// Makes the image of busybox from the other.
pub(crate) fn make_busybox() -> Result<(), Box<dyn Error>> {
    let mut build = Command::new("docker")
        .args(["build", "--quiet", "--tag", BUSYBOX, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let dockerfile = format!(
        "FROM {GNU} AS gnu\nFROM scratch\nCOPY --from=gnu /bin/busybox /bin/\n\
        RUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\nRUN mkdir -p /tmp /srv\n"
    );
    let mut stdin = build.stdin.take().ok_or("stdin is a pipe")?;
    stdin.write_all(dockerfile.as_bytes())?;
    drop(stdin);
    match build.wait()? {
        ended if ended.success() => Ok(()),
        ended => Err(format!("docker build ended with {ended}").into()),
    }
}

/// How a table calls an image.
pub(crate) fn tools(image: &str) -> &'static str {
    if image == BUSYBOX { "busybox" } else { "GNU" }
}
