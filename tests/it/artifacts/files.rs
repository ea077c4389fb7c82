//! How the files of an artifact arrive: contents, modes, names, and whole or not at all.

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use walkdir::WalkDir;

use super::{is_empty, kept, making, matching, names, names_of};
use crate::engine;
use crate::env::{Run, files};

#[test]
fn modes_are_kept_and_owners_are_not() {
    let env = making(
        &[
            "install -m 755 /dev/null tool && install -m 640 /dev/null data && install -m 4755 /dev/null powerful && chown 1234:1234 *",
        ],
        &json!({ "files": ["tool", "data", "powerful"] }),
    );
    env.run().assert_succeeded();
    for (name, mode) in [("tool", 0o755), ("data", 0o640), ("powerful", 0o755)] {
        let metadata = fs::metadata(kept(&env).join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, mode, "{name}");
        assert_eq!(metadata.uid(), rustix::process::geteuid().as_raw());
    }
}

#[test]
fn links_are_followed_to_their_content() {
    let env = making(
        &[
            "mkdir real out && echo inside > real/file && echo outside > /tmp/outside",
            "ln -s ../real/file out/relative && ln -s /tmp/outside out/absolute",
            "ln -s relative out/second && ln -s nowhere out/dangling",
            "echo twice > out/hard1 && ln out/hard1 out/hard2 && ln out/hard1 real/hard3",
        ],
        &json!({ "files": ["out/*", "real/hard3"] }),
    );
    let run = env.run();
    run.assert_succeeded();
    let expected = [
        ("out/absolute", "outside\n"),
        ("out/hard1", "twice\n"),
        ("out/hard2", "twice\n"),
        ("out/relative", "inside\n"),
        ("out/second", "inside\n"),
        ("real/hard3", "twice\n"),
    ];
    let found = files(&kept(&env));
    assert_eq!(
        found,
        expected
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into()
    );
    // `files` passes over links, and there must be none.
    assert_eq!(fs::read_dir(kept(&env).join("out")).unwrap().count(), 5);
    assert!(run.log().contains("> Found 6 file(s)\n"), "{run}");
    assert!(run.stderr.contains("out/dangling"), "{run}");
}

#[test]
fn odd_names_arrive_as_they_are() {
    let odd = [
        "-dash",
        "back\\slash",
        "brackets[1]{2}*?",
        "colon:comma,",
        "new\nline",
        "quote'\"",
        "two  blanks ",
        "ünïcödé ☃",
    ];
    let env = making(
        &[
            "mkdir 'odd dir' && cd 'odd dir' && for name in ./-dash 'back\\slash' 'brackets[1]{2}*?' 'colon:comma,' 'new\nline' \"quote'\\\"\" 'two  blanks ' 'ünïcödé ☃'; do echo x > \"$name\"; done",
        ],
        &json!({ "base-directory": "odd dir", "files": ["*"] }),
    );
    env.run().assert_succeeded();
    assert_eq!(names(&kept(&env)), odd);
}

#[test]
fn names_that_are_no_text_are_told_apart() {
    let env = making(
        &[
            "mkdir odd && for byte in 376 377; do echo $byte > \"odd/$(printf \"a\\\\$byte\")\"; done; ls -b odd",
        ],
        &json!({ "files": ["odd/*"] }),
    );
    let run = env.run();
    run.assert_succeeded();
    assert!(run.stdout.contains("\na\\376\na\\377\n"), "{run}");
    let mut names: Vec<Vec<u8>> = fs::read_dir(kept(&env).join("odd"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_vec())
        .collect();
    names.sort();
    assert_eq!(names, [b"a\xfe", b"a\xff"]);
}

#[test]
fn long_names_arrive_whole() {
    let long = format!(
        "{}/{}/{}",
        "d".repeat(200),
        "é".repeat(100),
        "f".repeat(200)
    );
    let make = format!("mkdir -p \"$(dirname {long})\" && touch {long}");
    assert_eq!(names_of(&[&make], &json!({ "files": ["d*/**/*"] })), [long]);
}

#[test]
fn existing_files_are_replaced_and_all_others_stay() {
    let env = making(
        &["mkdir dir && echo new > dir/both && echo new > fresh"],
        &json!({ "files": ["dir/*", "fresh"] }),
    );
    let destination = kept(&env);
    fs::create_dir_all(destination.join("dir")).unwrap();
    for name in ["dir/both", "dir/other", "mine"] {
        fs::write(destination.join(name), "old and longer\n").unwrap();
    }
    env.run().assert_succeeded();
    assert_eq!(
        files(&destination),
        [
            ("dir/both", "new\n"),
            ("dir/other", "old and longer\n"),
            ("fresh", "new\n"),
            ("mine", "old and longer\n"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
    );
    // Not even a hidden directory that files were gathered in.
    assert_eq!(fs::read_dir(&destination).unwrap().count(), 3);
}

#[test]
fn five_thousand_files_arrive() {
    let env = making(
        &["mkdir many && cd many && seq 5000 | split -l 1 -a 4 --additional-suffix .txt - n-"],
        &json!({ "base-directory": "many", "files": ["**/*.txt"] }),
    );
    let run = env.run();
    run.assert_succeeded();
    assert!(run.log().contains("> Found 5000 file(s)\n"), "{run}");
    let files = files(&kept(&env));
    assert_eq!(files.len(), 5000);
    let sum: u32 = files
        .values()
        .map(|text| text.trim().parse::<u32>().unwrap())
        .sum();
    assert_eq!(sum, 5000 * 5001 / 2);
}

#[test]
fn a_dangling_link_alone_is_no_artifact() {
    let run = making(&["ln -s nowhere link"], &json!({ "files": ["link"] })).run();
    run.assert_failed();
    let context = "CLIENT_ERROR Message: no matching artifact paths found\n";
    assert!(run.log().ends_with(context), "{run}");
}

#[test]
fn the_place_of_the_artifacts_may_lie_in_the_source() {
    let env = matching(
        &["mkdir many && cd many && seq 3000 | split -l 1 -a 4 - n-"],
        &json!({ "files": ["**/*"] }),
    );
    let destination = env.source().join("out");
    let env = env.arg("--artifacts").arg(destination.to_str().unwrap());
    for _ in 0..2 {
        env.run().assert_succeeded();
    }
    let own: Vec<String> = names(&destination)
        .into_iter()
        .filter(|name| name.contains(".cobuild-"))
        .collect();
    assert!(own.is_empty(), "{} files in the making", own.len());
}

#[test]
fn a_loop_of_links_is_left_out() {
    let names = names_of(
        &["mkdir out && touch out/file && ln -s loop out/loop && ln -s b out/a && ln -s a out/b"],
        &json!({ "files": ["out/*"] }),
    );
    assert_eq!(names, ["out/file"]);
}

#[test]
fn a_stop_while_artifacts_come_leaves_none_of_them() {
    let env = making(
        &["mkdir many && cd many && seq 20000 | split -l 1 -a 4 - n-"],
        &json!({ "files": ["many/*"] }),
    );
    let running = env.start();
    // Files are gathered in a directory beside their place: wait for some of them.
    let coming = engine::eventually(Duration::from_mins(1), || {
        WalkDir::new(kept(&env)).into_iter().nth(300).is_some()
    });
    assert!(coming, "no artifacts come");
    running.signal(Signal::TERM);
    running.finish().assert_code(143);
    assert!(is_empty(&kept(&env)), "{:?}", names(&kept(&env)).len());
}

#[test]
fn what_a_killed_run_left_goes_with_the_next() {
    let env = making(&["touch made"], &json!({ "files": ["made"] }));
    let seal = env.owner().seal(&["staging", "killed"]);
    let left = kept(&env).join(format!(".cobuild-staging-killed-{seal}"));
    fs::create_dir_all(left.join("half")).unwrap();
    // As a repository can have it.
    let planted = kept(&env).join(".cobuild-staging-planted");
    fs::create_dir(&planted).unwrap();
    env.run().assert_succeeded();
    assert!(!left.exists());
    assert!(planted.exists());
    assert_eq!(fs::read_dir(kept(&env)).unwrap().count(), 2);
}

#[test]
fn artifacts_belong_to_whoever_runs_cobuild() {
    const USER: u32 = 4321;
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let env = making(
        &["mkdir -p out/sub && install -m 400 -o 77 /dev/null out/sub/private"],
        &json!({ "files": ["out/**/*"] }),
    )
    // What the user may not do is of no interest here.
    .args(&["--source-transfer", "tar"]);
    let socket = "/var/run/docker.sock";
    let group = fs::metadata(socket).unwrap().gid();
    for path in [env.path("."), env.path("home"), env.source()] {
        std::os::unix::fs::chown(path, Some(USER), Some(group)).unwrap();
    }
    for packaging in ["none", "zip"] {
        let output = Command::new("setpriv")
            .args([
                &format!("--reuid={USER}"),
                &format!("--regid={group}"),
                "--clear-groups",
            ])
            .arg(env.command().get_program())
            .args(env.command().get_args())
            .args(["--packaging", packaging])
            .current_dir(env.path("."))
            .env("HOME", env.path("home"))
            .output()
            .unwrap();
        Run::new(output).assert_succeeded();
    }
    let private = fs::metadata(kept(&env).join("out/sub/private")).unwrap();
    assert_eq!((private.uid(), private.mode() & 0o777), (USER, 0o600));
    let zip = fs::metadata(kept(&env).join("artifacts.zip")).unwrap();
    assert_eq!(zip.uid(), USER);
}
