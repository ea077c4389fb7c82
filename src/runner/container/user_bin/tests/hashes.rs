//! `codebuild-hash-files`.

use std::io::Write as _;

use super::*;

/// SHA-256 as the program of that name sees it.
fn sha256(bytes: &[u8]) -> String {
    let mut child = Command::new("sha256sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(bytes).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

/// What the files come to: SHA-256 over their sorted SHA-256s.
fn expected(contents: &[Vec<u8>]) -> String {
    let mut sums: Vec<String> = contents.iter().map(|bytes| sha256(bytes) + "\n").collect();
    sums.sort();
    sha256(sums.concat().as_bytes()) + "\n"
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
}

/// Files of several lengths, of every byte, and without a newline at their end.
fn contents() -> Vec<Vec<u8>> {
    let mut contents: Vec<Vec<u8>> = [
        0, 1, 15, 16, 17, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129,
    ]
    .map(noise)
    .to_vec();
    contents.push((0..=255).collect());
    contents.push(vec![0; 100]);
    contents.push(vec![b'\n'; 70]);
    contents.push(b"a\n\n\0\0b".to_vec());
    contents.push(b"twice".to_vec());
    contents.push(b"twice".to_vec());
    contents
}

/// Each way to compute, by the tools that are there.
const MEANS: &[&[&str]] = &[
    &["sha256sum", "sort"],
    &["busybox", "sort"],
    &["shasum", "perl", "sort"],
    &["openssl", "sort"],
];

#[test]
fn every_means_in_every_shell_comes_to_the_same() {
    let place = Place::new();
    let contents = contents();
    for (number, bytes) in contents.iter().enumerate() {
        place.file(format!("-all/{number} \\'x"), bytes);
    }
    let all = expected(&contents);
    for shell in shells() {
        for means in MEANS {
            if means.iter().any(|tool| find(tool).is_none()) {
                continue;
            }
            let path = place.tools(means);
            let hash = |pattern: &str| {
                ended(
                    place
                        .call(shell, &path, "codebuild-hash-files")
                        .arg(pattern),
                )
            };
            let got = hash("-all/*");
            assert_eq!(
                got,
                Outcome {
                    stdout: all.clone(),
                    stderr: String::new(),
                    code: Some(0)
                },
                "{shell:?} {means:?}"
            );
        }
    }
}

#[test]
fn many_files_at_once_are_all_counted() {
    let place = Place::new();
    let contents: Vec<Vec<u8>> = (0..250).map(|number| vec![b'x'; number]).collect();
    for bytes in &contents {
        place.file(format!("many/{}", bytes.len()), bytes);
    }
    for shell in shells() {
        let got = ended(
            place
                .call(shell, &all_tools(), "codebuild-hash-files")
                .arg("many/*"),
        );
        assert_eq!(got.stdout, expected(&contents), "{shell:?} {got:?}");
    }
}

#[test]
fn contents_count_and_neither_names_nor_places_nor_the_order_of_patterns() {
    let place = Place::new();
    place.file("a/first.lock", "1");
    place.file("a/second.lock", "2");
    place.file("b/deeper/2", "2");
    place.file("b/1", "1");
    place.file("c/first.lock", "1");
    place.file("c/second.lock", "3");
    let hash = |patterns: &[&str]| {
        ended(
            place
                .call(SHELLS[1], &all_tools(), "codebuild-hash-files")
                .args(patterns),
        )
        .stdout
    };
    let first = hash(&["a/first.lock", "a/second.lock"]);
    assert_eq!(first.len(), 65);
    assert_eq!(hash(&["a/second.lock", "a/first.lock", "a/*"]), first);
    assert_eq!(hash(&["b/**"]), first);
    assert_ne!(hash(&["c/*"]), first);
    assert_ne!(hash(&["a/first.lock"]), first);
}

#[test]
fn nothing_is_said_of_files_that_are_not_there_or_cannot_be_hashed() {
    let place = Place::new();
    place.file("there", "");
    for shell in shells() {
        let got = ended(
            place
                .call(shell, &all_tools(), "codebuild-hash-files")
                .args(["*.lock", "nope"]),
        );
        let no_files = Outcome {
            stdout: String::new(),
            stderr: "codebuild-hash-files: no files match: *.lock\nnope\n".to_owned(),
            code: Some(1),
        };
        assert_eq!(got, no_files, "{shell:?}");
    }
    for (tools, missing) in [
        (&["sort"] as &[&str], "sha256sum"),
        (&["sha256sum"], "'sort'"),
    ] {
        let tools = place.tools(tools);
        let mut call = place.call(SHELLS[0], &tools, "codebuild-hash-files");
        let got = ended(call.arg("there"));
        assert_eq!((got.stdout.as_str(), got.code), ("", Some(1)), "{missing}");
        assert!(got.stderr.contains(missing), "{got:?}");
    }
}
