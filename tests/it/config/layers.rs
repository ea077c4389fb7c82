//! Which layer wins, and what several layers say together.

use super::Place;

#[test]
fn lists_are_those_of_all_layers_the_lowest_first() {
    let place = Place::new()
        .user("exclude = ['user']\nenv = { A = 'user', B = 'user' }\n")
        .project("exclude = ['one', 'two']\nenv = { B = 'project', C = 'project' }\n")
        .variable("COBUILD_EXCLUDE", "by variable\nanother")
        .variable("COBUILD_ENV", "C=variable\nD=variable");
    let arguments = ["--exclude", "flag", "--env", "D=flag", "--env", "E=flag"];
    assert_eq!(
        place.settings(&arguments),
        [
            "exclude user user:1",
            "exclude one cobuild.toml:1",
            "exclude two cobuild.toml:1",
            "exclude by variable COBUILD_EXCLUDE",
            "exclude another COBUILD_EXCLUDE",
            "exclude flag --exclude",
            "env A user:2",
            "env B cobuild.toml:2",
            "env C COBUILD_ENV",
            "env D --env",
            "env E --env",
        ]
    );
    let plan = place.plan(&arguments);
    let overrides: Vec<String> = plan["environment"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["origin"] == "override")
        .map(|it| format!("{}={}", it["name"], it["value"]).replace('"', ""))
        .collect();
    assert_eq!(
        overrides,
        ["A=user", "B=project", "C=variable", "D=flag", "E=flag"]
    );
}

#[test]
fn a_higher_layer_turns_off_what_a_lower_one_turned_on() {
    let place = Place::new().user("privileged = true\nmount = true\n");
    assert_eq!(place.plan(&[])["privileged"], true);
    for arguments in [&["--privileged=false"][..], &["-d=false"]] {
        assert_eq!(place.plan(arguments)["privileged"], false);
    }
    assert_eq!(
        place.settings(&["--privileged=false", "--mount=false"]),
        ["mount false --mount", "privileged false --privileged"]
    );
    let place = place.project("privileged = false\n");
    assert_eq!(place.plan(&[])["privileged"], false);
    assert_eq!(place.plan(&["-d"])["privileged"], true);
    for (value, expected) in [("false", false), ("0", false), ("1", true), ("true", true)] {
        let place = Place::new()
            .user(&format!("privileged = {}\n", !expected))
            .variable("COBUILD_PRIVILEGED", value);
        assert_eq!(place.plan(&[])["privileged"], expected, "{value}");
    }
}

#[test]
fn a_daemon_of_docker_needs_what_nobody_above_forbids() {
    let place = Place::new().user("start-dockerd = true\n");
    assert_eq!(place.plan(&[])["privileged"], true);
    let plan = place.plan(&["--privileged=false"]);
    assert_eq!(plan["privileged"], false);
    assert_eq!(plan["container"]["startDockerd"], false);
    let place = Place::new().user("privileged = false\n");
    assert_eq!(place.plan(&["--start-dockerd"])["privileged"], true);
    let words = ["--start-dockerd needs a privileged container"];
    place.assert_refused(&["--start-dockerd", "--privileged=false"], &words);
}

#[test]
fn what_is_said_of_artifacts_and_caches_needs_them_in_any_layer() {
    let place = Place::new().variable("COBUILD_ARTIFACTS", "out");
    assert_eq!(
        place.settings(&["--packaging", "zip"]),
        [
            "artifacts out COBUILD_ARTIFACTS",
            "packaging zip --packaging"
        ]
    );
    let place = Place::new().project("packaging = 'zip'\ncache-mode = ['source']\n");
    // Whoever keeps no artifacts now need not be told how they would be kept.
    place.plan(&[]);
    let plan = place.plan(&["-a", "out"]);
    let packaging = &plan["work"]["artifacts"]["storage"]["packaging"];
    assert_eq!(packaging, "ZIP", "{plan}");
    let words = ["--cache-namespace has no effect without `--cache <TYPE>`"];
    place.assert_refused(&["--cache-namespace", "ours"], &words);
    place.plan(&["--cache-namespace", "ours", "--cache", "local"]);
}

#[test]
fn what_excludes_a_lower_layer_takes_its_place() {
    let place = Place::new().user("mount = true\n");
    assert_eq!(
        place.settings(&["--source-transfer", "tar"]),
        ["source-transfer tar --source-transfer"]
    );
    let place = Place::new().user("exclude = ['a']\nsource-transfer = 'tar'\n");
    assert_eq!(place.settings(&["-m"]), ["mount true --mount"]);
    let place = place.variable("COBUILD_MOUNT", "true");
    assert_eq!(
        place.settings(&["--mount=false"]),
        [
            "mount false --mount",
            "source-transfer tar user:2",
            "exclude a user:1"
        ]
    );
    let place = Place::new().variable("COBUILD_SOURCE", "sub dir");
    let settings = place.settings(&["--no-source", "-b", "{version: 0.2, phases: {}}"]);
    assert!(!settings.iter().any(|it| it.starts_with("source ")));
}

#[test]
fn in_one_layer_they_are_refused() {
    Place::new()
        .user("exclude = ['a']\nmount = true\n")
        .assert_refused(
            &[],
            &["cobuild.toml:1", "cobuild.toml:2", "exclude each other"],
        );
    Place::new()
        .variable("COBUILD_MOUNT", "1")
        .variable("COBUILD_EXCLUDE", "a")
        .assert_refused(&[], &["COBUILD_MOUNT", "COBUILD_EXCLUDE"]);
    let both = ["--mount", "--exclude", "a"];
    Place::new().assert_refused(&both, &["cannot be used with"]);
    let off = ["--mount=false", "--exclude", "a"];
    assert_eq!(Place::new().settings(&off).len(), 2);
}

#[test]
fn what_a_flag_needs_may_stand_in_another_layer() {
    let place = Place::new().user("git-clone-depth = 1\n");
    place.plan(&[]);
    let run = place.call(&["plan", "--source-version", "HEAD"]);
    assert!(!run.stderr.contains("has no effect"), "{run}");
    let words = ["--git-clone-depth has no effect without `--source-version <"];
    Place::new().assert_refused(&["--git-clone-depth", "1"], &words);
}

#[test]
fn profiles_beat_the_top_of_their_file() {
    let place = Place::new()
        .user("image = 'user:1'\n[profile.ci]\nimage = 'user-ci:1'\nmemory = '3g'\n")
        .project(
            "image = 'top:1'\nexclude = ['top']\n[profile.ci]\nmemory = '1g'\nexclude = ['ci']\n[profile.'a b']\nmemory = '2g'\n",
        );
    assert_eq!(
        place.settings(&["--config-profile", "ci"]),
        [
            "exclude top cobuild.toml:2",
            "exclude ci cobuild.toml:5[ci]",
            "image top:1 cobuild.toml:1",
            "memory 3g user:4[ci]",
        ],
        "a limit of the user's stays"
    );
    let place = place.user("");
    for (chosen, memory) in [("ci,a b", "2g"), ("a b,ci", "1g")] {
        let settings = place.settings(&["--config-profile", chosen]);
        let expected = format!("memory {memory} ");
        assert!(
            settings.iter().any(|it| it.starts_with(&expected)),
            "{settings:?}"
        );
    }
    let place = place.variable("COBUILD_CONFIG_PROFILE", "a b");
    assert!(
        place
            .settings(&[])
            .contains(&"memory 2g cobuild.toml:7[a b]".to_owned())
    );
    let settings = place.settings(&["--config-profile", "ci"]);
    assert!(settings.contains(&"memory 1g cobuild.toml:4[ci]".to_owned()));
}

#[test]
fn a_profile_that_nobody_has_is_refused() {
    let place = Place::new().project("[profile.release]\n[profile.ci]\n");
    let words = [
        "no cobuild.toml has a profile `relaese`",
        "did you mean `release`?",
    ];
    place.assert_refused(&["--config-profile", "relaese"], &words);
    let words = ["the profiles are release, ci"];
    place.assert_refused(&["--config-profile", "xyz"], &words);
    let words = ["no cobuild.toml has a profile"];
    Place::new().assert_refused(&["--config-profile", "ci"], &words);
}

#[test]
fn without_config_no_file_has_a_say() {
    let place = Place::new().user("image = 'a'\nx = 1").project("y = 1");
    place.assert_refused(&[], &["there is no setting `x`"]);
    assert_eq!(place.settings(&["--no-config"]), [""; 0]);
    let place = place.variable("COBUILD_NO_CONFIG", "1");
    assert_eq!(place.settings(&[]), [""; 0]);
    place.assert_refused(&["--no-config=false"], &["there is no setting `x`"]);
    let place = Place::new().variable("COBUILD_NO_CONFIG", "maybe");
    place.assert_refused(&[], &["COBUILD_NO_CONFIG: write true or false"]);
}

#[test]
fn a_variable_is_held_to_what_its_flag_takes() {
    for (name, value, problem) in [
        (
            "COBUILD_TIMEOUT",
            "30",
            "COBUILD_TIMEOUT: write it with units, such as 90s",
        ),
        (
            "COBUILD_PULL",
            "alway",
            "COBUILD_PULL: `alway` is none of always, missing, never; did you mean `always`?",
        ),
        (
            "COBUILD_PRIVILEGED",
            "yes",
            "COBUILD_PRIVILEGED: write true or false",
        ),
    ] {
        Place::new()
            .variable(name, value)
            .assert_refused(&[], &[problem]);
    }
}

#[test]
fn what_the_user_limits_a_project_does_not_loosen() {
    let place = Place::new()
        .user("network = 'none'\ncompute-type = 'BUILD_GENERAL1_SMALL'\nrespect-gitignore = true\nimage = 'a'\n")
        .project("network = 'bridge'\nmemory = '64g'\nrespect-gitignore = false\nimage = 'b'\n");
    assert_eq!(
        place.settings(&[]),
        [
            "respect-gitignore true user:3",
            "image b cobuild.toml:4",
            "compute-type BUILD_GENERAL1_SMALL user:2",
            "network none user:1",
        ]
    );
    place.call(&["trust"]).assert_succeeded();
    assert!(
        place
            .settings(&[])
            .contains(&"memory 64g cobuild.toml:2".to_owned())
    );
}

#[test]
fn all_commands_that_ask_an_engine_ask_the_same() {
    let address = "unix:///of the user.sock";
    let by_file = Place::new().user(&format!("host = '{address}'\n"));
    let by_variable = Place::new().variable("COBUILD_HOST", address);
    for place in [by_file, by_variable] {
        for command in [&["run"][..], &["clean"]] {
            let run = place.call(command);
            run.assert_code(3);
            assert!(run.stderr.contains(address), "{command:?}: {run}");
        }
        let run = place.call(&["doctor"]);
        assert!(run.stdout.contains(address), "{run}");
        let run = place.call(&["run", "--host", "unix:///of-the-flag.sock"]);
        assert!(run.stderr.contains("of-the-flag"), "{run}");
    }
    let place = Place::new().user("context = 'nobody'\n");
    let run = place.call(&["run", "--host", "unix:///of-the-flag.sock"]);
    assert!(run.stderr.contains("of-the-flag"), "{run}");
}
