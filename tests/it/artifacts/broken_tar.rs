//! Images whose `tar` does not do its work, for artifacts, caches and sources.

use std::collections::BTreeMap;
use std::fs;

use rustix::process::Signal;
use serde_json::json;

use super::{kept, making};
use crate::engine;
use crate::env::{TestEnv, files};

/// What a `tar` does that is none.
const EXITS: &str = "exit 0";
const HANGS: &str = "exec sleep 1000";
/// Says that it is GNU's, and then reads nothing.
const PRETENDS: &str =
    r#"case "$*" in *--version*) echo "tar (GNU tar) 1.34";; *) exec sleep 1000;; esac"#;

/// How many files there are, with names of a hundred bytes: more than the sockets hold.
const MANY: usize = 8_000;

/// Makes them, 200 in a directory.
const MAKE: &str = "n=0; while [ $n -lt 40 ]; do d=out/a-directory-with-a-name-as-long-as-this-one-$n; mkdir -p $d; \
    for i in $(seq 200); do echo $i > $d/a-file-with-a-name-as-long-as-this-one-is-$i; done; n=$((n+1)); done";

/// The limit that is given to programs that hang.
const LIMIT: &[&str] = &["--engine-timeout", "30s"];

fn image(tar: &str) -> String {
    let name = match tar {
        EXITS => "exits",
        HANGS => "hangs",
        _ => "pretends",
    };
    let name = format!("cobuild-test-tar-{name}");
    let image = engine::IMAGE;
    let script = format!("printf '#!/bin/sh\\n%s\\n' '{tar}' > /usr/bin/tar");
    engine::build_image(
        &name,
        &format!("FROM {image}\nRUN rm /usr/bin/tar /bin/tar; {script}; chmod +x /usr/bin/tar\n"),
    );
    name
}

/// The files that [`MAKE`] makes.
fn made() -> BTreeMap<String, String> {
    (0..MANY)
        .map(|index| {
            let (directory, file) = (index / 200, index % 200 + 1);
            let name = format!(
                "a-directory-with-a-name-as-long-as-this-one-{directory}/a-file-with-a-name-as-long-as-this-one-is-{file}"
            );
            (name, format!("{file}\n"))
        })
        .collect()
}

#[test]
fn many_artifacts_come_out_whatever_tar_does() {
    for image in [
        engine::busybox_image().to_owned(),
        image(EXITS),
        image(HANGS),
        image(PRETENDS),
    ] {
        let env = making(
            &[MAKE],
            &json!({ "base-directory": "out", "files": ["**/*"] }),
        )
        .image(&image)
        .args(LIMIT);
        let run = env.run();
        run.assert_succeeded();
        assert!(
            files(&kept(&env)) == made(),
            "{image} has other files: {run}"
        );
    }
}

#[test]
fn a_build_whose_tar_hangs_can_be_cancelled() {
    let env = making(
        &["echo content > out.txt"],
        &json!({ "files": ["out.txt"] }),
    )
    .image(&image(HANGS))
    .args(&["--engine-timeout", "1h"]);
    let running = env.start();
    running.wait_for_output("Found 1 file(s)");
    let container = running.container();
    running.signal(Signal::INT);
    let run = running.finish();
    run.assert_code(130);
    assert!(!run.stderr.contains("left out"), "{run}");
    assert!(!kept(&env).join("out.txt").exists(), "{run}");
    assert_eq!(fs::read_dir(env.scratch()).map_or(0, Iterator::count), 0);
    let left = engine::docker(&["ps", "--all", "--quiet", "--no-trunc"]);
    assert!(!left.contains(&container), "{run}");
}

#[test]
fn caches_are_kept_whatever_tar_does() {
    let cached = |commands: &str| {
        format!(
            "{{version: 0.2, phases: {{build: {{commands: [{commands}]}}}}, cache: {{paths: [tree]}}}}"
        )
    };
    for image in [image(EXITS), image(HANGS)] {
        let env = TestEnv::new()
            .image(&image)
            .args(&["--cache", "s3"])
            .args(LIMIT)
            .buildspec(&cached("mkdir tree && echo content > tree/file"));
        let run = env.run();
        run.assert_succeeded();
        // An image whose tar works gets what the other kept.
        let env = env
            .image(engine::busybox_image())
            .buildspec(&cached("cat tree/file"));
        let second = env.run();
        second.assert_succeeded();
        assert_eq!(second.output_of("cat tree/file"), "content\n", "{run}");
    }
}

#[test]
fn what_no_tar_unpacks_is_said() {
    for (files, tar) in [(1, EXITS), (3000, EXITS), (3000, PRETENDS)] {
        let env = TestEnv::new()
            .build_command("true")
            .image(&image(tar))
            .args(&["--source-transfer", "tar"])
            .args(LIMIT);
        for index in 0..files {
            fs::write(env.source().join(index.to_string()), [b'x'; 1000]).unwrap();
        }
        let run = env.run();
        run.assert_code(3);
        let reason = match tar {
            EXITS => "the image's `tar` did not read all files",
            _ => "has neither read nor printed anything for 30 s",
        };
        assert!(run.stderr.contains(reason), "{run}");
    }
}

#[test]
fn the_engine_unpacks_where_tar_hangs() {
    let env = TestEnv::new()
        .build_command("cat file")
        .file("file", "content\n")
        .image(&image(HANGS))
        .args(&["--source-transfer", "tar"])
        .args(LIMIT);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of("cat file"), "content\n");
}
