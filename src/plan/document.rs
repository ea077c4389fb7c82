//! A plan as a document that can be stored, shown and read back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Plan;

/// The version of the document; it counts up when a reader of the last one could misread it.
const VERSION: u32 = 1;

/// A plan as a document. Values of secrets are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "A plan of cobuild")]
pub struct PlanDocument {
    /// The version of the document.
    version: Version,
    /// The settings of the plan, in the order of the help; each value of a list is a setting.
    #[serde(default)]
    pub settings: Vec<Setting>,
    /// Everything about one build.
    #[serde(flatten)]
    pub plan: Plan,
}

/// A setting and its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// The long name of its flag.
    pub name: String,
    /// Its value; for a default its description, for a variable its name.
    pub value: Option<String>,
    /// Its origin.
    pub origin: SettingOrigin,
}

/// The origin of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum SettingOrigin {
    /// The default.
    Default,
    /// A flag of the command line.
    Flag {
        /// With its dashes.
        name: String,
    },
    /// A variable of this machine.
    Variable {
        /// Its name.
        name: String,
    },
    /// A file `cobuild.toml`.
    File {
        /// Its path, for display.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The profile in which it stands; absent for the file's own top level.
        profile: Option<String>,
    },
}

/// The supported version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
struct Version;

/// A document is of a version that this cobuild does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the plan has version {0}, but this cobuild reads version {VERSION}")]
struct UnknownVersion(u32);

impl TryFrom<u32> for Version {
    type Error = UnknownVersion;

    fn try_from(version: u32) -> Result<Self, UnknownVersion> {
        if version == VERSION {
            Ok(Self)
        } else {
            Err(UnknownVersion(version))
        }
    }
}

impl From<Version> for u32 {
    fn from(_: Version) -> Self {
        VERSION
    }
}

impl JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "const": VERSION })
    }
}

impl PlanDocument {
    pub fn new(plan: Plan, settings: Vec<Setting>) -> Self {
        Self {
            version: Version,
            settings,
            plan,
        }
    }

    /// Returns the JSON Schema of the document.
    pub fn schema() -> String {
        format!("{:#}\n", schemars::schema_for!(Self).as_value())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;
    use std::path::PathBuf;
    use std::time::Duration;

    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::phase::PhaseType;
    use crate::plan::artifact_path::{Namespace, Packaging, Storage};
    use crate::plan::cache::{CacheKind, CacheModes, CacheRequest};
    use crate::plan::examples::{facts, inputs};
    use crate::plan::part::{Part, Step};
    use crate::plan::{
        Certificate, ContainerRequest, Content, Excludes, GitFacts, Inputs, Settings, Source,
        SourceOwner, Transfer, make,
    };
    use crate::project::KindName;
    use crate::project::image::{Platform, PullPolicy, Pulling};
    use crate::resources::{Compute, Extras, Volume};

    /// Buildspecs that have every section between them, and what goes wrong with one.
    const BUILDSPECS: [&str; 6] = [
        "version: 0.2\nphases: {build: {commands: [make]}}\n",
        "version: 0.2\nrun-as: me\nenv: {shell: bash, variables: {A: b}, exported-variables: [A], parameter-store: {P: /p}, secrets-manager: {S: 's:k'}}\n\
         phases:\n  install: {runtime-versions: {python: 3.x}, on-failure: CONTINUE}\n  build: {on-failure: RETRY-3-.*, commands: [a, b], finally: [c]}\n\
         reports: {g: {files: [x], file-format: nonsense}, h: {files: [y], file-format: junitxml}}\n\
         artifacts: {files: [a], name: $A, s3-prefix: p, secondary-artifacts: {s: {files: [b], name: ../x, enable-symlinks: yes}}}\n\
         cache: {paths: [/x], key: k, fallback-keys: [f], action: save}\nnonsense: 1\n",
        "version: 0.1\nphases: {build: {commands: [make]}}\nartifacts: {files: [a], discard-paths: yes, exclude-paths: [b]}\n",
        "version: 0.3\n",
        "[",
        "",
    ];

    fn path() -> impl Strategy<Value = PathBuf> {
        vec(any::<u8>(), 1..8).prop_map(|bytes| {
            let name = bytes.into_iter().filter(|byte| !matches!(byte, 0 | b'/'));
            let name = std::ffi::OsString::from_vec(name.collect());
            PathBuf::from("/home").join(name)
        })
    }

    fn source() -> impl Strategy<Value = Source> {
        let content = prop_oneof![
            Just(Content::Directory),
            Just(Content::Nothing),
            path().prop_map(|tree| Content::Zip { tree }),
            (".*", path()).prop_map(|(version, tree)| Content::Revision { version, tree }),
        ];
        (
            path(),
            content,
            option::of(".*"),
            option::of("(https|ssh)://[a-z./:@]*"),
        )
            .prop_map(|(named, content, commit, remote)| Source {
                named,
                content,
                git: GitFacts { commit, remote },
            })
    }

    fn container() -> impl Strategy<Value = ContainerRequest> {
        let size = option::of(prop_oneof![
            Just("BUILD_GENERAL1_SMALL"),
            Just("BUILD_LAMBDA_1GB")
        ]);
        let extras = prop_oneof![
            Just(Extras::default()),
            (path(), ".*", any::<bool>()).prop_map(|(host, target, read_only)| Extras {
                network: Some("none".into()),
                hosts: vec!["db:10.0.0.5".parse().unwrap()],
                dns: vec!["10.0.0.2".parse().unwrap()],
                devices: vec!["/dev/null".parse().unwrap()],
                gpus: Some("device=0,1".parse().unwrap()),
                shm_size: Some("1g".parse().unwrap()),
                ulimits: vec!["nofile=1:2".parse().unwrap()],
                volumes: vec![Volume {
                    host,
                    target,
                    read_only,
                }],
            }),
        ];
        (size, extras, any::<bool>()).prop_map(|(size, extras, start_dockerd)| ContainerRequest {
            compute: Compute {
                compute_type: size.map(|name| name.parse().unwrap()),
                cpus: size.map(|_| "0.5".parse().unwrap()),
                memory: None,
                pids: size.map_or_else(Default::default, |_| "7".parse().unwrap()),
            },
            extras,
            file_systems: size.iter().map(|_| "fs=/data".parse().unwrap()).collect(),
            certificate: size.map(|location| Certificate {
                location: location.into(),
                certificates: vec!["PEM\n".into()],
            }),
            start_dockerd,
        })
    }

    fn settings() -> impl Strategy<Value = Settings> {
        let image = prop_oneof![
            Just("debian:12"),
            Just("aws/codebuild/standard:7.0"),
            Just("aws/codebuild/amazonlinux-x86_64-standard:5.0"),
            Just("aws/codebuild/windows-base:2022-1.0"),
            Just("aws/codebuild/unheard-of:1"),
            Just("0123456789abcdef"),
            Just("UPPER"),
        ];
        let kinds = prop_oneof![
            Just(None),
            Just(Some(KindName::S3)),
            Just(Some(KindName::CodePipeline)),
            Just(Some(KindName::GitHub))
        ];
        let storage = (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
            |(is_zip, override_name, has_id)| Storage {
                packaging: if is_zip {
                    Packaging::Zip
                } else {
                    Packaging::None
                },
                override_name,
                namespace: if has_id {
                    Namespace::BuildId
                } else {
                    Namespace::None
                },
            },
        );
        let cache = (
            0_usize..3,
            option::of(any::<(bool, bool, bool)>()),
            option::of("[a-z]+"),
        );
        let transfers = (0_usize..4, vec(".*", 0..2), any::<bool>());
        let overrides = vec(("[A-Z]{1,3}", ".*"), 0..4);
        (
            (image, kinds, storage, cache, transfers, overrides),
            (
                container(),
                option::of(path()),
                any::<(bool, bool, bool)>(),
                1_u64..1_000_000,
            ),
        )
            .prop_map(|(first, second)| {
                let (image, kind, storage, cache, transfer, overrides) = first;
                let (container, artifacts, (privileged, show_changes, is_part), millis) = second;
                let transfers = [
                    Transfer::Automatic,
                    Transfer::CopyOnWrite,
                    Transfer::Tar,
                    Transfer::Mount,
                ];
                let step = "build:2".parse::<Step>().unwrap();
                Settings {
                    pulling: Pulling {
                        policy: if privileged {
                            PullPolicy::Never
                        } else {
                            PullPolicy::Always
                        },
                        platform: is_part.then(|| Platform::linux("aarch64")),
                    },
                    privileged,
                    timeout: Duration::from_millis(millis),
                    kind,
                    initiator: is_part.then(|| "codepipeline/p".into()),
                    transfer: transfers[transfer.0],
                    source_owner: [SourceOwner::Root, SourceOwner::Keep][usize::from(transfer.2)],
                    excludes: Excludes {
                        patterns: transfer.1,
                        respect_gitignore: transfer.2,
                    },
                    overrides,
                    part: Part {
                        from: is_part.then_some(step),
                        only: (!is_part && privileged).then_some(PhaseType::Build),
                        mocks: is_part
                            .then(|| "^aws ".parse().unwrap())
                            .into_iter()
                            .collect(),
                    },
                    cache: CacheRequest {
                        kind: [CacheKind::None, CacheKind::Local, CacheKind::S3][cache.0],
                        modes: cache.1.map(|(source, docker_layer, custom)| CacheModes {
                            source,
                            docker_layer,
                            custom,
                        }),
                        namespace: cache.2,
                    },
                    container,
                    artifacts,
                    storage,
                    show_changes,
                    ..Settings::new(image)
                }
            })
    }

    fn plan() -> impl Strategy<Value = Plan> {
        let secondary = vec(("[a-z]{1,5}", source()), 0..3);
        let buildspec = 0..BUILDSPECS.len();
        (settings(), source(), secondary, buildspec).prop_map(
            |(settings, source, secondary, buildspec)| {
                let inputs = Inputs {
                    settings,
                    source,
                    secondary,
                    git_directories: vec!["/home/me/git".into()],
                    ..inputs(BUILDSPECS[buildspec])
                };
                make(inputs, &facts())
            },
        )
    }

    /// The plan as it comes back: without the values of secrets.
    fn without_secrets(mut plan: Plan) -> Plan {
        for variable in &mut plan.environment {
            if variable.is_secret {
                variable.value.clear();
            }
        }
        plan
    }

    proptest! {
        #[test]
        fn a_plan_is_read_back_as_it_was(plan in plan()) {
            let text = serde_json::to_string(&PlanDocument::new(plan.clone(), Vec::new())).unwrap();
            let read: PlanDocument = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read.plan, without_secrets(plan));
        }

        #[test]
        fn a_plan_is_as_its_schema_says(plan in plan()) {
            let schema = serde_json::from_str(&PlanDocument::schema()).unwrap();
            let document = serde_json::to_value(PlanDocument::new(plan, Vec::new())).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            if let Err(error) = validator.validate(&document) {
                panic!("{error} at {}", error.instance_path());
            }
        }
    }

    #[test]
    fn a_secret_is_not_stored() {
        let mut inputs = inputs("version: 0.2\nenv: {parameter-store: {TOKEN: /t}}\nphases: {}\n");
        inputs.settings.overrides = vec![("TOKEN".into(), "hunter2".into())];
        let text =
            serde_json::to_string(&PlanDocument::new(make(inputs, &facts()), Vec::new())).unwrap();
        assert!(text.contains(r#"{"name":"TOKEN","origin":"override","isSecret":true}"#));
        assert!(!text.contains("hunter2"));
    }

    #[test]
    fn another_version_is_not_read() {
        let document = PlanDocument::new(make(inputs(BUILDSPECS[0]), &facts()), Vec::new());
        let mut value = serde_json::to_value(document).unwrap();
        value["version"] = 2.into();
        let error = serde_json::from_value::<PlanDocument>(value).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the plan has version 2, but this cobuild reads version 1"
        );
    }
}
