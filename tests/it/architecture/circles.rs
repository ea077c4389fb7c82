//! The files of `src/buildspec` need each other one way: none needs, however far around, one that needs it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Source, paths, sources};

type Module = Vec<String>;

/// Names the module of a file, part by part.
fn module(source: &Source) -> Module {
    let path = source.path.with_extension("");
    let parts = path.iter().map(|part| part.to_str().unwrap().to_owned());
    let mut parts: Module = parts.collect();
    parts.pop_if(|last| last == "mod");
    parts
}

/// Finds the modules that the code of a module names: by `super::`, or as a part of its own. Who may see
/// what it has is another matter.
fn needs(from: &Module, code: &str, all: &BTreeSet<Module>) -> BTreeSet<Module> {
    let code = code.replace("pub(in super::super)", "pub");
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let starts = |index: usize| !code[..index].ends_with(is_word);
    let mut needs = BTreeSet::new();
    let mut add = |base: &[String], path: &str| {
        let mut found = base.to_vec();
        for part in path.split("::").map(str::to_owned) {
            found.push(part);
            if !all.contains(&found) {
                found.pop();
                break;
            }
        }
        needs.insert(found);
    };
    for (index, _) in code
        .match_indices("super::")
        .filter(|(index, _)| starts(*index))
    {
        let rest = code[index..].trim_start_matches("super::");
        let ups = (code.len() - index - rest.len()) / "super::".len();
        for path in paths(rest) {
            add(&from[..from.len() - ups], &path);
        }
    }
    for part in all
        .iter()
        .filter(|one| one.len() == from.len() + 1 && one.starts_with(from))
    {
        let name = format!("{}::", part[from.len()]);
        for (index, _) in code
            .match_indices(&name)
            .filter(|(index, _)| starts(*index))
        {
            for path in paths(&code[index..]) {
                add(from, &path);
            }
        }
    }
    needs.remove(from);
    needs
}

#[test]
fn the_files_of_buildspec_have_no_circle() {
    let sources: Vec<Source> = sources()
        .into_iter()
        .filter(|source| source.path.starts_with("buildspec"))
        .collect();
    let all: BTreeSet<Module> = sources.iter().map(module).collect();
    let mut left: BTreeMap<Module, BTreeSet<Module>> = sources
        .iter()
        .map(|source| {
            let module = module(source);
            let needs = needs(&module, &source.code, &all);
            (module, needs)
        })
        .collect();
    let count: usize = left.values().map(BTreeSet::len).sum();
    assert!(count > 100, "{count}");
    while !left.is_empty() {
        let before = left.len();
        let known: BTreeSet<Module> = left.keys().cloned().collect();
        left.retain(|_, needs| needs.iter().any(|needed| known.contains(needed)));
        assert!(left.len() < before, "a circle among {left:#?}");
    }
}

#[test]
fn what_a_file_needs_is_found_in_its_code() {
    let module = |path: &str| -> Module { path.split('/').map(str::to_owned).collect() };
    let all = ["a", "a/b", "a/b/c", "a/d"].map(module).into();
    let code = "use super::d::{X, Y};\nuse c::Z;\nfn f() { super::super::a::b::g() }\n";
    let needed = needs(&module("a/b"), code, &all);
    assert_eq!(needed, ["a/b/c", "a/d"].map(module).into());
    let needed = needs(&module("a"), "use b::c::Z;\nuse d;\n", &all);
    assert_eq!(needed, ["a/b/c"].map(module).into());
}
