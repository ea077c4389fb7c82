//! Which files an artifact is made of (contract §1.8).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{kept, making, names, names_of};
use crate::env::files;

/// The tree of the documentation's examples.
const DOCUMENTED_TREE: [&str; 2] = [
    "mkdir -p my-build-1 my-build-2/my-subdirectory other",
    "for i in my-build-1/my-file-1.txt my-build-2/my-file-2.txt my-build-2/my-subdirectory/my-file-3.txt other/no.txt; do echo $i > $i; done",
];

#[test]
fn a_pattern_below_a_literal_base_directory_keeps_the_path_below_it() {
    let names = names_of(
        &DOCUMENTED_TREE,
        &json!({ "files": ["*/my-file-3.txt"], "base-directory": "my-build-2" }),
    );
    assert_eq!(names, ["my-subdirectory/my-file-3.txt"]);
}

#[test]
fn a_glob_as_base_directory_with_discarded_paths_gives_flat_files() {
    let env = making(
        &DOCUMENTED_TREE,
        &json!({ "files": ["**/*"], "base-directory": "my-build*", "discard-paths": "yes" }),
    );
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(
        files(&kept(&env)),
        BTreeMap::from(
            [
                ("my-file-1.txt", "my-build-1/my-file-1.txt\n"),
                ("my-file-2.txt", "my-build-2/my-file-2.txt\n"),
                (
                    "my-file-3.txt",
                    "my-build-2/my-subdirectory/my-file-3.txt\n"
                ),
            ]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
        )
    );
    assert!(run.log().contains("> Found 3 file(s)\n"), "{run}");
}

#[test]
fn the_trees_of_a_glob_as_base_directory_come_together() {
    let names = names_of(
        &DOCUMENTED_TREE,
        &json!({ "files": ["**/*"], "base-directory": "my-build*" }),
    );
    assert_eq!(
        names,
        [
            "my-file-1.txt",
            "my-file-2.txt",
            "my-subdirectory/my-file-3.txt"
        ]
    );
}

#[test]
fn every_documented_form_of_pattern_matches_what_it_says() {
    let forms = [
        ("a_file", json!(["top.txt"]), vec!["top.txt"]),
        ("a_file_with_dot", json!(["./top.txt"]), vec!["top.txt"]),
        ("a_path", json!(["dir/one.txt"]), vec!["dir/one.txt"]),
        (
            "a_directory",
            json!(["dir/*"]),
            vec!["dir/.dot", "dir/one.txt"],
        ),
        (
            "below_a_directory",
            json!(["dir/**/*"]),
            vec!["dir/.dot", "dir/one.txt", "dir/sub/two.txt"],
        ),
        ("an_extension", json!(["*.txt"]), vec!["top.txt"]),
        ("any_depth", json!(["**/two.txt"]), vec!["dir/sub/two.txt"]),
        ("one_letter", json!(["dir/?ne.txt"]), vec!["dir/one.txt"]),
        (
            "everything",
            json!(["**/*"]),
            vec![
                ".hidden/three.txt",
                "buildspec.yml",
                "dir/.dot",
                "dir/one.txt",
                "dir/sub/two.txt",
                "top.txt",
            ],
        ),
        ("twice", json!(["top.txt", "*.txt"]), vec!["top.txt"]),
        ("scalar", json!("top.txt"), vec!["top.txt"]),
    ];
    let secondary: serde_json::Map<String, Value> = forms
        .iter()
        .map(|(id, files, _)| ((*id).to_owned(), json!({ "files": files })))
        .collect();
    let env = making(
        &[
            "mkdir -p dir/sub .hidden && touch top.txt dir/one.txt dir/.dot dir/sub/two.txt .hidden/three.txt",
        ],
        &json!({ "files": ["top.txt"], "secondary-artifacts": secondary }),
    );
    env.run().assert_succeeded();
    for (id, patterns, expected) in forms {
        assert_eq!(names(&kept(&env).join(id)), expected, "{patterns}");
    }
}

#[test]
fn every_documented_form_of_exclusion_takes_out_what_it_says() {
    let all = [
        ".dot",
        ".hidden/three.txt",
        "file/one.txt",
        "sub/.dot",
        "sub/file/two.txt",
        "top.txt",
    ];
    let without = |gone: &[usize]| -> Vec<&str> {
        let kept = all.iter().enumerate();
        kept.filter(|(index, _)| !gone.contains(index))
            .map(|(_, name)| *name)
            .collect()
    };
    let forms = [
        ("directories", json!(["**/file/**/*"]), without(&[2, 4])),
        ("below_hidden", json!(["**/.*/**/*"]), without(&[1])),
        ("hidden", json!(["**/.*"]), without(&[0, 3])),
        ("both", json!(["**/.*/**/*", "**/.*"]), without(&[0, 1, 3])),
        ("scalar", json!("**/.*"), without(&[0, 3])),
        ("within_one_component", json!(["*/two.txt"]), without(&[])),
        ("nothing", json!(["no/such/*"]), without(&[])),
    ];
    let secondary: serde_json::Map<String, Value> = forms
        .iter()
        .map(|(id, excludes, _)| {
            let set =
                json!({ "base-directory": "tree", "files": ["**/*"], "exclude-paths": excludes });
            ((*id).to_owned(), set)
        })
        .collect();
    let make = format!(
        "mkdir -p tree/.hidden tree/file tree/sub/file && cd tree && touch {}",
        all.join(" ")
    );
    let env = making(
        &[&make],
        &json!({ "files": ["buildspec.yml"], "secondary-artifacts": secondary }),
    );
    env.run().assert_succeeded();
    for (id, excludes, expected) in forms {
        assert_eq!(names(&kept(&env).join(id)), expected, "{excludes}");
    }
}

#[test]
fn variables_that_a_command_sets_hold_in_every_field() {
    let names = names_of(
        &[
            "mkdir -p dist/v1 && touch dist/v1/app dist/v1/app.map",
            "export OUT=dist/v1; NAME=app",
        ],
        &json!({ "base-directory": "$OUT", "files": ["${NAME}*"], "exclude-paths": ["$NAME.map"] }),
    );
    assert_eq!(names, ["app"]);
}

#[test]
fn a_base_directory_may_be_absolute() {
    let names = names_of(
        &["mkdir -p '/tmp/out side/sub' && touch '/tmp/out side/sub/file'"],
        &json!({ "base-directory": "/tmp/out side", "files": ["**/*"] }),
    );
    assert_eq!(names, ["sub/file"]);
}

#[test]
fn absolute_files_keep_their_own_path() {
    let names = names_of(
        &["mkdir /tmp/reports && touch /tmp/reports/a.xml /tmp/reports/b.txt inside"],
        &json!({ "files": ["/tmp/reports/*.xml", "$CODEBUILD_SRC_DIR/inside"] }),
    );
    assert_eq!(names, ["inside", "tmp/reports/a.xml"]);
}

#[test]
fn the_base_is_the_source_root_and_not_where_the_last_command_ended() {
    let env = making(
        &["touch here && mkdir sub && cd sub && touch there"],
        &json!({ "files": ["here"] }),
    );
    env.run().assert_succeeded();
    assert_eq!(names(&kept(&env)), ["here"]);
    let env = making(
        &["mkdir sub && cd sub && touch there"],
        &json!({ "files": ["there"] }),
    );
    env.run().assert_failed();
}

#[test]
fn a_link_to_a_directory_can_be_the_base_directory() {
    let names = names_of(
        &["mkdir -p releases/7 && touch releases/7/app && ln -s releases/7 current"],
        &json!({ "base-directory": "current", "files": ["**/*"] }),
    );
    assert_eq!(names, ["app"]);
}

#[test]
fn a_pattern_leads_through_a_link_to_a_directory() {
    let names = names_of(
        &["mkdir -p releases/7 && touch releases/7/app && ln -s releases/7 current"],
        &json!({ "files": ["current/*"] }),
    );
    assert_eq!(names, ["current/app"]);
}

#[test]
fn files_that_discarded_paths_make_equal_are_warned_of() {
    let env = making(
        &["mkdir one two && echo 1 > one/same && echo 2 > two/same"],
        &json!({ "files": ["*/same"], "discard-paths": "yes" }),
    );
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(names(&kept(&env)), ["same"]);
    // The last in the order of paths is kept, and both are said.
    assert_eq!(files(&kept(&env))["same"], "2\n");
    let said = run
        .stderr
        .lines()
        .find(|line| line.contains("two artifact files"))
        .unwrap();
    for part in [
        "have the path `same`",
        "/two/same` is kept",
        "/one/same` is left out",
    ] {
        assert!(said.contains(part), "{run}");
    }
}

#[test]
fn only_directories_of_the_source_root_match_a_glob_as_base_directory() {
    let names = names_of(
        &["mkdir -p build-1 deep/build-2 && touch build-1/top deep/build-2/below build-file"],
        &json!({ "files": ["**/*"], "base-directory": "build-*" }),
    );
    assert_eq!(names, ["top"]);
}
