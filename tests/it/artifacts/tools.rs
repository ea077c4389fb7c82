//! Artifacts come out whatever tools the image has.

use std::fs;

use serde_json::json;

use super::{kept, making, names};
use crate::engine;
use crate::env::files;

#[test]
fn the_same_files_come_out_of_any_image() {
    let without_tar = engine::image_without(&["tar"]);
    let without_both = engine::image_without(&["tar", "find"]);
    for image in [
        engine::IMAGE,
        engine::busybox_image(),
        &without_tar,
        &without_both,
    ] {
        let env = making(
            &[
                "mkdir -p /tmp out/sub out/.hidden && cd out && echo one > one && echo deep > sub/deep && echo dot > .hidden/.dot",
                "ln one twin && ln -s one link && ln -s sub alias && ln -s /tmp/far far && echo far > /tmp/far && ln -s none dangling",
                "echo odd > 'new\nline' && echo odd > ' odd' && echo odd > ./-T && echo odd > 'back\\slash' && mkfifo fifo",
                "chmod 750 one && touch -d @1000000000 one",
            ],
            &json!({ "base-directory": "out", "files": ["**/*"] }),
        )
        .image(image);
        let run = env.run();
        run.assert_succeeded();
        let expected = [
            (" odd", "odd\n"),
            ("-T", "odd\n"),
            (".hidden/.dot", "dot\n"),
            ("alias/deep", "deep\n"),
            ("back\\slash", "odd\n"),
            ("far", "far\n"),
            ("link", "one\n"),
            ("new\nline", "odd\n"),
            ("one", "one\n"),
            ("sub/deep", "deep\n"),
            ("twin", "one\n"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(files(&kept(&env)), expected.into(), "{image}");
        assert!(
            run.stderr
                .contains("dangling` is left out: it is a broken symlink"),
            "{run}"
        );
        assert!(
            run.stderr.contains("fifo` is left out: it is a fifo"),
            "{run}"
        );
        for name in ["one", "twin"] {
            let one = fs::metadata(kept(&env).join(name)).unwrap();
            let modified = one
                .modified()
                .unwrap()
                .duration_since(std::time::UNIX_EPOCH);
            assert_eq!(modified.unwrap().as_secs(), 1_000_000_000, "{image}");
        }
    }
}

#[test]
fn without_a_place_nothing_but_names_leaves_the_container() {
    // Programs that pack would say so.
    let env = super::matching(
        &[
            "printf '#!/bin/sh\\ntouch /tmp/packed\\n' > /usr/bin/tar",
            "touch a b",
        ],
        &json!({ "files": ["a", "b"] }),
    );
    let run = env.run();
    run.assert_succeeded();
    assert!(run.log().contains("> Found 2 file(s)\n"), "{run}");
    assert_eq!(names(&env.source()), ["buildspec.yml"]);
}
