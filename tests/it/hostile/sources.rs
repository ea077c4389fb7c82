//! Files of a source that have no end, or that are none: cobuild ends soon, in little memory, whatever lies in
//! the place of a file that it reads.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::measured::{run, run_command};
use crate::env::TestEnv;

/// How long a look at such a source may take, on a busy machine.
const LIMIT: Duration = Duration::from_mins(5);

/// The files of a source that cobuild reads on the host, and what makes it read them.
const READ: &[(&str, &[&str])] = &[
    ("buildspec.yml", &[]),
    ("ci/x.yml", &["-b", "ci/x.yml"]),
    (".cobuildignore", &[]),
    (".gitignore", &["--respect-gitignore"]),
    ("sub/.gitignore", &["--respect-gitignore"]),
    (".git", &["--source-version", "main"]),
    (".git/HEAD", &[]),
    (".git/HEAD", &["--source-version", "main"]),
    (".git/config", &[]),
    (".git/commondir", &[]),
    (".git/index", &["--respect-gitignore"]),
    (".git/sharedindex.1", &["--respect-gitignore"]),
    (".git/info/exclude", &["--respect-gitignore"]),
    (".git/refs/heads/main", &[]),
    (".git/refs/heads/other", &["--source-version", "main"]),
    (".git/packed-refs", &["--source-version", "main"]),
    (".git/shallow", &["--source-version", "main"]),
    (".git/objects/info/alternates", &[]),
    (
        ".git/objects/info/alternates",
        &["--source-version", "main"],
    ),
    (".git/objects/pack/a.pack", &["--source-version", "main"]),
    (".git/objects/pack/a.idx", &["--source-version", "main"]),
    ("inner/.git/HEAD", &["--source-version", "pr/7"]),
];

/// What lies in the place of a file.
type Thing = (&'static str, fn(&Path));

const THINGS: &[Thing] = &[
    ("a pipe", |path| {
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
    }),
    ("a link to a device", |path| {
        symlink("/dev/zero", path).unwrap();
    }),
    ("a terabyte of nothing", |path| {
        File::create(path).unwrap().set_len(1 << 40).unwrap();
    }),
    ("a link to itself", |path| {
        symlink(path.file_name().unwrap(), path).unwrap();
    }),
    ("a directory", |path| fs::create_dir(path).unwrap()),
];

fn env() -> TestEnv {
    let env = TestEnv::new().build_command("true").file("sub/x", "");
    let script = "git init -q . && git symbolic-ref HEAD refs/heads/main && git add . && \
        git -c user.name=T -c user.email=t@e commit -qm first && git clone -q --bare . inner/.git && \
        git remote add origin ./inner/.git";
    let output = Command::new("sh")
        .args(["-ec", script])
        .current_dir(env.source())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    env
}

fn replace(path: &Path, make: fn(&Path)) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = fs::remove_file(path);
    let _ = fs::remove_dir_all(path);
    make(path);
}

fn plan(env: &TestEnv) -> Command {
    let run = env.command();
    let mut command = Command::new(run.get_program());
    command.arg("plan").args(run.get_args().skip(1));
    command.current_dir(run.get_current_dir().unwrap());
    command.env_clear();
    for (name, value) in run.get_envs() {
        command.env(name, value.unwrap());
    }
    command
}

#[test]
fn nothing_in_the_place_of_a_file_holds_a_plan_up() {
    for (file, arguments) in READ {
        for (what, make) in THINGS {
            let env = env().args(arguments);
            replace(&env.source().join(file), *make);
            let measured = run_command(plan(&env), LIMIT, &[]);
            let code = measured.run.code.unwrap();
            assert!((0..=3).contains(&code), "{file}: {what}: {}", measured.run);
        }
    }
}

#[test]
fn nothing_in_the_place_of_a_file_holds_a_build_up() {
    for (file, arguments) in READ {
        for (what, make) in &THINGS[..2] {
            let env = env().args(arguments);
            replace(&env.source().join(file), *make);
            let measured = run(&env, LIMIT, &[]);
            let code = measured.run.code.unwrap();
            assert!((0..=3).contains(&code), "{file}: {what}: {}", measured.run);
            measured.assert_nothing_left(&env);
        }
    }
}

#[test]
fn patterns_beyond_measure_are_refused_in_little_memory() {
    let mut long = String::new();
    for n in 0..40_000 {
        let _ = writeln!(long, "*a{n}*b/**/[a-z]{n}");
    }
    for (file, arguments) in [
        (".cobuildignore", &[][..]),
        (".gitignore", &["--respect-gitignore"]),
    ] {
        for text in [long.as_str(), &long[..250_000]] {
            let env = env().file(file, text).args(arguments);
            // One in each of many directories within each other.
            let mut path = env.source();
            for _ in 0..100 {
                path.push("d");
                fs::create_dir(&path).unwrap();
                fs::write(path.join(file), text).unwrap();
            }
            let measured = run(&env, Duration::from_mins(1), &[]);
            measured.run.assert_code(3);
            measured.assert_nothing_left(&env);
        }
    }
}

#[test]
fn an_index_beyond_measure_is_refused_in_little_memory() {
    let env = env().arg("--respect-gitignore");
    // Names as long as they may be, most of each that of the one before.
    let make = "python3 - <<'END' | git update-index --index-version 4 --index-info
name = 'd/' * 1900
for n in range(20000):
    print(f'100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\\t{name}{n:06}')
END";
    let output = Command::new("sh")
        .args(["-ec", make])
        .current_dir(env.source())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let measured = run(&env, Duration::from_mins(1), &[]);
    measured.assert_ended(3, "the index lists more than");
    measured.assert_nothing_left(&env);
}

#[test]
fn a_stop_ends_the_look_at_a_source_at_once() {
    // A tree of more files than are looked at in that time.
    let env = TestEnv::new()
        .build_command("true")
        .args(&["--exclude", "x*y*z"]);
    for n in 0..60 {
        let directory = env.source().join(format!("d{n}"));
        fs::create_dir(&directory).unwrap();
        for m in 0..500 {
            File::create(directory.join(m.to_string())).unwrap();
        }
    }
    let after = Duration::from_millis(100);
    let measured = run(
        &env,
        LIMIT,
        &[(after, Signal::INT), (2 * after, Signal::INT)],
    );
    assert!(
        [130, 0].contains(&measured.run.code.unwrap()),
        "{}",
        measured.run
    );
    measured.assert_nothing_left(&env);
}

#[test]
fn sources_that_do_not_come_end_with_the_timeout() {
    let env = TestEnv::new()
        .build_command("true")
        .variable("GIT_SSH_COMMAND", "sleep 30; false")
        .args(&["--source-version", "pr/7", "--timeout", "3s"]);
    let script = "git init -q . && git remote add origin ssh://git@example.com/r.git";
    let output = Command::new("sh")
        .args(["-ec", script])
        .current_dir(env.source())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let measured = run(&env, LIMIT, &[]);
    measured.assert_ended(3, "the sources were not prepared within 3 s");
    measured.assert_nothing_left(&env);
}

#[test]
fn a_zip_of_entries_beyond_measure_is_refused_in_little_memory() {
    let env = TestEnv::new().args(&["-s", "many.zip"]);
    let mut zip = ZipWriter::new(File::create(env.path("many.zip")).unwrap());
    for n in 0..200_000 {
        let options = SimpleFileOptions::default();
        zip.start_file(format!("{n:x}"), options).unwrap();
    }
    zip.finish().unwrap();
    let measured = run(&env, Duration::from_mins(1), &[]);
    measured.assert_ended(2, "the zip file has too many entries");
    measured.assert_nothing_left(&env);
}

#[test]
fn buildspecs_beyond_measure_are_checked_in_little_memory() {
    let env = TestEnv::new();
    for n in 0..40 {
        let file = File::create(env.source().join(format!("buildspec-{n}.yml"))).unwrap();
        file.set_len(3 << 30).unwrap();
    }
    let mut check = Command::new(env!("CARGO_BIN_EXE_cobuild"));
    check.arg("check").current_dir(env.source());
    let measured = run_command(check, LIMIT, &[]);
    measured.assert_ended(2, "bytes together");
}
