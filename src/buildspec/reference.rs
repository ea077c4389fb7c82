//! The reference of the buildspec language: `docs/reference/buildspec.md`, made from the table of keys.
//!
//! `UPDATE_EXPECT=1 cargo test --lib reference` writes the file anew after a change of the table.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::expect_file;

use super::keys::{Key, Section, Shape, Since};
use super::schema::sections;

const HEAD: &str = "\
# Buildspec reference

Every key that cobuild knows, with its type and the versions of the language that have it.
[The lints](../lints/README.md) say what `cobuild check` finds; `cobuild schema` prints the same keys as
a JSON Schema. This page is made from `src/buildspec/keys.rs`; a test says when it is stale.

`NAME` is a name of your choice, `[]` an item of a list. A number or a boolean counts as text, and one
text counts as a list with one item. CodeBuild ignores unknown keys, except for a key under `phases`,
which it refuses.
";

fn page() -> String {
    let mut page = HEAD.to_owned();
    section(&mut page, "Top level", Section::Root);
    for (inner, name) in sections() {
        let title = format!("`{}`", place(&name));
        section(&mut page, &title, inner);
    }
    page
}

fn section(page: &mut String, title: &str, section: Section) {
    let _ = write!(
        page,
        "\n## {title}\n\n| key | type | versions | |\n| --- | --- | --- | --- |\n"
    );
    for key in section.keys() {
        let versions = match key.since {
            Since::Always => "0.1, 0.2",
            Since::OnlyV0_1 => "0.1",
        };
        let (name, kind, doc) = (key.name, kind(key), key.doc);
        let _ = writeln!(page, "| `{name}` | {kind} | {versions} | {doc} |");
    }
}

fn kind(key: &Key) -> String {
    let kind = match key.shape {
        Shape::Text => "text".to_owned(),
        Shape::Boolean => "`yes` or `no`".to_owned(),
        Shape::Number => "whole number".to_owned(),
        Shape::Choice(words) => format!("one of {}", listed(words)),
        Shape::List => "list of texts".to_owned(),
        Shape::Map => "map of names to texts".to_owned(),
        Shape::MapOfLists => "map of names to lists of texts".to_owned(),
        Shape::Part(inner) => format!("map: {}", link(inner)),
        Shape::ListOf(inner) => format!("list of maps: {}", link(inner)),
        Shape::MapOf(inner) => format!("map of names to maps: {}", link(inner)),
        Shape::Foreign => "steps of GitHub Actions".to_owned(),
    };
    match key.examples {
        [] => kind,
        examples => format!("{kind}, such as {}", listed(examples)),
    }
}

fn listed(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

fn link(section: Section) -> String {
    let name = sections()
        .into_iter()
        .find(|(known, _)| *known == section)
        .map_or_else(String::new, |(_, name)| place(&name));
    // As code hosts and mdBook make anchors of headings.
    let anchor: String = name
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    format!("[`{name}`](#{anchor})")
}

/// Returns where the keys of a section stand: `reports` becomes `reports.NAME`, of which there are many.
fn place(path: &str) -> String {
    let mut place = String::new();
    let mut section = Section::Root;
    for step in path.split('.') {
        let Some(key) = section.keys().find(|key| key.name == step) else {
            continue;
        };
        if !place.is_empty() {
            place.push('.');
        }
        place.push_str(step);
        match key.shape {
            Shape::ListOf(_) => place.push_str("[]"),
            Shape::MapOf(_) => place.push_str(".NAME"),
            _ => {}
        }
        section = key.shape.section().unwrap_or(section);
    }
    place
}

#[test]
fn the_reference_is_that_of_the_table() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/buildspec.md");
    expect_file![file].assert_eq(&page());
}

#[test]
fn every_key_has_a_row() {
    let page = page();
    let rows = page.lines().filter(|line| line.starts_with("| `")).count();
    let keys: usize = super::keys::KEYS.iter().map(|key| key.sections.len()).sum();
    assert_eq!(rows, keys);
}
