//! `codebuild-tests-run`.

use std::collections::BTreeMap;

use super::*;

/// Prints the files of a shard as the variable gives them.
const SHOW: &str = "printf '%s\\n' \"$CODEBUILD_CURRENT_SHARD_FILES\"";

fn names(count: usize) -> Vec<String> {
    let mut names: Vec<String> = (0..count)
        .map(|number| match number % 4 {
            0 => format!("tests/test_{number}.py"),
            1 => format!("tests/größe {number}.py"),
            2 => format!("it's/{number}$x`*?\\.py"),
            _ => format!("a-b/{number}"),
        })
        .collect();
    names.sort();
    names
}

/// Runs a shard whose search prints these lines, in another order and one of them twice.
fn run(
    place: &Place,
    shell: &[&str],
    files: &[String],
    (index, count): (usize, usize),
    strategy: &str,
) -> Vec<String> {
    let mut lines: Vec<&str> = files.iter().rev().map(String::as_str).collect();
    lines.extend(lines.first().copied());
    fs::write(place.path("list"), lines.join("\n")).unwrap();
    let ended = ended(
        place
            .call(shell, &all_tools(), "codebuild-tests-run")
            .args(["--test-command", SHOW, "--files-search", "cat ../list"])
            .arg(format!("--sharding-strategy={strategy}"))
            .env(SHARD_INDEX, index.to_string())
            .env(SHARD_COUNT, count.to_string()),
    );
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout.lines().map(str::to_owned).collect()
}

/// The shard of a name, as the shells are to compute it.
fn drawn(name: &str, count: usize) -> usize {
    let mut hash = 0x811c_9dc5_u32;
    for byte in name.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    let draw = |shard: usize| {
        let number = u32::try_from(shard + 1).unwrap();
        let mut draw = hash ^ number.wrapping_mul(0x9e37_79b9);
        draw = (draw ^ (draw >> 16)).wrapping_mul(0x85eb_ca6b);
        draw = (draw ^ (draw >> 13)).wrapping_mul(0xc2b2_ae35);
        draw ^ (draw >> 16)
    };
    // Of equals the first wins.
    (0..count).rev().max_by_key(|shard| draw(*shard)).unwrap()
}

#[test]
fn equal_distribution_deals_out_runs_of_sorted_files() {
    let place = Place::new();
    let files = names(11);
    for shell in shells() {
        for count in [1, 2, 3, 4, 11, 13] {
            let shards: Vec<Vec<String>> = (0..count)
                .map(|index| run(&place, shell, &files, (index, count), "equal-distribution"))
                .collect();
            assert_eq!(shards.concat(), files, "{shell:?} {count}");
            let most = shards.iter().map(Vec::len).max().unwrap();
            let least = shards.iter().map(Vec::len).min().unwrap();
            assert!(most - least <= 1, "{shell:?} {shards:?}");
            assert!(
                shards.is_sorted_by_key(|shard| most - shard.len()),
                "{shards:?}"
            );
        }
    }
}

#[test]
fn stability_gives_a_file_to_the_shard_of_its_name() {
    let place = Place::new();
    let files = names(40);
    for shell in shells() {
        for count in [1, 3] {
            for index in 0..count {
                let mine: Vec<String> = files
                    .iter()
                    .filter(|file| drawn(file, count) == index)
                    .cloned()
                    .collect();
                let got = run(&place, shell, &files, (index, count), "stability");
                assert_eq!(got, mine, "{shell:?} {index} of {count}");
            }
        }
    }
}

#[test]
fn stability_moves_few_files_and_shares_nearly_equally() {
    let files = names(1000);
    for count in 1..12 {
        let mut sizes = BTreeMap::new();
        for file in &files {
            let before = drawn(file, count);
            let after = drawn(file, count + 1);
            // Another shard takes from the others, and nothing else moves.
            assert!(after == before || after == count, "{file} {before} {after}");
            *sizes.entry(before).or_insert(0_usize) += 1;
        }
        assert_eq!(sizes.len(), count);
        let fair = files.len() / count;
        for size in sizes.into_values() {
            assert!(size.abs_diff(fair) < fair / 2, "{size} instead of {fair}");
        }
    }
}

/// Runs the only shard of a build, whose search prints `files`.
fn alone(place: &Place, shell: &[&str], command: &str, files: &str) -> Outcome {
    fs::write(place.path("list"), files).unwrap();
    ended(
        place
            .call(shell, &all_tools(), "codebuild-tests-run")
            .args(["--test-command", command, "--files-search", "cat ../list"]),
    )
}

#[test]
fn files_go_behind_a_command_that_does_not_ask_for_them() {
    let place = Place::new();
    let files = "b c\na.py\n\nit's\n$HOME*\né\n";
    let words = "<$HOME*>\n<a.py>\n<b c>\n<it's>\n<é>\n";
    for shell in shells() {
        for (command, output) in [
            ("printf '<%s>\\n'", words),
            // The command of AWS's sample for Kotlin is written so.
            ("\n  printf \\\n  '<%s>\\n'\n  ", words),
            (
                "echo \"$CODEBUILD_CURRENT_SHARD_FILES\" | sed 's/$/./'",
                "$HOME*.\na.py.\nb c.\nit's.\né.\n",
            ),
            (
                "printf '<%s>\\n' $(for f in $CODEBUILD_CURRENT_SHARD_FILES; do echo \"$f\"; done)",
                "<$HOME*>\n<a.py>\n<b>\n<c>\n<it's>\n<é>\n",
            ),
        ] {
            let got = alone(&place, shell, command, files);
            assert_eq!(got.stdout, output, "{shell:?} {command} {got:?}");
            assert_eq!((got.stderr.as_str(), got.code), ("", Some(0)));
        }
    }
}

#[test]
fn the_search_may_be_the_other_program() {
    let place = Place::new();
    for file in ["tests/a b.js", "tests/deep/c.js", "d.js"] {
        place.file(file, "");
    }
    for shell in shells() {
        let got = ended(
            place
                .call(shell, &all_tools(), "codebuild-tests-run")
                .arg("--files-search=codebuild-glob-search 'tests/**/*.js'")
                .arg("--test-command=printf '<%s>'"),
        );
        assert_eq!(
            got.stdout, "<tests/a b.js><tests/deep/c.js>",
            "{shell:?} {got:?}"
        );
    }
}

#[test]
fn the_commands_see_the_variables_of_the_build_and_no_other() {
    let place = Place::new();
    fs::write(place.path("list"), "a\nb\n").unwrap();
    let variables = [
        ("command", "mine"),
        ("name", "mine"),
        ("count", "mine"),
        ("hash", "mine"),
        ("LC_ALL", "C.UTF-8"),
        ("CODEBUILD_CURRENT_SHARD_FILES", "old"),
    ];
    let print = "env | grep -v -e ^PATH= -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort";
    for shell in shells() {
        let got = ended(
            place
                .call(shell, &all_tools(), "codebuild-tests-run")
                .args(["--sharding-strategy", "stability"])
                .args([
                    "--test-command",
                    &format!("{print}; : CODEBUILD_CURRENT_SHARD_FILES"),
                ])
                .args([
                    "--files-search",
                    &format!("{{ {print}; }} >&2; cat ../list"),
                ])
                .envs(variables),
        );
        let common = "LC_ALL=C.UTF-8\ncommand=mine\ncount=mine\nhash=mine\nname=mine\n";
        assert_eq!(sorted(&got.stderr), sorted(common), "{shell:?}");
        let with_files = format!("CODEBUILD_CURRENT_SHARD_FILES=a\nb\n{common}");
        assert_eq!(sorted(&got.stdout), sorted(&with_files), "{shell:?}");
    }
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn the_status_is_that_of_the_command_that_failed() {
    let place = Place::new();
    for shell in shells() {
        let got = alone(&place, shell, "exit 7; : ", "a\n");
        assert_eq!((got.code, got.stderr.as_str()), (Some(7), ""), "{shell:?}");
        let got = alone(&place, shell, "echo ran", "\n");
        assert_eq!((got.code, got.stdout.as_str()), (Some(1), ""), "{shell:?}");
        assert!(got.stderr.contains("found none"), "{got:?}");
        let got = ended(
            place
                .call(shell, &all_tools(), "codebuild-tests-run")
                .args([
                    "--test-command",
                    "echo ran",
                    "--files-search",
                    "echo a; exit 5",
                ]),
        );
        assert_eq!((got.code, got.stdout.as_str()), (Some(5), ""), "{shell:?}");
        assert!(got.stderr.contains("status 5"), "{got:?}");
    }
}

#[test]
fn a_shard_without_files_runs_nothing() {
    let place = Place::new();
    for shell in shells() {
        let got = ended(
            place
                .call(shell, &all_tools(), "codebuild-tests-run")
                .args(["--test-command", "echo ran", "--files-search", "echo a"])
                .env(SHARD_INDEX, "1")
                .env(SHARD_COUNT, "2"),
        );
        let nothing = Outcome {
            stdout: String::new(),
            stderr: "codebuild-tests-run: no test file is for shard 1 of 2\n".to_owned(),
            code: Some(0),
        };
        assert_eq!(got, nothing, "{shell:?}");
    }
}

#[test]
fn what_is_not_understood_runs_nothing() {
    let place = Place::new();
    let whole = ["--test-command", "echo ran", "--files-search", "echo ran"];
    let cases: [(Vec<&str>, (&str, &str), &str); 10] = [
        (vec![], ("0", "1"), "--test-command is missing"),
        (whole[..2].to_vec(), ("0", "1"), "--files-search is missing"),
        (whole[2..].to_vec(), ("0", "1"), "--test-command is missing"),
        (
            whole[..3].to_vec(),
            ("0", "1"),
            "--files-search is without a value",
        ),
        (
            [&whole[..], &["--help"]].concat(),
            ("0", "1"),
            "unknown option: --help",
        ),
        (
            [&whole[..], &["tests/"]].concat(),
            ("0", "1"),
            "unknown option: tests/",
        ),
        (
            [&whole[..], &["--sharding-strategy", "random"]].concat(),
            ("0", "1"),
            "unknown sharding strategy: random",
        ),
        (whole.to_vec(), ("2", "2"), "there is no shard 2 of 2"),
        (whole.to_vec(), ("0", "x"), "no shard of a number: 0 of x"),
        (whole.to_vec(), ("08", "9"), "no shard of a number: 08 of 9"),
    ];
    for shell in shells() {
        for (arguments, (index, count), message) in &cases {
            let got = ended(
                place
                    .call(shell, &all_tools(), "codebuild-tests-run")
                    .args(arguments)
                    .env(SHARD_INDEX, index)
                    .env(SHARD_COUNT, count),
            );
            assert_eq!(
                (got.code, got.stdout.as_str()),
                (Some(2), ""),
                "{shell:?} {got:?}"
            );
            assert!(got.stderr.contains(message), "{shell:?} {message} {got:?}");
            assert!(
                got.stderr
                    .contains("usage: codebuild-tests-run --test-command")
            );
        }
    }
}
