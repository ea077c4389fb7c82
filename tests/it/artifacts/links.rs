//! Links among the files of an artifact.

use serde_json::json;

use super::{kept, making, names, names_of};

#[test]
fn links_to_directories_of_the_base_directory_are_followed() {
    let names = names_of(
        &[
            "mkdir -p out/real/deep && touch out/real/deep/file && ln -s real out/alias && ln -s ../real/deep out/real/again",
        ],
        &json!({ "files": ["out/**/*"] }),
    );
    assert_eq!(
        names,
        [
            "out/alias/again/file",
            "out/alias/deep/file",
            "out/real/again/file",
            "out/real/deep/file"
        ]
    );
}

#[test]
fn circles_of_links_end_and_are_said() {
    let env = making(
        &[
            "mkdir -p out/a out/b && touch out/a/file out/b/file && ln -s .. out/a/up && ln -s ../b out/a/b && ln -s ../a out/b/a",
        ],
        &json!({ "base-directory": "out", "files": ["**/*"] }),
    );
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(
        names(&kept(&env)),
        ["a/b/file", "a/file", "b/a/file", "b/file"]
    );
    assert!(
        run.stderr
            .contains("/out/a/up` is not followed: it points to a directory that contains it"),
        "{run}"
    );
}

#[test]
fn what_lies_behind_a_link_out_of_the_base_directory_is_left_out_and_said() {
    let env = making(
        &[
            "mkdir /tmp/elsewhere && touch /tmp/elsewhere/secret here && ln -s /tmp/elsewhere out && ln -s / root",
        ],
        &json!({ "files": ["**/*"], "exclude-paths": ["buildspec.yml"] }),
    );
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(names(&kept(&env)), ["here"]);
    assert!(
        run.stderr
            .contains("/out` is not followed: it points to `/tmp/elsewhere`, outside"),
        "{run}"
    );
    // The root holds the link itself.
    assert!(
        run.stderr
            .contains("/root` is not followed: it points to a directory that contains it"),
        "{run}"
    );
}

#[test]
fn a_pattern_that_names_a_link_leads_through_it_wherever_it_goes() {
    let names = names_of(
        &[
            "mkdir -p /tmp/elsewhere/sub && touch /tmp/elsewhere/sub/file && ln -s /tmp/elsewhere out",
        ],
        &json!({ "files": ["out/sub/*", "*.none"] }),
    );
    assert_eq!(names, ["out/sub/file"]);
}

#[test]
fn what_no_pattern_can_reach_behind_a_link_is_not_said() {
    let run = making(
        &["touch file && ln -s /usr out && ln -s /etc .hidden"],
        &json!({ "files": ["file", "out/*/none", ".hidden/**/*"], "exclude-paths": [".hidden/**/*"] }),
    )
    .run();
    run.assert_succeeded();
    assert!(!run.stderr.contains("warning"), "{run}");
}

#[test]
fn links_that_multiply_are_followed_so_far() {
    // Each directory has two links to the next: two to the power of twenty ways.
    let run = making(
        &["mkdir out && cd out && for i in $(seq 20); do mkdir d$i; ln -s ../d$((i+1)) d$i/a; ln -s ../d$((i+1)) d$i/b; done && mkdir d21 && touch d21/file"],
        &json!({ "files": ["out/**/*"] }),
    )
    .run();
    run.assert_succeeded();
    assert!(
        run.stderr.contains("too many symlinks to directories"),
        "{run}"
    );
}

#[test]
fn enabled_symlinks_change_nothing_without_a_zip_and_that_is_said_once() {
    let env = making(
        &["mkdir lib && echo code > lib/so.1 && ln -s so.1 lib/so"],
        &json!({
            "files": ["lib/*"],
            "enable-symlinks": "yes",
            "secondary-artifacts": { "two": { "files": ["lib/so"], "enable-symlinks": "yes" } },
        }),
    );
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(names(&kept(&env)), ["lib/so", "lib/so.1", "two/lib/so"]);
    assert_eq!(run.stderr.matches("`enable-symlinks`").count(), 1, "{run}");
}
