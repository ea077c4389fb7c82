//! Every way in which cobuild looks at a repository.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use walkdir::WalkDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::plant::{Form, plant, promise};
use super::{Git, Marker, plan};
use crate::env::TestEnv;
use crate::source::give_away;

/// What a command line may ask of a repository.
const QUESTIONS: &[&[&str]] = &[
    &[],
    &["--respect-gitignore"],
    &["--source-version", "main"],
    &["--source-version", "v1"],
    &["--source-version", "HEAD", "--git-clone-depth", "1"],
    &["--source-version", "ghost"],
    &[
        "--source-version",
        "1111111111111111111111111111111111111111",
    ],
    &["--source-version", "pr/7"],
    &["--as", "s3"],
];

/// What a build does with one.
const BUILDS: &[&[&str]] = &[
    &["--show-changes"],
    &["--respect-gitignore", "--source-transfer", "tar"],
    &["--cache", "local", "--cache-mode", "source"],
    &["--source-version", "main"],
    &["--source-version", "v1", "--git-clone-depth", "1"],
    &["--source-version", "ghost"],
];

fn env(git: &Git) -> TestEnv {
    let env = TestEnv::new().variable("PATH", &git.path);
    git.repository(&env.source());
    env
}

/// Asks everything about the source, and builds it in every way.
#[track_caller]
fn assert_nothing_runs(env: &TestEnv, marker: &Marker, way: &str, builds: &[&[&str]]) {
    for question in QUESTIONS {
        let run = plan(&env.again(question));
        marker.assert_clean(&run, &format!("{way}: plan {question:?}"));
    }
    for build in builds {
        let run = env.again(build).run();
        marker.assert_clean(&run, &format!("{way}: run {build:?}"));
    }
}

#[test]
fn no_setting_and_no_hook_is_obeyed() {
    for git in Git::all() {
        for form in [Form::Path, Form::Shell] {
            let env = env(&git);
            let marker = Marker::new(&env);
            let source = env.source();
            promise(&git, &source, &marker);
            plant(&git, &source.join(".git"), Some(&source), &marker, form);
            // As if it had been written since: git has to look into it, by the filter.
            let text = File::options().write(true).open(source.join("text"));
            text.unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
            // The trap is set: git itself falls into it.
            let fall = |words: &[&str]| git.command(&source, words).output().unwrap();
            let fallen = [
                fall(&["diff", "HEAD~1"]),
                fall(&["status"]),
                fall(&["diff"]),
            ];
            let ran = marker.ran();
            assert!(
                !ran.is_empty() || form == Form::Shell,
                "{}: {fallen:?}",
                git.name
            );

            let run = plan(&env.again(&["--source-version", "v1"]));
            run.assert_succeeded();
            let builds = if form == Form::Path {
                BUILDS
            } else {
                &BUILDS[..1]
            };
            assert_nothing_runs(&env, &marker, &format!("{} {form:?}", git.name), builds);
        }
    }
}

#[test]
fn no_address_of_an_origin_is_a_command() {
    for git in Git::all() {
        let env = env(&git).args(&["--source-version", "pr/7"]);
        let marker = Marker::new(&env);
        let source = env.source();
        plant(&git, &source.join(".git"), None, &marker, Form::Path);
        let program = marker.program();
        for name in ["git-remote-evil", "evil"] {
            fs::copy(&marker.program, source.join(name)).unwrap();
            fs::copy(&marker.program, env.path(name)).unwrap();
        }
        for address in [
            format!("ext::{program} %S"),
            "evil::x".to_owned(),
            "evil://x/y".to_owned(),
            "fd::0".to_owned(),
            format!("--upload-pack={program}"),
            format!("-u{program}"),
            format!("ssh://-oProxyCommand={program}/x"),
            format!("-oProxyCommand={program}:x"),
            "ssh://git@host.invalid/x".to_owned(),
            "git@host.invalid:x".to_owned(),
            "git://127.0.0.1:1/x".to_owned(),
            "http://127.0.0.1:1/x".to_owned(),
            "\u{1b}]0;title\u{7}\nx".to_owned(),
        ] {
            let config = source.join(".git/config");
            let set = [
                "config",
                "--file",
                config.to_str().unwrap(),
                "remote.origin.url",
                &address,
            ];
            git.run(Path::new("/"), &set);
            for (command, run) in [("plan", plan(&env)), ("run", env.run())] {
                marker.assert_clean(&run, &format!("{} {command} {address}", git.name));
                run.assert_failed();
            }
        }
    }
}

#[test]
fn an_origin_in_the_source_is_read_and_not_obeyed() {
    for git in Git::all() {
        let env = env(&git).args(&["--source-version", "pr/7"]);
        let marker = Marker::new(&env);
        let (source, inner) = (env.source(), env.source().join("inner"));
        git.run(&source, &["clone", "--quiet", "--bare", ".", "inner"]);
        git.run(&inner, &["update-ref", "refs/pull/7/head", "v1"]);
        plant(&git, &inner, None, &marker, Form::Path);
        let url = ["config", "remote.origin.url", "./inner"];
        git.run(&source, &url);
        for depth in [&[][..], &["--git-clone-depth", "1"]] {
            let env = env.again(depth);
            let run = plan(&env);
            run.assert_succeeded();
            marker.assert_clean(&run, git.name);
            let run = env.run();
            run.assert_succeeded();
            marker.assert_clean(&run, git.name);
            assert_eq!(run.output_of("cat text"), "first\n", "{run}");
        }
    }
}

#[test]
fn a_repository_is_not_obeyed_wherever_it_lies() {
    for git in Git::all() {
        for (layout, source, make) in LAYOUTS {
            let env = env(&git).args(&["-s", source]);
            let marker = Marker::new(&env);
            let hostile = make(&git, &env);
            plant(&git, &env.path(hostile), None, &marker, Form::Path);
            if *layout == "zip" {
                zip(&env.path("source"), &env.path("source.zip"));
            }
            if *layout == "somebody else's" {
                give_away(&env.source());
            }
            let way = format!("{} {layout}", git.name);
            assert_nothing_runs(&env, &marker, &way, &BUILDS[..2]);
        }
    }
}

/// What a layout is called, the source that is built, and what makes it, which returns the git directory that
/// is to be hostile.
type Layout = (
    &'static str,
    &'static str,
    fn(&Git, &TestEnv) -> &'static str,
);

const LAYOUTS: &[Layout] = &[
    ("zip", "source.zip", |_, _| "source/.git"),
    ("somebody else's", "source", |_, _| "source/.git"),
    ("a bare one as source", "bare.git", |git, env| {
        git.run(
            &env.path(""),
            &["clone", "--quiet", "--bare", "source", "bare.git"],
        );
        "bare.git"
    }),
    (
        "a bare layout in a directory of the source",
        "source",
        |git, env| {
            git.run(&env.source(), &["clone", "--quiet", "--bare", ".", "sub"]);
            "source/sub"
        },
    ),
    ("a bare layout that is built", "source/sub", |git, env| {
        git.run(&env.source(), &["clone", "--quiet", "--bare", ".", "sub"]);
        fs::copy(
            env.source().join("buildspec.yml"),
            env.source().join("sub/buildspec.yml"),
        )
        .unwrap();
        "source/sub"
    }),
    ("a directory of a repository", "source/sub", |_, env| {
        fs::create_dir(env.source().join("sub")).unwrap();
        fs::copy(
            env.source().join("buildspec.yml"),
            env.source().join("sub/buildspec.yml"),
        )
        .unwrap();
        "source/.git"
    }),
    ("a working tree", "tree", |git, env| {
        git.run(&env.source(), &["worktree", "add", "--quiet", "../tree"]);
        "source/.git"
    }),
    ("a working tree's own directory", "tree", |git, env| {
        git.run(&env.source(), &["worktree", "add", "--quiet", "../tree"]);
        "source/.git/worktrees/tree"
    }),
    ("a submodule", "source", |git, env| {
        submodule(git, env);
        "source/.git/modules/sub"
    }),
    ("a submodule as source", "source/sub", |git, env| {
        submodule(git, env);
        "source/.git/modules/sub"
    }),
    ("a link", "source", |_, env| {
        fs::rename(env.source().join(".git"), env.source().join("real")).unwrap();
        std::os::unix::fs::symlink("real", env.source().join(".git")).unwrap();
        "source/real"
    }),
    ("borrowed objects", "source", |git, env| {
        git.run(
            &env.source(),
            &["clone", "--quiet", "--bare", ".", "lender"],
        );
        let alternates = env.source().join(".git/objects/info/alternates");
        fs::write(alternates, "../../lender/objects\n").unwrap();
        "source/lender"
    }),
];

fn submodule(git: &Git, env: &TestEnv) {
    git.repository(&env.path("library"));
    git.run(
        &env.source(),
        &["submodule", "--quiet", "add", "../library", "sub"],
    );
    git.run(&env.source(), &["commit", "--quiet", "--message", "sub"]);
}

/// Packs a directory with all that is in it.
fn zip(directory: &Path, file: &Path) {
    let mut zip = ZipWriter::new(File::create(file).unwrap());
    for entry in WalkDir::new(directory) {
        let entry = entry.unwrap();
        let below = entry.path().strip_prefix(directory).unwrap();
        if entry.file_type().is_file() {
            let mode = entry.metadata().unwrap().permissions().mode();
            let options = SimpleFileOptions::default().unix_permissions(mode);
            zip.start_file(below.to_str().unwrap(), options).unwrap();
            zip.write_all(&fs::read(entry.path()).unwrap()).unwrap();
        }
    }
    zip.finish().unwrap();
}

#[test]
fn no_program_of_the_current_directory_is_git() {
    let env = TestEnv::new()
        .build_command("echo never")
        .arg("--source-version=main");
    let marker = Marker::new(&env);
    let git = &Git::all()[0];
    git.repository(&env.source());
    for place in ["", "source"] {
        let copy = env.path(place).join("git");
        fs::copy(&marker.program, copy).unwrap();
    }
    let path = format!(".:source::{}", git.path);
    let run = plan(&env.variable("PATH", &path));
    marker.assert_clean(&run, "PATH");
    run.assert_succeeded();
}
