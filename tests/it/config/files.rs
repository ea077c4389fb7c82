//! Which files count, and what their paths mean.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::os::unix::process::CommandExt as _;

use super::Place;
use crate::env::Run;

/// A user that is not root.
const USER: u32 = 1000;

#[test]
fn a_file_in_a_directory_above_counts_up_to_the_root() {
    let place = Place::new().project("image = 'of-repo:1'\n");
    fs::write(place.path("cobuild.toml"), "image = 'above:1'\n").unwrap();
    let of_repo = "image of-repo:1 cobuild.toml:1";
    assert_eq!(place.settings(&[]), [of_repo]);
    let source = ["-s", "sub dir"];
    assert_eq!(place.settings(&source)[1], of_repo);
    fs::write(
        place.repo().join("sub dir/cobuild.toml"),
        "image = 'sub:1'\n",
    )
    .unwrap();
    assert_eq!(
        place.settings(&source)[1],
        "image sub:1 sub dir/cobuild.toml:1"
    );
    assert_eq!(place.settings(&[]), [of_repo]);
    fs::remove_file(place.repo().join("cobuild.toml")).unwrap();
    assert_eq!(place.settings(&[]), [""; 0], "not above the repository");
    fs::remove_dir(place.repo().join(".git")).unwrap();
    fs::remove_file(place.repo().join("sub dir/cobuild.toml")).unwrap();
    let place = place.project("image = 'of-repo:1'\n");
    assert_eq!(place.settings(&source).len(), 1, "not above a source alone");
}

#[test]
fn the_primary_source_says_whose_file_counts() {
    let place = Place::new().project("image = 'a'\n");
    let other = place.path("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("cobuild.toml"), "image = 'other:1'\n").unwrap();
    fs::write(other.join("buildspec.yml"), super::BUILDSPEC).unwrap();
    let other = other.to_str().unwrap();
    let image = |place: &Place, arguments: &[&str]| place.plan(arguments)["engineImage"].clone();
    assert_eq!(image(&place, &["-s", other]), "other:1");
    let secondary = format!("lib:{other}");
    assert_eq!(image(&place, &["-s", &secondary]), "a");
    let place = place.variable("COBUILD_SOURCE", other);
    assert_eq!(image(&place, &[]), "other:1");
    assert_eq!(image(&place, &["-s", "."]), "a");
}

#[test]
fn paths_are_relative_to_their_file() {
    let place = Place::new().project(
        "buildspec = 'ci/spec.yml'\nsource = ['lib:sub dir']\ncertificate = 'ci/ca.pem'\n",
    );
    fs::create_dir(place.repo().join("ci")).unwrap();
    fs::write(place.repo().join("ci/spec.yml"), super::BUILDSPEC).unwrap();
    // Another source is the user's word.
    place.call(&["trust"]).assert_succeeded();
    let repo = place.repo();
    let called_above = |place: &Place| {
        let mut command = place.command(&["plan", "--format", "json", "-s", "my repo"]);
        Run::new(command.current_dir(place.path("")).output().unwrap())
    };
    let run = called_above(&place);
    run.assert_code(2);
    let certificate = repo.join("ci/ca.pem");
    assert!(run.stderr.contains(certificate.to_str().unwrap()), "{run}");
    let place = place.project("buildspec = 'ci/spec.yml'\nsource = ['lib:sub dir']\n");
    place.call(&["trust"]).assert_succeeded();
    let run = called_above(&place);
    run.assert_succeeded();
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let buildspec = plan["work"]["buildspec"].as_str().unwrap();
    assert!(
        buildspec.starts_with("/codebuild/output/src"),
        "in the source: {run}"
    );
    assert!(buildspec.ends_with("/src/ci/spec.yml"), "{run}");
    let library = repo.join("sub dir");
    assert_eq!(plan["sources"][1]["host"], library.to_str().unwrap());
}

#[test]
fn the_user_s_file_has_paths_too_and_knows_no_tilde() {
    let place = Place::new().user("volume = ['data:/data', '~/x:/x']\n");
    let directory = place.path("home/.config/cobuild");
    fs::create_dir_all(directory.join("data")).unwrap();
    fs::create_dir_all(directory.join("~/x")).unwrap();
    let plan = place.plan(&[]);
    for (index, name) in ["data", "~/x"].iter().enumerate() {
        let host = directory.join(name);
        assert_eq!(
            plan["container"]["volumes"][index]["host"],
            host.to_str().unwrap()
        );
    }
}

#[test]
fn xdg_says_where_the_user_s_file_is_and_it_may_be_a_link() {
    let place = Place::new().user("image = 'home'\n");
    fs::create_dir_all(place.path("config/cobuild")).unwrap();
    fs::write(place.path("dotfile"), "image = 'linked'\n").unwrap();
    symlink(
        place.path("dotfile"),
        place.path("config/cobuild/cobuild.toml"),
    )
    .unwrap();
    assert_eq!(place.settings(&[]), ["image home user:1"]);
    let config = place.path("config");
    let place = place.variable("XDG_CONFIG_HOME", config.to_str().unwrap());
    assert_eq!(place.settings(&[]), ["image linked user:1"]);
}

#[test]
fn a_version_and_a_zip_file_have_no_file_of_their_own() {
    let place = Place::new();
    // The least that is a zip file.
    fs::write(
        place.repo().join("a.zip"),
        [b"PK\x05\x06".as_slice(), &[0; 18]].concat(),
    )
    .unwrap();
    let place = place.project("image = 'a'\n");
    let run = place.call(&["plan", "-s", "a.zip"]);
    assert!(!run.stdout.contains("cobuild.toml"), "{run}");
    let text = ["--no-source", "-b", "{version: 0.2, phases: {}}"];
    let settings = place.settings(&text);
    assert!(
        !settings.iter().any(|it| it.starts_with("image")),
        "{settings:?}"
    );
}

#[test]
fn a_plain_user_has_files_of_his_own() {
    assert!(
        rustix::process::geteuid().is_root(),
        "these tests make users"
    );
    let place = Place::new()
        .user("timeout = '5m'\n")
        .project("image = 'a'\n");
    for entry in walkdir::WalkDir::new(place.path("")) {
        chown(entry.unwrap().path(), Some(USER), Some(USER)).unwrap();
    }
    let of_user = || {
        let mut command = place.command(&["plan", "--format", "json"]);
        let run = Run::new(command.uid(USER).gid(USER).output().unwrap());
        run.assert_succeeded();
        serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap()
    };
    let plan = of_user();
    assert_eq!(
        (&plan["engineImage"], &plan["timeout"]),
        (&"a".into(), &"5m".into())
    );
    // Root builds in a source of that user's: the project counts, his own settings do not.
    let plan = place.plan(&[]);
    assert_eq!(
        (&plan["engineImage"], &plan["timeout"]),
        (&"a".into(), &"1h".into())
    );
    // Others could have written it.
    let file = place.path("home/.config/cobuild/cobuild.toml");
    chown(&file, Some(65534), None).unwrap();
    let run = Run::new(
        place
            .command(&["plan"])
            .uid(USER)
            .gid(USER)
            .output()
            .unwrap(),
    );
    run.assert_code(2);
    assert!(run.stderr.contains("it belongs to user 65534"), "{run}");
}

#[test]
fn what_another_user_puts_above_a_source_is_left_out() {
    assert!(
        rustix::process::geteuid().is_root(),
        "these tests make users"
    );
    let place = Place::new().project("image = 'planted'\n");
    let file = place.repo().join("cobuild.toml");
    chown(&file, Some(65534), None).unwrap();
    let run = place.call(&["plan", "-s", "sub dir"]);
    run.assert_succeeded();
    assert!(!run.stdout.contains("planted"), "{run}");
    let warning = format!(
        "warning: `{}` is left out: it belongs to user 65534",
        file.display()
    );
    assert!(run.stderr.contains(&warning), "{run}");
    // In the source itself it is as trustworthy as the source.
    assert_eq!(place.plan(&[])["engineImage"], "planted");
}
