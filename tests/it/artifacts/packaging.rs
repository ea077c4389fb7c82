//! Artifacts as zips, and the names that they go by.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use zip::ZipArchive;

use super::{is_empty, kept, making, names, upload_log};

/// The entries of a zip in their order: name, mode, content.
fn entries(path: &Path) -> Vec<(String, u32, String)> {
    let mut zip = ZipArchive::new(File::open(path).unwrap()).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut entry = zip.by_index(index).unwrap();
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            (
                entry.name().unwrap().into_owned(),
                entry.unix_mode().unwrap(),
                content,
            )
        })
        .collect()
}

#[test]
fn each_set_is_one_zip_and_the_log_is_the_same() {
    let env = making(
        &[
            "umask 022; mkdir -p dist/b && echo a > dist/a.sh && chmod 4755 dist/a.sh && echo b > dist/b/c && echo d > dist/b-d",
        ],
        &json!({
            "base-directory": "dist",
            "files": ["**/*"],
            "secondary-artifacts": { "docs": { "files": ["dist/a.sh"], "discard-paths": "yes" } },
        }),
    );
    let plain = upload_log(&env.run());
    fs::remove_dir_all(kept(&env)).unwrap();
    let env = env.args(&["--packaging", "zip"]);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(upload_log(&run), plain, "{run}");
    assert_eq!(names(&kept(&env)), ["artifacts.zip", "docs.zip"]);
    assert_eq!(
        entries(&kept(&env).join("artifacts.zip")),
        [
            ("a.sh", 0o100_755, "a\n"),
            ("b-d", 0o100_644, "d\n"),
            ("b/c", 0o100_644, "b\n")
        ]
        .map(|(name, mode, text)| (name.to_owned(), mode, text.to_owned()))
    );
    assert_eq!(entries(&kept(&env).join("docs.zip"))[0].0, "a.sh");
}

#[test]
fn the_same_files_make_the_same_bytes() {
    let env = making(
        &["seq 100000 > a && printf '\\376' > \"$(printf 'odd\\376')\" && touch -d @1000000001 a odd*"],
        &json!({ "files": ["a", "odd*"] }),
    )
    .args(&["--packaging", "zip"]);
    let zip = kept(&env).join("artifacts.zip");
    env.run().assert_succeeded();
    let first = fs::read(&zip).unwrap();
    env.run().assert_succeeded();
    assert!(fs::read(&zip).unwrap() == first);
    // Names are kept byte by byte, and what can be packed is.
    assert!(first.windows(4).any(|bytes| bytes == b"odd\xfe"));
    assert!(first.len() < 400_000, "{}", first.len());
}

#[test]
fn enabled_symlinks_stay_links_in_a_zip() {
    let env = making(
        &["mkdir -p lib/dir && echo code > lib/so.1 && touch lib/dir/in && cd lib && ln -s so.1 so && ln -s dir link && ln -s ../so.1 dir/up && ln -s none dangling && ln -s /etc/hostname outside && ln -s \"$PWD/so.1\" absolute"],
        &json!({ "base-directory": "lib", "files": ["**/*"], "enable-symlinks": "yes" }),
    )
    .args(&["--packaging", "zip"]);
    let run = env.run();
    run.assert_succeeded();
    let entries = entries(&kept(&env).join("artifacts.zip"));
    let link = 0o120_000;
    let found: BTreeMap<&str, (bool, &str)> = entries
        .iter()
        .map(|(name, mode, text)| (name.as_str(), (mode & link == link, text.as_str())))
        .collect();
    assert_eq!(found["so"], (true, "so.1"));
    assert_eq!(found["link"], (true, "dir"));
    assert_eq!(found["dir/up"], (true, "../so.1"));
    // What would lead nowhere in the zip is there itself.
    assert_eq!(found["absolute"], (false, "code\n"));
    assert!(!found["outside"].0, "{found:?}");
    assert_eq!(found.len(), 7, "{found:?}");
    assert!(
        run.stderr
            .contains("dangling` is left out: it is a broken symlink"),
        "{run}"
    );
}

#[test]
fn links_are_followed_into_a_zip_unless_they_are_enabled() {
    let env = making(
        &["mkdir -p lib/dir && echo code > lib/dir/so.1 && ln -s dir lib/link"],
        &json!({ "base-directory": "lib", "files": ["**/*"] }),
    )
    .args(&["--packaging", "zip"]);
    env.run().assert_succeeded();
    assert_eq!(
        entries(&kept(&env).join("artifacts.zip"))
            .iter()
            .map(|(name, ..)| name.as_str())
            .collect::<Vec<_>>(),
        ["dir/so.1", "link/so.1"]
    );
}

#[test]
fn the_build_as_json_says_where_artifacts_are_and_the_sums_of_a_zip() {
    let artifacts = json!({
        "files": ["a"],
        "secondary-artifacts": { "docs": { "files": ["a"] } },
    });
    let env = making(&["echo a > a"], &artifacts);
    let json = env.path("build.json");
    let env = env.args(&["--build-json", json.to_str().unwrap()]);
    env.run().assert_succeeded();
    let build: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let root = kept(&env).canonicalize().unwrap();
    assert_eq!(
        build["artifacts"],
        json!({ "location": root.to_str().unwrap(), "overrideArtifactName": false })
    );
    assert_eq!(
        build["secondaryArtifacts"],
        json!([{ "location": root.join("docs").to_str().unwrap(), "overrideArtifactName": false, "artifactIdentifier": "docs" }])
    );
    let env = env.args(&["--packaging", "zip"]);
    env.run().assert_succeeded();
    let build: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let zip = root.join("artifacts.zip");
    assert_eq!(build["artifacts"]["location"], zip.to_str().unwrap());
    for (program, sum) in [("sha256sum", "sha256sum"), ("md5sum", "md5sum")] {
        let printed = Command::new(program).arg(&zip).output().unwrap().stdout;
        let printed = String::from_utf8(printed).unwrap();
        assert_eq!(build["artifacts"][sum], printed.split(' ').next().unwrap());
    }
}

#[test]
fn an_overriding_name_is_the_place_of_the_files_or_of_the_zip() {
    let artifacts = json!({
        "files": ["a"],
        "name": "$KIND/app-$(echo 1.0).zip",
        "s3-prefix": "releases",
        "secondary-artifacts": { "docs": { "files": ["a"], "name": "docs-$KIND" }, "plain": { "files": ["a"] } },
    });
    let making = || making(&["echo a > a; KIND=nightly"], &artifacts);
    let env = making();
    env.run().assert_succeeded();
    assert_eq!(names(&kept(&env)), ["a", "docs/a", "plain/a"]);
    let env = making().arg("--override-artifact-name");
    env.run().assert_succeeded();
    assert_eq!(
        names(&kept(&env)),
        ["docs-nightly/a", "nightly/app-1.0.zip/a", "plain/a"]
    );
    let env = making().args(&["--override-artifact-name", "--packaging", "zip"]);
    env.run().assert_succeeded();
    assert_eq!(
        names(&kept(&env)),
        ["docs-nightly", "nightly/app-1.0.zip", "plain.zip"]
    );
}

#[test]
fn the_build_id_as_namespace_parts_builds() {
    let env = making(
        &["echo a > a; echo ${CODEBUILD_BUILD_ID#*:}"],
        &json!({ "files": ["a"], "s3-prefix": "releases/x", "name": "app" }),
    )
    .args(&[
        "--artifact-namespace",
        "build-id",
        "--override-artifact-name",
    ]);
    let run = env.run();
    run.assert_succeeded();
    let uuid = run.output_of("echo a > a; echo ${CODEBUILD_BUILD_ID#*:}");
    assert_eq!(
        names(&kept(&env)),
        [format!("releases/x/{}/app/a", uuid.trim())]
    );
}

#[test]
fn two_zips_of_one_name_are_refused() {
    let env = making(
        &["touch a"],
        &json!({ "files": ["a"], "name": "x", "secondary-artifacts": { "b": { "files": ["a"], "name": "x" } } }),
    )
    .args(&["--override-artifact-name", "--packaging", "zip"]);
    let run = env.run();
    run.assert_failed();
    assert!(
        run.log()
            .contains("CLIENT_ERROR Message: two artifacts have the name `x`"),
        "{run}"
    );
}

#[test]
fn an_old_zip_is_replaced_by_a_whole_one_only() {
    let env = making(&["false"], &json!({ "files": ["none"] })).args(&["--packaging", "zip"]);
    fs::create_dir_all(kept(&env)).unwrap();
    let zip = kept(&env).join("artifacts.zip");
    fs::write(&zip, "old").unwrap();
    env.run().assert_failed();
    assert_eq!(fs::read(&zip).unwrap(), b"old");
    let env = making(&["touch a"], &json!({ "files": ["a"] })).args(&["--packaging", "zip"]);
    env.run().assert_succeeded();
    assert!(!is_empty(&kept(&env)));
    let zip = fs::metadata(kept(&env).join("artifacts.zip")).unwrap();
    assert_eq!(zip.uid(), rustix::process::geteuid().as_raw());
}
