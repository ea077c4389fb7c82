use super::super::model::{Phase, UnknownKeys};
use super::super::parse::parse;
use super::*;

fn buildspec(text: &str) -> Buildspec {
    parse(text.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}:\n{text}"))
}

#[track_caller]
fn assert_refusal(text: &str, message: &str) {
    assert_eq!(
        parse(text.as_bytes()).unwrap_err().message,
        message,
        "{text:?}"
    );
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn versions() {
    for (written, version) in [
        ("0.2", Version::V0_2),
        ("\"0.2\"", Version::V0_2),
        ("'0.1'", Version::V0_1),
        ("0.1", Version::V0_1),
    ] {
        let text = format!("version: {written}\nphases:\n");
        assert_eq!(buildspec(&text).version, version, "{written}");
    }
    for written in ["1.0", "0.3", "0.20", "v0.2", "2", "''", "latest"] {
        assert_refusal(
            &format!("version: {written}\nphases:\n"),
            &format!(
                "invalid buildspec `version` specified: {}, see documentation",
                written.trim_matches('\'')
            ),
        );
    }
    assert_refusal("version: {a: b}\n", "Cannot unmarshal map to string");
    assert_refusal("version: [0.2]\n", "Cannot unmarshal list to string");
}

#[test]
fn only_a_list_of_builds_may_lack_the_version() {
    let text = "batch:\n  build-list:\n    - identifier: a\n";
    assert_eq!(buildspec(text).version, Version::V0_2);
    for text in [
        "",
        "# nothing\n",
        "---\n",
        "text\n",
        "- list\n",
        "phases:\n  build:\n    commands: [a]\n",
        "version:\nphases:\n",
        "batch: {}\nphases:\n  build:\n    commands: [a]\n",
        "batch:\nenv: {}\n",
        "artifacts: {files: [a]}\n",
        "{\"name\": \"project\"}\n",
    ] {
        assert_refusal(text, "wrong number of container tags, expected 1");
    }
}

#[test]
fn there_may_be_no_phases() {
    for text in [
        "version: 0.2\n",
        "version: 0.2\nphases:\n",
        "version: 0.2\nphases: {}\n",
        "version: 0.2\nartifacts: {files: [a]}\n",
        "version: 0.2\nbatch: {build-list: []}\n",
    ] {
        assert_eq!(buildspec(text).phases, Phases::default(), "{text}");
    }
}

#[test]
fn everything_at_once() {
    let buildspec = buildspec(
        "
version: 0.2
run-as: builder
env:
  shell: bash
  variables: {A: 3.10, B: yes, C: , D: $A}
  parameter-store: {P: '/a/${B}'}
  secrets-manager: {S: 'id:key:AWSCURRENT'}
  exported-variables: [A, B]
  git-credential-helper: yes
phases:
  build: {commands: [make]}
reports: {any: {files: '**/*'}}
proxy: {upload-artifacts: yes}
artifacts:
  files: ['**/*', out]
  name: name-$(date)
  discard-paths: no
  base-directory: 'dist*'
  exclude-paths: '**/.git/**/*'
  enable-symlinks: 'Yes'
  s3-prefix: prefix
  secondary-artifacts:
    one: {files: [a], discard-paths: true}
    two:
cache:
  paths: [/root/.m2/**/*, ~/.cache]
  key: k-$(codebuild-hash-files lock)
  fallback-keys: [k-]
  action: save
comment: x
",
    );
    assert_eq!(buildspec.version, Version::V0_2);
    assert_eq!(buildspec.run_as.as_deref(), Some("builder"));
    assert_eq!(
        buildspec.env,
        Env {
            shell: Some("bash".to_owned()),
            variables: pairs(&[("A", "3.10"), ("B", "yes"), ("C", ""), ("D", "$A")]),
            parameter_store: pairs(&[("P", "/a/${B}")]),
            secrets_manager: pairs(&[("S", "id:key:AWSCURRENT")]),
            exported_variables: vec!["A".to_owned(), "B".to_owned()],
            git_credential_helper: true,
        }
    );
    assert_eq!(
        buildspec.phases.build,
        Some(Phase {
            commands: vec!["make".to_owned()],
            ..Phase::default()
        })
    );
    assert_eq!(
        buildspec.artifacts,
        Some(Artifacts {
            files: vec!["**/*".to_owned(), "out".to_owned()],
            name: Some("name-$(date)".to_owned()),
            discard_paths: false,
            base_directory: Some("dist*".to_owned()),
            exclude_paths: vec!["**/.git/**/*".to_owned()],
            enable_symlinks: true,
            s3_prefix: Some("prefix".to_owned()),
            secondary: vec![
                (
                    "one".to_owned(),
                    Artifacts {
                        files: vec!["a".to_owned()],
                        discard_paths: true,
                        ..Artifacts::default()
                    }
                ),
                ("two".to_owned(), Artifacts::default()),
            ],
        })
    );
    assert_eq!(
        buildspec.cache,
        Some(Cache {
            paths: vec!["/root/.m2/**/*".to_owned(), "~/.cache".to_owned()],
            key: Some("k-$(codebuild-hash-files lock)".to_owned()),
            fallback_keys: vec!["k-".to_owned()],
            action: CacheAction::Save,
        })
    );
    assert_eq!(buildspec.reports[0].1.files, ["**/*"]);
    assert_eq!(
        buildspec.proxy,
        Proxy {
            upload_artifacts: true,
            logs: false,
        }
    );
    assert_eq!(
        buildspec.unknown_keys,
        [UnknownKeys {
            section: "BUILDSPEC".to_owned(),
            keys: vec!["comment".to_owned()],
        }]
    );
}

#[test]
fn sections_may_be_empty() {
    let buildspec = buildspec(
        "version: 0.2\nrun-as: ''\nenv:\nphases:\nreports:\nartifacts:\ncache:\nbatch:\nproxy:\n",
    );
    assert_eq!(buildspec.run_as, None);
    assert_eq!(buildspec.env, Env::default());
    assert_eq!((buildspec.artifacts, buildspec.cache), (None, None));
    assert!(buildspec.unknown_keys.is_empty());

    let buildspec = self::buildspec(
        "version: 0.2\nenv: {variables: , shell: ''}\nartifacts: {files: }\ncache: {paths: }\n",
    );
    assert_eq!(buildspec.env, Env::default());
    assert_eq!(buildspec.artifacts, Some(Artifacts::default()));
    assert_eq!(buildspec.cache, Some(Cache::default()));
}

#[test]
fn one_text_stands_for_a_list_of_one() {
    let text = "version: 0.2\nartifacts: {files: '**/*'}\ncache: {paths: /a, fallback-keys: k}\n";
    let buildspec = buildspec(text);
    assert_eq!(buildspec.artifacts.unwrap().files, ["**/*"]);
    let cache = buildspec.cache.unwrap();
    assert_eq!(
        (cache.paths, cache.fallback_keys),
        (vec!["/a".to_owned()], vec!["k".to_owned()])
    );
    for (written, names) in [("A", vec!["A"]), ("|\n    A\n    B\n", vec!["A", "B"])] {
        let text = format!("version: 0.2\nenv:\n  exported-variables: {written}");
        assert_eq!(self::buildspec(&text).env.exported_variables, names);
    }
}

#[test]
fn booleans_have_many_spellings() {
    let discards = |written: &str| {
        let text = format!("version: 0.2\nartifacts:\n  discard-paths: {written}\n");
        buildspec(&text).artifacts.unwrap().discard_paths
    };
    for written in [
        "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE", "'yes'",
        "\"true\"",
    ] {
        assert!(discards(written), "{written}");
    }
    for written in [
        "n", "no", "No", "off", "OFF", "false", "False", "'no'", "", "~", "1", "maybe",
    ] {
        assert!(!discards(written), "{written}");
    }
}

#[test]
fn the_last_of_several_keys_wins() {
    let text = "version: 0.2\nenv: {variables: {A: 1}}\nenv: {variables: {A: 2, B: 3, A: 4}}\n";
    assert_eq!(
        buildspec(text).env.variables,
        pairs(&[("A", "4"), ("B", "3")])
    );
}

#[test]
fn version_0_1_has_environment_variables() {
    let text = "version: 0.1\nenvironment_variables: {plaintext: {A: 1, B: 2}}\nenv: {variables: {A: 3}}\n";
    assert_eq!(
        buildspec(text).env.variables,
        pairs(&[("A", "3"), ("B", "2")])
    );
    let text = text.replace("0.1", "0.2");
    assert_eq!(buildspec(&text).env.variables, pairs(&[("A", "3")]));
    let text = "version: 0.1\nartifacts: {type: zip, files: a}\n";
    assert!(buildspec(text).unknown_keys.is_empty());
}

#[test]
fn a_mark_windows_lines_and_json_are_accepted() {
    let text = "\u{feff}{\r\n\t\"version\": \"0.2\",\r\n\t\"phases\": {\"build\": {\"commands\": [\"a\"]}}\r\n}";
    assert_eq!(buildspec(text).phases.build.unwrap().commands, ["a"]);
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    for (section, message) in [
        ("env: bash", "Cannot unmarshal string to map"),
        ("env: [a]", "Cannot unmarshal list to map"),
        ("env: {variables: A=1}", "Cannot unmarshal string to map"),
        ("env: {variables: [A]}", "Cannot unmarshal list to map"),
        (
            "env: {variables: {A: {B: 1}}}",
            "Cannot unmarshal map to string",
        ),
        (
            "env: {variables: {A: [1]}}",
            "Cannot unmarshal list to string",
        ),
        ("env: {shell: {a: b}}", "Cannot unmarshal map to string"),
        (
            "env: {exported-variables: {A: B}}",
            "Cannot unmarshal map to list",
        ),
        (
            "env: {git-credential-helper: [yes]}",
            "Cannot unmarshal list to bool",
        ),
        ("phases: build", "Cannot unmarshal string to map"),
        ("artifacts: '**/*'", "Cannot unmarshal string to map"),
        ("artifacts: {files: {a: b}}", "Cannot unmarshal map to list"),
        (
            "artifacts: {files: [a: b]}",
            "Cannot unmarshal map to string",
        ),
        (
            "artifacts: {discard-paths: {a: b}}",
            "Cannot unmarshal map to bool",
        ),
        (
            "artifacts: {secondary-artifacts: [a]}",
            "Cannot unmarshal list to map",
        ),
        (
            "artifacts: {secondary-artifacts: {a: b}}",
            "Cannot unmarshal string to map",
        ),
        ("proxy: yes", "Cannot unmarshal string to map"),
        ("proxy: {logs: [yes]}", "Cannot unmarshal list to bool"),
        ("cache: {action: [save]}", "Cannot unmarshal list to string"),
        ("cache: /root", "Cannot unmarshal string to map"),
        ("cache: {key: [a]}", "Cannot unmarshal list to string"),
        ("{a: b}: c", "Cannot unmarshal map to string"),
        ("unknown: [{{ a }}: b]", "Cannot unmarshal map to string"),
        (
            "batch: {build-list: [{identifier: {{ a }}}]}",
            "Cannot unmarshal map to string",
        ),
    ] {
        assert_refusal(&format!("version: 0.2\n{section}\n"), message);
    }
}

#[test]
fn what_is_no_yaml_is_refused() {
    assert_refusal(
        "version: 0.2\n\nphases:\n\tbuild:\n\t\tcommands:\n\t\t\t- command",
        "found character that cannot start any token at line 3",
    );
    assert_eq!(
        parse(b"version: 0.2\nname: \xFF\n")
            .unwrap_err()
            .to_string(),
        "invalid leading UTF-8 octet at line 1"
    );
}
