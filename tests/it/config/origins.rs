//! Each value says where it comes from.

use super::Place;

fn place() -> Place {
    Place::new()
        .user("timeout = '5m'\nimage = 'user:1'\n")
        .project("image = 'project:1'\ncpus = 2\n[profile.ci]\nmemory = '1g'\ncpus = 1\n")
        .variable("COBUILD_PIDS_LIMIT", "100")
        .variable("COBUILD_CPUS", "3")
}

#[test]
fn each_origin_is_in_the_plan() {
    let place = place();
    let arguments = ["--config-profile", "ci", "--platform", "linux/arm64"];
    assert_eq!(
        place.settings(&arguments),
        [
            "image project:1 cobuild.toml:1",
            "platform linux/arm64 --platform",
            "timeout 5m user:1",
            "cpus 3 COBUILD_CPUS",
            "memory 1g cobuild.toml:4[ci]",
            "pids-limit 100 COBUILD_PIDS_LIMIT",
        ]
    );
    let plan = place.plan(&arguments);
    let settings = plan["settings"].as_array().unwrap();
    let of = |name: &str| settings.iter().find(|it| it["name"] == name).unwrap();
    assert_eq!(of("grace")["origin"]["type"], "default");
    assert_eq!(of("grace")["value"], "10s");
    assert_eq!(of("privileged")["origin"]["type"], "default");
    assert_eq!(plan["engineImage"], "project:1");
    assert_eq!(plan["timeout"], "5m");
    assert_eq!(plan["container"]["limits"]["cpus"], "3");
}

#[test]
fn people_are_told_what_is_not_a_default() {
    let place = place();
    let run = place.call(&["plan", "--config-profile", "ci", "--only", "build"]);
    run.assert_succeeded();
    let (_, settings) = run.stdout.split_once("\nsettings\n").unwrap();
    let user = place.path("home/.config/cobuild/cobuild.toml");
    let expected = format!(
        "  image       project:1  (cobuild.toml:1)
  only        build  (flag --only)
  timeout     5m  ({}:1)
  cpus        3  (variable COBUILD_CPUS)
  memory      1g  (profile ci in cobuild.toml:4)
  pids-limit  100  (variable COBUILD_PIDS_LIMIT)
",
        user.display()
    );
    assert_eq!(settings, expected);
    let run = Place::new().call(&["plan"]);
    assert!(!run.stdout.contains("settings"), "{run}");
}

#[test]
fn the_value_of_a_variable_of_the_build_is_not_told() {
    let place = Place::new()
        .user("env = { TOKEN = 'hunter2' }\n")
        .variable("COBUILD_ENV", "OTHER=hunter3");
    assert_eq!(
        place.settings(&[]),
        ["env TOKEN user:1", "env OTHER COBUILD_ENV"]
    );
}

#[test]
fn a_mistyped_variable_is_told_of_to_those_who_ask() {
    let place = Place::new().variable("COBUILD_IMGE", "a");
    let run = place.call(&["plan"]);
    run.assert_succeeded();
    assert_eq!(run.stderr, "");
    let run = place.call(&["plan", "-v"]);
    let told = "the variable COBUILD_IMGE sets nothing; COBUILD_IMAGE may be meant";
    assert!(run.stderr.contains(told), "{run}");
    let known = Place::new()
        .variable("COBUILD_SECRET_IMAGE", "a")
        .variable("COBUILD_SHARD_INDEX", "1");
    let run = known.call(&["plan", "-v"]);
    assert!(!run.stderr.contains("sets nothing"), "{run}");
}
