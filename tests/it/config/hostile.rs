//! A repository's file means harm: nothing opens the door of the sandbox.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use cobuild::settings::layers::{RULES, Reach};

use super::Place;

/// A value in TOML that reaches beyond the container, for each flag that can.
const REACHING: &[(&str, &str)] = &[
    ("buildspec", "'/etc/passwd'"),
    ("buildspec", "'../outside.yml'"),
    ("buildspec", "'out'"),
    ("buildspec", "'-'"),
    ("buildspec", "'/dev/stdin'"),
    ("source", "['lib:..']"),
    ("source", "['lib:/etc']"),
    ("source", "['lib:out']"),
    ("source", "['lib:sub dir']"),
    ("source", "['git:.git']"),
    ("source-version", "['HEAD']"),
    ("git-dir", "['.git']"),
    ("no-source", "true"),
    ("env-file", "['a.env']"),
    ("env", "['SECRET']"),
    ("mount", "true"),
    ("privileged", "true"),
    ("timeout", "'37h'"),
    ("exclude", "['!.env']"),
    ("cache-namespace", "'other'"),
    ("project-name", "'other'"),
    ("pids-limit", "'unlimited'"),
    ("pids-limit", "100000"),
    ("network", "'host'"),
    ("network", "'of-others'"),
    ("network", "'container:of-others'"),
    ("add-host", "['a:host-gateway']"),
    ("device", "['/dev/fuse']"),
    ("gpus", "'all'"),
    ("volume", "['/:/host']"),
    ("ulimit", "['rtprio=99']"),
    ("file-system", "['id=/']"),
    ("proxy", "true"),
    ("certificate", "'/etc/ssl/certs/ca-certificates.crt'"),
    ("certificate", "'out'"),
    ("start-dockerd", "true"),
    ("artifacts", "'out'"),
    ("build-json", "'build.json'"),
    ("events", "'events.jsonl'"),
    ("export-file", "'export.env'"),
    ("log-file", "'build.log'"),
    ("grace", "'2h'"),
    ("secrets", "'secrets.env'"),
    ("host", "'tcp://10.0.0.1:2375'"),
    ("context", "'other'"),
    ("engine-timeout", "'1000h'"),
];

/// A value in TOML for each flag that never reaches beyond the container.
const INSIDE: &[(&str, &str)] = &[
    ("image", "'a:1'"),
    ("pull", "'always'"),
    ("platform", "'linux/arm64'"),
    ("git-clone-depth", "1"),
    ("as", "'s3'"),
    ("initiator", "'somebody'"),
    ("env-file-format", "'dotenv'"),
    ("from", "'build'"),
    ("only", "'build'"),
    ("mock", "['a.*']"),
    ("source-transfer", "'tar'"),
    ("source-owner", "'keep'"),
    ("respect-gitignore", "true"),
    ("cache", "'s3'"),
    ("cache-mode", "['custom']"),
    ("compute-type", "'BUILD_GENERAL1_SMALL'"),
    ("cpus", "0.5"),
    ("memory", "'1g'"),
    ("dns", "['10.0.0.1']"),
    ("shm-size", "'1g'"),
    ("packaging", "'zip'"),
    ("override-artifact-name", "true"),
    ("artifact-namespace", "'build-id'"),
    ("show-changes", "true"),
    ("timestamps", "'full'"),
    ("quiet", "true"),
];

fn place() -> Place {
    let place = Place::new();
    fs::write(place.path("outside.yml"), super::BUILDSPEC).unwrap();
    symlink("../outside.yml", place.repo().join("out")).unwrap();
    fs::write(place.repo().join("a.env"), "AWS_SECRET_ACCESS_KEY\n").unwrap();
    place
}

#[test]
fn what_reaches_beyond_the_container_is_refused() {
    let place = place();
    for (name, value) in REACHING {
        for (before, chosen) in [
            ("\n", &[][..]),
            ("[profile.x]\n", &["--config-profile", "x"]),
        ] {
            let file = place.repo().join("cobuild.toml");
            fs::write(&file, format!("{before}{name} = {value}\n")).unwrap();
            let run = place.call(&[&["plan"], chosen].concat());
            run.assert_code(2);
            let told = format!("error: cobuild.toml:2: `{name}` reaches beyond the container: ");
            assert!(run.stderr.contains(&told), "{name} = {value}\n{run}");
            assert!(run.stderr.contains("hint: `cobuild trust` allows"), "{run}");
            if !chosen.is_empty() {
                place.plan(&[]);
            }
        }
    }
}

#[test]
fn each_flag_has_been_tried() {
    for rule in RULES {
        let is_in = |list: &[(&str, &str)]| list.iter().any(|(name, _)| *name == rule.name);
        let expected = match rule.reach {
            Reach::Inside => (false, true),
            Reach::Beyond(_) | Reach::ByValue(_) | Reach::ByPath => (true, false),
            Reach::CommandLine => (false, false),
        };
        assert_eq!((is_in(REACHING), is_in(INSIDE)), expected, "{}", rule.name);
    }
}

#[test]
fn what_stays_in_the_container_is_taken() {
    for (name, value) in INSIDE {
        let place = place().project(format!("{name} = {value}\n"));
        let run = place.call(&["plan"]);
        assert!(!run.stderr.contains("cobuild.toml"), "{name}: {run}");
        run.assert_succeeded();
    }
    for text in [
        "privileged = false\nmount = false\nproxy = false\n",
        "network = 'none'\n",
        "env = { A = 'b' }\npids-limit = 10\ntimeout = '1h'\ngrace = '1s'\n",
        "ulimit = ['nofile=100']\nadd-host = ['a:10.0.0.1']\nexclude = ['*.o']\n",
        "buildspec = 'sub dir/buildspec.yml'\n",
        "buildspec = '{version: 0.2, phases: {build: {commands: [a]}}}'\n",
    ] {
        place().project(text).plan(&[]);
    }
}

#[test]
fn all_that_reaches_beyond_is_told_at_once() {
    let place = place().project("image = 'a'\nprivileged = true\n\nmount = true\n");
    let told = "cobuild.toml:2: `privileged` reaches beyond the container: a privileged container has the engine's machine in its hands; so does `mount` in line 4";
    place.assert_refused(&[], &[told]);
    let hint = format!("hint: `cobuild trust '{}'` allows", place.repo().display());
    let mut command = place.command(&["plan", "-s", "my repo"]);
    command.current_dir(place.path(""));
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(&hint), "{stderr}");
    // A path of the repository is not a path of the source.
    let place = place.project("buildspec = 'buildspec.yml'\n");
    place.assert_refused(&["-s", "sub dir"], &["`buildspec` reaches beyond"]);
}

#[test]
fn a_file_that_is_none_is_refused_and_not_waited_for() {
    let place = Place::new();
    let file = place.repo().join("cobuild.toml");
    let refused = |words: &[&str]| {
        place.assert_refused(&[], &[&["cannot use the settings in `"], words].concat());
        fs::remove_file(&file).unwrap();
    };
    fs::write(place.path("outside"), "image = 'hunter2'\n").unwrap();
    symlink("../outside", &file).unwrap();
    refused(&["it points outside"]);
    symlink("/dev/zero", &file).unwrap();
    refused(&["it points outside"]);
    let made = Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    refused(&["it is a pipe, not a regular file"]);
    fs::write(&file, vec![b'#'; 10_000_000]).unwrap();
    refused(&["it is longer than 1048576 bytes"]);
    symlink("cobuild.toml", &file).unwrap();
    refused(&["symbolic links"]);
    fs::create_dir(&file).unwrap();
    place.assert_refused(&[], &["it is a directory, not a regular file"]);
}

#[test]
fn a_text_that_is_none_is_refused() {
    let keys: Vec<String> = (0..60_000).map(|it| format!("k{it} = 1\n")).collect();
    let many_keys = keys.concat();
    for (text, told) in [
        (
            format!("image = {}", "[".repeat(500_000)).into_bytes(),
            "cobuild.toml:1:",
        ),
        (
            format!("{}a = 1", "a.".repeat(500_000)).into_bytes(),
            "cobuild.toml:1:",
        ),
        (b"image = 'a'\nimage = 'b\0'".to_vec(), "cobuild.toml:2:"),
        (b"image = \"a\\u0000\"".to_vec(), "it holds a character NUL"),
        (
            b"\nimage = '\xff'".to_vec(),
            "cobuild.toml:2: it is not UTF-8",
        ),
        (
            b"image = 'a'\nimage = 'b'".to_vec(),
            "cobuild.toml:2:1: duplicate key",
        ),
        (
            b"image = 'a".to_vec(),
            "cobuild.toml:1:11: invalid literal string",
        ),
        (
            "a = 1\n".repeat(170_000).into_bytes(),
            "cobuild.toml:2:1: duplicate key",
        ),
        (
            many_keys.into_bytes(),
            "cobuild.toml:1: there is no setting `k0`",
        ),
        (
            format!("exclude = [{}]", "'a',".repeat(200_000)).into_bytes(),
            "there are more than 1000 values",
        ),
    ] {
        Place::new().project(text).assert_refused(&[], &[told]);
    }
}

#[test]
fn a_terminal_obeys_nothing_of_it() {
    for text in [
        "image = \"a\\u001b]0;T\\u0007\\u202eb\"\n",
        "\"x\\u001b]0;T\\u0007\\u202e\" = 1\n",
        "pull = \"a\\u001b]0;T\\u0007\\u202eb\"\n",
        "privileged = true\n[profile.\"a\\u001b]0;T\\u0007\\u202e\"]\nmount = true\n",
    ] {
        let place = Place::new().project(text);
        for arguments in ["plan", "trust", "plan --config-profile x"] {
            let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_cobuild"));
            let mut terminal = Command::new("script");
            terminal.args(["-qec", &line, "/dev/null"]);
            let command = place.command(&[]);
            terminal
                .current_dir(command.get_current_dir().unwrap())
                .env_clear();
            for (name, value) in command.get_envs() {
                terminal.env(name, value.unwrap());
            }
            let output = terminal.output().unwrap();
            let shown = String::from_utf8_lossy(&output.stdout);
            assert!(shown.len() > 20, "{text} {arguments}: {shown:?}");
            for obeyed in ["\u{1b}]", "\u{7}", "\u{202e}"] {
                assert!(!shown.contains(obeyed), "{text} {arguments}: {shown:?}");
            }
        }
    }
}

#[test]
fn what_has_been_beaten_never_comes_back() {
    // Each entry of the file takes the one before it away, and is taken away itself.
    let file = "mount = true\n[profile.ci]\nrespect-gitignore = true\n";
    let place = place()
        .project(file)
        .user("respect-gitignore = true\nexclude = ['.env']\n");
    let chosen = ["--config-profile", "ci"];
    let plan = place.plan(&chosen);
    assert_ne!(plan["transfer"], "mount");
    assert_eq!(plan["excludes"]["patterns"], serde_json::json!([".env"]));
    assert_eq!(plan["excludes"]["respectGitignore"], true);
    let plan = place.plan(&[&chosen[..], &["--respect-gitignore=false"]].concat());
    assert_ne!(plan["transfer"], "mount");
    let place = place.project("start-dockerd = true\n[profile.ci]\nprivileged = false\n");
    let plan = place.plan(&[&chosen[..], &["-d"]].concat());
    assert_eq!(plan["container"]["startDockerd"], false);
}

#[test]
fn what_somebody_else_has_beaten_is_not_refused() {
    let place = place().project("mount = true\ntimeout = '48h'\n");
    let plan = place.plan(&["--mount=false", "--timeout", "1h"]);
    assert_ne!(plan["transfer"], "mount");
    place.assert_refused(&["--timeout", "1h"], &["`mount` reaches beyond"]);
}

#[test]
fn what_the_user_limits_in_any_way_stays_limited() {
    let size = ["--compute-type", "BUILD_GENERAL1_SMALL"];
    let big = "memory = '200g'\ncpus = 64\n";
    let limits = |place: &Place, arguments: &[&str]| {
        let plan = place.plan(arguments);
        plan["container"]["limits"].clone()
    };
    let expected = limits(&place(), &size);
    let place = place().project(big);
    assert_eq!(limits(&place, &size), expected);
    let place = place.variable("COBUILD_COMPUTE_TYPE", size[1]);
    assert_eq!(limits(&place, &[]), expected);
    let place = self::place()
        .project("as = 'codecommit'\n")
        .user("as = 's3'\n");
    assert_eq!(place.plan(&[])["sources"][0]["git"], "left-out");
    let place = self::place()
        .project("initiator = 'codepipeline/x'\n")
        .user("as = 'github'\n");
    assert_eq!(place.plan(&[])["build"]["sourceType"], "GITHUB");
}

#[test]
fn patterns_without_end_are_refused_at_once() {
    let mocks = vec!["'a'"; 51].join(", ");
    let place = place().project(format!("mock = [{mocks}]\n"));
    place.assert_refused(&[], &["a file has 50 of them at the most"]);
    let place = place.project("mock = ['(\\w{100}){100}']\n");
    place.assert_refused(&[], &["`mock`: not a valid regular expression: "]);
    let place = place.project("mock = ['(']\n");
    place.assert_refused(
        &[],
        &["`mock`: not a valid regular expression: unclosed group"],
    );
}

#[test]
fn what_is_trusted_is_seen() {
    let place = place().project("volume = [\"a\\n/../../../..:/host\"]\n");
    let run = place.call(&["trust"]);
    run.assert_succeeded();
    assert!(run.stdout.contains("a\\n/../../../..:/host"), "{run}");
    let long = format!("volume = ['{}:/x']\n", "lib/../".repeat(200));
    let place = place.project(long);
    let run = place.call(&["trust"]);
    run.assert_code(2);
    assert!(run.stderr.contains("is too long to be shown"), "{run}");
    place.assert_refused(&[], &["`volume` reaches beyond"]);
}
