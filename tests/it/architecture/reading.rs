//! How these rules read the code.

use super::{Source, without_tests};

#[test]
fn what_is_for_tests_is_told_from_what_is_not() {
    let text = "use crate::a;\n// crate::b\n#[cfg(test)]\nmod tests;\nfn f() { crate::c::g() }\n    #[cfg(test)]\n    fn t() {\n        crate::d()\n    }\n#[cfg(test)]\nmod tests {\n    use crate::e;\n}\n";
    let source = Source {
        path: "x.rs".into(),
        code: without_tests(text),
    };
    assert_eq!(source.uses(), ["a", "c"].map(str::to_owned).into());
}

#[test]
fn groups_of_paths_are_taken_apart() {
    let source = Source {
        path: "x.rs".into(),
        code: "use crate::{a, b::{c, d}, engine::docker::Docker};\nuse crate::engine::{\n    docker,\n    E,\n};\n".to_owned(),
    };
    let uses = source.uses();
    for used in ["a", "b", "engine", "engine::docker"] {
        assert!(uses.contains(used), "{uses:?}");
    }
}
