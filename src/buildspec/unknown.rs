//! Keys that the table does not have: named in the log, never fatal (contract §1.2).

use std::collections::HashSet;

use super::keys::Section;
use super::model::{UnknownKeys, Version};
use super::node::Node;

/// Lists the unknown keys of a buildspec by section, sections and keys in the order of the text. A key
/// that several items have is named once.
pub(super) fn unknown_keys(root: &Node, version: Version) -> Vec<UnknownKeys> {
    let mut found: Vec<UnknownKeys> = Vec::new();
    let mut seen = HashSet::new();
    Section::Root.walk(root, version, &mut |section, key, entry| {
        let Some(name) = entry.key.text.as_deref().filter(|_| key.is_none()) else {
            return;
        };
        let section = section.log_name();
        if !seen.insert((section, name)) {
            return;
        }
        match found.iter_mut().find(|one| one.section == section) {
            Some(one) => one.keys.push(name.to_owned()),
            None => found.push(UnknownKeys {
                section: section.to_owned(),
                keys: vec![name.to_owned()],
            }),
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buildspec::yaml;

    /// Lists the unknown keys of a text as `SECTION: key, key`.
    fn unknown(text: &str, version: Version) -> Vec<String> {
        unknown_keys(&yaml::read(text).unwrap().unwrap(), version)
            .into_iter()
            .map(|one| format!("{}: {}", one.section, one.keys.join(", ")))
            .collect()
    }

    #[test]
    fn every_section_is_searched() {
        let text = "
version: 0.2
image: x
env: {compute-type: x, variables: {any: x}}
proxy: {log: yes}
phases:
  install: {command: x, runtime-versions: {any: x}}
  pre_build: {env: {}}
  build: {runtime-versions: {java: 8}, steps: [{any: x}]}
  post_build: {labels: x}
reports: {any: {files: [], base_directory: x}}
artifacts:
  type: zip
  secondary-artifacts: {any: {base_directory: x, secondary-artifacts: {}}}
cache: {path: x}
batch: {build-fan-out: {}, fast-fail: true}
";
        assert_eq!(
            unknown(text, Version::V0_2),
            [
                "BUILDSPEC: image",
                "ENV: compute-type",
                "PROXY: log",
                "INSTALL: command",
                "PRE_BUILD: env",
                "BUILD: runtime-versions",
                "POST_BUILD: labels",
                "REPORTS: base_directory",
                "ARTIFACTS: type, base_directory, secondary-artifacts",
                "CACHE: path",
                "BATCH: build-fan-out",
            ]
        );
    }

    #[test]
    fn batches_are_searched() {
        let text = "
batch:
  build-list:
    - {identifier: a, depend-on: [], env: {env: {}, variables: {any: x}}}
    - {identifer: b, depend-on: []}
  build-graph:
    - {depends-on: [a], depend-on: [a], env: {fleet: x}}
  build-matrix:
    static: {env: {image: x, type: x}}
    dynamic: {env: {type: [x], variables: {any: [x]}}, buildspecs: []}
  build-fanout: {parallelism: 2, env: {}}
";
        assert_eq!(
            unknown(text, Version::V0_2),
            ["BATCH: depend-on, env, identifer, depends-on, image, buildspecs, type"]
        );
    }

    #[test]
    fn version_0_1_has_keys_of_its_own() {
        let text = "
environment_variables: {plaintext: {any: x}, plain: {}}
artifacts: {type: zip}
";
        assert_eq!(
            unknown(text, Version::V0_1),
            ["ENVIRONMENT_VARIABLES: plain"]
        );
        assert_eq!(
            unknown(text, Version::V0_2),
            ["BUILDSPEC: environment_variables", "ARTIFACTS: type"]
        );
    }

    #[test]
    fn values_of_the_wrong_kind_are_no_concern_here() {
        for text in [
            "batch: x\n",
            "batch: {build-list: x}\n",
            "reports: [x]\n",
            "{a: b}: c\n",
        ] {
            assert!(unknown(text, Version::V0_2).is_empty(), "{text}");
        }
    }

    #[test]
    fn case_does_not_matter() {
        let text = "phases: {build: {Commands: [x], FINALLY: [x]}}\n";
        assert!(unknown(text, Version::V0_2).is_empty());
    }
}
