//! The files of a folder need each other one way: none needs, however far around, one that needs it.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{CodePath, Source, sources};

/// The folders of `src` that have no circle.
const FOLDERS: &[&str] = &[
    "artifacts",
    "build",
    "buildspec",
    "cache",
    "cli",
    "doctor",
    "engine",
    "event",
    "host",
    "leftovers",
    "mask",
    "ownership",
    "plan",
    "project",
    "record",
    "registry_credentials",
    "resources",
    "runner",
    "runtimes",
    "secrets",
    "settings",
    "sinks",
    "source",
    "terminal",
    "wire",
];

type Module = Vec<String>;

/// The modules of `src`, and what each hands on of its children under a name of its own.
struct Modules {
    handed_on: BTreeMap<Module, BTreeMap<String, Module>>,
}

impl Modules {
    fn of(sources: &[Source]) -> Self {
        let all = sources
            .iter()
            .map(|source| (name(source), BTreeMap::new()))
            .collect();
        let mut modules = Self { handed_on: all };
        let handed_on = sources
            .iter()
            .map(|source| {
                let module = name(source);
                let names = source.handed_on.iter().filter_map(|path| {
                    let target = modules.target(&module, path)?;
                    Some((path.last()?.clone(), target))
                });
                let names = names.collect();
                (module, names)
            })
            .collect();
        modules.handed_on = handed_on;
        modules
    }

    /// Finds the module that a path in the code of `from` leads to, if it is one of ours.
    fn target(&self, from: &Module, path: &CodePath) -> Option<Module> {
        let ups = path.iter().take_while(|part| *part == "super").count();
        let (base, rest) = match path[0].as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (from.clone(), &path[1..]),
            "super" => (from[..from.len().checked_sub(ups)?].to_vec(), &path[ups..]),
            // A declaration.
            _ if path.len() == 1 => return None,
            // A child, named from its parent.
            _ => {
                let child = [&from[..], &path[..1]].concat();
                if !self.handed_on.contains_key(&child) {
                    return None;
                }
                (from.clone(), &path[..])
            }
        };
        let mut module = base;
        for part in rest {
            let child = [&module[..], std::slice::from_ref(part)].concat();
            if self.handed_on.contains_key(&child) {
                module = child;
            } else if let Some(target) = self.handed_on.get(&module)?.get(part) {
                module.clone_from(target);
            } else {
                break;
            }
        }
        (!module.is_empty()).then_some(module)
    }

    /// Finds the modules that a file needs.
    fn needs(&self, source: &Source) -> BTreeSet<Module> {
        let from = name(source);
        let found = source.paths.iter();
        let mut needs: BTreeSet<Module> =
            found.filter_map(|path| self.target(&from, path)).collect();
        needs.remove(&from);
        needs
    }
}

/// Names the module of a file, part by part.
fn name(source: &Source) -> Module {
    let path = source.file.with_extension("");
    let parts = path.iter().map(|part| part.to_str().unwrap().to_owned());
    let mut parts: Module = parts.collect();
    parts.pop_if(|last| last == "mod" || last == "lib");
    parts
}

#[test]
fn the_files_of_a_folder_have_no_circle() {
    let sources = sources();
    let modules = Modules::of(sources);
    for folder in FOLDERS {
        let mut left: BTreeMap<Module, BTreeSet<Module>> = sources
            .iter()
            .filter(|source| source.file.starts_with(folder))
            .map(|source| (name(source), modules.needs(source)))
            .collect();
        assert!(left.len() > 1, "{folder}");
        while !left.is_empty() {
            let before = left.len();
            let known: BTreeSet<Module> = left.keys().cloned().collect();
            left.retain(|_, needs| needs.iter().any(|needed| known.contains(needed)));
            assert!(left.len() < before, "a circle among {left:#?}");
        }
    }
}

#[test]
fn what_a_file_needs_is_found_in_its_code() {
    let source = |file: &str, code: &str| Source::of(file.as_ref(), code);
    let sources = [
        source(
            "a/mod.rs",
            "mod b; mod d; pub use b::c::Z; fn f() { b::c::g() }",
        ),
        source(
            "a/b.rs",
            "use super::d::{X, Y};\nuse c::W;\nfn f() { super::Z::new() }\n",
        ),
        source("a/b/c.rs", "pub struct Z;"),
        source("a/d.rs", "use super::own;"),
    ];
    let modules = Modules::of(&sources);
    let needed = |index: usize| -> Vec<String> {
        let needs = modules.needs(&sources[index]);
        needs.iter().map(|module| module.join("/")).collect()
    };
    assert_eq!(needed(0), ["a/b/c"]);
    assert_eq!(needed(1), ["a/b/c", "a/d"]);
    assert_eq!(needed(3), ["a"]);
}
