//! The user trusts a project's file, as it is.

use std::fs;

use super::Place;

const REACHING: &str =
    "image = 'a'\nprivileged = true\n[profile.big]\nmount = true\nenv = ['TOKEN']\n";

#[test]
fn a_trusted_file_counts_as_the_user_s() {
    let place = Place::new().project(REACHING);
    place.assert_refused(&[], &["cobuild.toml:2: `privileged`"]);
    let run = place.call(&["trust"]);
    run.assert_succeeded();
    let file = place.repo().join("cobuild.toml");
    assert_eq!(
        run.stdout,
        format!(
            "{} asks for more than the container:
  line 2: privileged = \"true\"  (a privileged container has the engine's machine in its hands)
  line 4, profile big: mount = \"true\"  (the build then writes in the source itself)
  line 5, profile big: env = \"TOKEN\"  (a name alone takes this machine's value)
it is trusted as it is now, and counts more than your own cobuild.toml; `cobuild trust --revoke` takes that back
",
            file.display()
        )
    );
    let plan = place.plan(&[]);
    assert_eq!(plan["privileged"], true);
    // From a directory below it is the same file.
    let plan = place.plan(&["-s", "sub dir"]);
    assert_eq!(plan["privileged"], true);
    let listed = place.call(&["trust", "--list"]);
    assert_eq!(listed.stdout, format!("{}\n", file.display()));
}

#[test]
fn any_change_asks_again() {
    let place = Place::new().project(REACHING);
    place.call(&["trust", "sub dir"]).assert_succeeded();
    place.plan(&[]);
    let place = place.project(format!("{REACHING}\n"));
    place.assert_refused(&[], &["`privileged`"]);
    let place = place.project(REACHING);
    place.plan(&[]);
    // The same content at another place is another file.
    let other = place.path("other");
    fs::create_dir(&other).unwrap();
    fs::copy(
        place.repo().join("cobuild.toml"),
        other.join("cobuild.toml"),
    )
    .unwrap();
    place.assert_refused(&["-s", other.to_str().unwrap()], &["`privileged`"]);
}

#[test]
fn trust_is_taken_back() {
    let place = Place::new().project(REACHING);
    place.call(&["trust"]).assert_succeeded();
    let run = place.call(&["trust", "--revoke", "sub dir"]);
    run.assert_succeeded();
    let file = place.repo().join("cobuild.toml");
    assert_eq!(
        run.stdout,
        format!("{} is trusted no longer\n", file.display())
    );
    place.assert_refused(&[], &["`privileged`"]);
    assert_eq!(
        place.call(&["trust", "--list"]).stdout,
        "no file is trusted\n"
    );
    let run = place.call(&["trust", "--revoke"]);
    run.assert_code(2);
    assert!(run.stderr.contains("is not trusted"), "{run}");
    // Also of a file that is gone.
    place.call(&["trust"]).assert_succeeded();
    fs::remove_file(&file).unwrap();
    place.call(&["trust", "--revoke"]).assert_succeeded();
}

#[test]
fn what_cannot_be_used_is_not_trusted() {
    for (text, told) in [
        ("x = 1", "cobuild.toml:1: there is no setting `x`"),
        ("timeout = 'a'", "cobuild.toml:1: `timeout`"),
    ] {
        let place = Place::new().project(text);
        let run = place.call(&["trust"]);
        run.assert_code(2);
        assert!(run.stderr.contains(told), "{run}");
        assert_eq!(
            place.call(&["trust", "--list"]).stdout,
            "no file is trusted\n"
        );
    }
    let run = Place::new().call(&["trust"]);
    run.assert_code(2);
    assert!(
        run.stderr.contains("there is no cobuild.toml in `.`"),
        "{run}"
    );
    let place = Place::new().project("image = 'a'\n");
    let run = place.call(&["trust"]);
    assert!(
        run.stdout.contains("asks for nothing beyond the container"),
        "{run}"
    );
}

#[test]
fn trust_belongs_to_one_user_s_state() {
    let place = Place::new().project(REACHING);
    place.call(&["trust"]).assert_succeeded();
    let state = place.path("other state");
    let place = place.variable("XDG_STATE_HOME", state.to_str().unwrap());
    place.assert_refused(&[], &["`privileged`"]);
    assert!(!state.exists(), "a look makes nothing");
}
