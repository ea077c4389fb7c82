//! What must be documented: each module, and each public type and function at the top of a file. Fields and
//! variants have a doc comment only where their names do not say everything.

use std::fs;

use super::{assert_none, root, rust_files};

/// The beginnings of items that need a doc comment.
const ITEMS: &[&str] = &[
    "async fn ",
    "const ",
    "enum ",
    "fn ",
    "static ",
    "struct ",
    "trait ",
    "type ",
];

/// Finds the public items of a file that have no doc comment. Comment, attributes and item follow each
/// other without an empty line.
fn undocumented(text: &str) -> Vec<String> {
    let mut is_documented = false;
    let mut found = Vec::new();
    for line in text.lines() {
        let public = line.strip_prefix("pub ").unwrap_or_default();
        let is_item = ITEMS.iter().any(|item| public.starts_with(item));
        if is_item && !is_documented {
            found.push(line.to_owned());
        }
        is_documented = line.starts_with("///") || (is_documented && !is_item && !line.is_empty());
    }
    found
}

#[test]
fn modules_types_and_functions_are_documented() {
    let directory = root("src");
    let mut offences = Vec::new();
    for path in rust_files(&directory) {
        let text = fs::read_to_string(&path).unwrap();
        let shown = path.strip_prefix(&directory).unwrap().display();
        let of_tests = path.ends_with("tests.rs") || path.iter().any(|part| part == "tests");
        if !of_tests && !text.starts_with("//! ") {
            offences.push(format!("{shown}: the module"));
        }
        let items = undocumented(&text);
        offences.extend(items.iter().map(|line| format!("{shown}: {line}")));
    }
    assert_none(&offences, "these have no doc comment");
}

#[test]
fn an_item_without_a_doc_comment_is_found() {
    let text = "/// A.\n#[derive(Debug)]\npub struct A;\npub struct B;\n\npub const fn c() {}\n";
    assert_eq!(undocumented(text), ["pub struct B;", "pub const fn c() {}"]);
}
