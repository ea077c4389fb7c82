//! The crates beside `src`: which of them may have unsafe code, and that the fuzzer has them as they are.

use std::fs;
use std::path::{Path, PathBuf};

use super::{root, rust_files};

/// All other code is kept from it by the compiler: this package forbids it, and the crates deny it.
#[test]
fn one_file_holds_the_unsafe_code() {
    let directory = root("crates");
    let holders: Vec<PathBuf> = rust_files(&directory)
        .into_iter()
        .filter(|path| fs::read_to_string(path).unwrap().contains("unsafe_code,"))
        .map(|path| path.strip_prefix(&directory).unwrap().to_owned())
        .collect();
    assert_eq!(holders, [Path::new("libyaml/src/parser.rs")]);
    for directory in fs::read_dir(&directory).unwrap() {
        let manifest = directory.unwrap().path().join("Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        assert!(text.contains("\nunsafe_code = \"deny\"\n"), "{manifest:?}");
        assert!(
            text.contains("\nallow_attributes = \"warn\"\n"),
            "{manifest:?}"
        );
    }
    let package = fs::read_to_string(root("Cargo.toml")).unwrap();
    assert!(package.contains("\nunsafe_code = \"forbid\"\n"));
}

#[test]
fn what_is_fuzzed_is_what_is_built() {
    let version = |lock: &str| {
        let text = fs::read_to_string(root(lock)).unwrap();
        let (_, parser) = text.split_once("name = \"libyaml-rs\"\n").unwrap();
        parser.lines().next().unwrap().to_owned()
    };
    assert_eq!(version("fuzz/Cargo.lock"), version("Cargo.lock"));
}
