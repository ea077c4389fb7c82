//! `codebuild-glob-search`.

use super::*;

/// A tree with everything that is hard about names.
fn tree() -> Place {
    let place = Place::new();
    for path in [
        "!",
        "$HOME.js",
        "*.js",
        "-rf.js",
        "..dots.js",
        ".e.js",
        ".git/g.js",
        ".hid/d.js",
        "[x].js",
        "__tests__/t.js",
        "a b/sub/f 1.js",
        "back\\slash.js",
        "it's.js",
        "q\"uo/é.js",
        "src-x.js",
        "src.js",
        "src/a.js",
        "src/deep/b.js",
        "src/deep/er/c.js",
        "x/__tests__/u.js",
        "x/__tests__/y/v.js",
    ] {
        place.file(path, path);
    }
    place.file(
        PathBuf::from(OsString::from_vec(b"bad\xff.txt".to_vec())),
        "",
    );
    place.file("two\nlines.txt", "");
    let root = place.path("tree");
    fs::create_dir(root.join("dir.js")).unwrap();
    for (target, link) in [
        (".", "loop"),
        ("../..", "src/deep/up"),
        ("src/a.js", "link.js"),
        ("nowhere", "broken.js"),
        ("src", "lsrc"),
    ] {
        symlink(target, root.join(link)).unwrap();
    }
    place
}

/// What is below `src`, and in the directories that are called `__tests__`.
const BELOW: &[&str] = &["src/a.js", "src/deep/b.js", "src/deep/er/c.js"];

/// What is at the top.
const TOP: &[&str] = &[
    "$HOME.js",
    "*.js",
    "-rf.js",
    "..dots.js",
    ".e.js",
    "[x].js",
    "back\\slash.js",
    "it's.js",
    "link.js",
    "src-x.js",
    "src.js",
];

const CASES: &[(&[&str], &[&str])] = &[
    (&["*.js"], TOP),
    (&["./*.js", "*.js", ".//*.js"], TOP),
    (&["src/**"], BELOW),
    (&["src/**/*"], BELOW),
    (&["src/**/*.js"], BELOW),
    (&["src/*/**/*.js"], &["src/deep/b.js", "src/deep/er/c.js"]),
    (
        &["**/__tests__/*.js"],
        &["__tests__/t.js", "x/__tests__/u.js"],
    ),
    (&["**/c.js"], &["src/deep/er/c.js"]),
    (&["**/**/c.js"], &["src/deep/er/c.js"]),
    (&["***/c.js"], &["src/deep/er/c.js"]),
    (&["src/**er/c.js"], &["src/deep/er/c.js"]),
    (
        &["sr**.js"],
        &["src-x.js", "src.js", BELOW[0], BELOW[1], BELOW[2]],
    ),
    (&["src/a.js"], &["src/a.js"]),
    (&["./src//a.js"], &["src/a.js"]),
    (&["x/../src/./a.js"], &["x/../src/a.js"]),
    (&["lsrc/*.js"], &["lsrc/a.js"]),
    (&["\\*.js"], &["*.js"]),
    (&["?rf.js"], &["-rf.js"]),
    (&["[[]x].js"], &["[x].js"]),
    (&["[!-b].js"], &["*.js"]),
    (&["src/[!b].js"], &["src/a.js"]),
    (&["a b/**"], &["a b/sub/f 1.js"]),
    (&["q\"uo/*"], &["q\"uo/é.js"]),
    (&["!"], &["!"]),
    (
        &["src/deep/b.js", "src/a.js"],
        &["src/a.js", "src/deep/b.js"],
    ),
    (&["{src,nope}/*.{ts,js}"], &["src/a.js"]),
    (
        &["{src/{a,deep/b},src}.js"],
        &["src.js", "src/a.js", "src/deep/b.js"],
    ),
    (&["{src}/a.js"], &[]),
    (&["dir.js"], &[]),
    (&["src"], &[]),
    (&["src/"], &[]),
    (&["broken.js"], &[]),
    (&["."], &[]),
    (&["/"], &[]),
    (&["nope/**/*.js"], &[]),
];

#[test]
fn every_shell_finds_the_same_files() {
    let place = tree();
    for shell in shells() {
        for path in [all_tools(), place.tools(&["sort"])] {
            for (patterns, files) in CASES {
                let found = ended(
                    place
                        .call(shell, &path, "codebuild-glob-search")
                        .args(*patterns),
                );
                let lines: Vec<&str> = found.stdout.lines().collect();
                assert_eq!(lines, *files, "{shell:?} {path:?} {patterns:?} {found:?}");
                assert_eq!(found.code, Some(0), "{shell:?} {patterns:?}");
                assert_eq!(
                    found.stderr.is_empty(),
                    !files.is_empty(),
                    "{shell:?} {patterns:?} {found:?}"
                );
            }
        }
    }
}

#[test]
fn nothing_is_left_out_but_what_cannot_be_a_line() {
    let place = tree();
    let mut all = Vec::new();
    for shell in shells() {
        for path in [all_tools(), place.tools(&["sort"])] {
            let found = ended(place.call(shell, &path, "codebuild-glob-search").arg("**"));
            assert!(found.stderr.contains("two\nlines.txt"), "{found:?}");
            assert!(!found.stdout.contains("two\n"), "{found:?}");
            assert!(!found.stdout.contains("loop"), "{found:?}");
            all.push(found.stdout);
        }
    }
    assert_eq!(all[0].lines().count(), 23, "{}", all[0]);
    assert!(all.iter().all(|text| *text == all[0]), "{all:#?}");
}

#[test]
fn an_absolute_pattern_and_one_above_name_their_files_so() {
    let place = tree();
    let root = place.path("tree");
    let absolute = format!("{}/src/*.js", root.display());
    for shell in shells() {
        for (pattern, file) in [
            (absolute.as_str(), format!("{}/src/a.js", root.display())),
            ("../tree/src/*.js", "../tree/src/a.js".to_owned()),
        ] {
            let found = ended(
                place
                    .call(shell, &all_tools(), "codebuild-glob-search")
                    .arg(pattern),
            );
            assert_eq!(found.stdout.trim_end(), file, "{shell:?}");
        }
    }
}

#[test]
fn a_callers_options_and_variables_change_nothing() {
    let place = tree();
    for shell in shells() {
        // POSIXLY_CORRECT takes back what SHELLOPTS gave.
        for last in ["POSIXLY_CORRECT", "found"] {
            let found = ended(
                place
                    .call(shell, &all_tools(), "codebuild-glob-search")
                    .args(["*.js", "*.JS", "x/__tests__/*.js"])
                    .env("SHELLOPTS", "errexit:noclobber:noglob:nounset:allexport")
                    .env(
                        "BASHOPTS",
                        "dotglob:extglob:failglob:nocaseglob:nocasematch:nullglob",
                    )
                    .env("GLOBIGNORE", "*")
                    .env("IFS", "/s")
                    .env("CDPATH", "/")
                    .env("LC_ALL", "C.UTF-8")
                    .env("cobuild_newline", "x")
                    .env(last, "1"),
            );
            let lines: Vec<&str> = found.stdout.lines().collect();
            assert_eq!(
                lines,
                [TOP, &["x/__tests__/u.js"]].concat(),
                "{shell:?} {found:?}"
            );
            assert_eq!(found.stderr, "", "{shell:?}");
        }
    }
}

#[test]
fn no_pattern_is_a_mistake() {
    let place = Place::new();
    for shell in shells() {
        for program in ["codebuild-glob-search", "codebuild-hash-files"] {
            let found = ended(&mut place.call(shell, &all_tools(), program));
            assert_eq!(found.code, Some(2), "{shell:?} {found:?}");
            assert_eq!(found.stdout, "");
            assert!(
                found.stderr.contains(&format!("usage: {program} GLOB")),
                "{found:?}"
            );
        }
    }
}
