//! Makes a plan from settings, sources and a buildspec.

use super::artifact_sets::ArtifactsPlan;
use super::cache::CachePlan;
use super::container::ContainerPlan;
use super::diagnosis;
use super::environment::{self, BuildNames};
use super::facts::Facts;
use super::inputs::{BuildspecFile, Inputs};
use super::layout::{self, Layout};
use super::settings::Settings;
use super::source::{Source, SourceFailure};
use super::sources::{self, SourceLayout};
use super::stored_values;
use super::variable::{Environment, Origin, is_variable_name};
use super::{PhasePlan, Plan, Reading, Store, StoredValue, Transfer, Variable, Work, retry};
use crate::buildspec::{self, Buildspec};
use crate::event::{BuildIdentity, Problems};
use crate::phase::{PhaseContext, PhaseType};
use crate::project;
use crate::project::image::Resolution;

/// Decides everything about a build.
pub fn make(inputs: Inputs, facts: &Facts) -> Plan {
    let sources = sources::decide(&inputs, facts);
    let Inputs {
        settings,
        source,
        buildspec,
        mut warnings,
        ..
    } = inputs;
    let SourceLayout {
        kind,
        layout,
        primary,
        secondary,
        mut plans,
    } = sources;
    let project = project_name(&settings, &source);
    let id = format!("{project}:{}", facts.uuid);
    let arn = arn(facts, &id);
    let initiator = settings.initiator.as_ref().unwrap_or(&facts.user).clone();
    let mut variables = environment::codebuild_variables(&BuildNames {
        facts,
        layout: &layout,
        image: &settings.image,
        build_id: &id,
        build_arn: &arn,
        project: &project,
        initiator: &initiator,
        primary: &primary,
        secondary: &secondary,
    });
    let problems = problems(&buildspec, settings.privileged);
    let (mut reading, buildspec_variables) = match buildspec {
        Ok(buildspec) => read(buildspec, &layout, &settings, &facts.uuid),
        Err(failure) => (no_source(failure), Vec::new()),
    };
    let container = ContainerPlan::new(settings.container, &layout);
    container.set_variables(&mut variables);
    set_all(&mut variables, Origin::Buildspec, buildspec_variables);
    set_all(&mut variables, Origin::Override, settings.overrides);
    let mut environment = variables.into_variables();
    let named = settings.project.as_ref();
    let cache = CachePlan::new(settings.cache, named, &source, settings.privileged);
    if cache.modes.source && settings.transfer != Transfer::Mount {
        for source in &mut plans {
            source.git = source.git.linked();
        }
    }
    warnings.extend(settings.warnings);
    let knows_cache = facts.has_told_of_cache;
    let privileged = settings.privileged;
    complete(
        &mut reading,
        warnings,
        &cache,
        knows_cache,
        privileged,
        &mut environment,
    );
    let image = Resolution::of(&settings.image);
    Plan {
        identity: BuildIdentity {
            id,
            arn,
            project_name: project,
            build_number: facts.build_number,
            initiator,
            source_type: kind.api_name().to_owned(),
            source_location: source_location(primary.url),
            source_version: primary.version,
            resolved_source_version: primary.resolved,
            environment_type: container.kind.api_name().to_owned(),
            compute_type: container.compute_type().map(str::to_owned),
            certificate: container.certificate_location(),
            file_system_locations: container.locations(),
            privileged: settings.privileged,
            timeout_in_minutes: settings.timeout.as_secs().div_ceil(60),
            image: settings.image,
        },
        uuid: facts.uuid.clone(),
        engine_image: image.asked().to_owned(),
        image,
        pulling: settings.pulling,
        privileged: settings.privileged,
        timeout: settings.timeout,
        grace: settings.grace,
        layout,
        sources: plans,
        transfer: settings.transfer,
        source_owner: settings.source_owner,
        excludes: settings.excludes,
        source_words: kind.log_words().map(str::to_owned),
        environment,
        reading,
        problems,
        part: settings.part,
        cache,
        container,
        show_changes: settings.show_changes,
    }
}

fn set_all(variables: &mut Environment, origin: Origin, values: Vec<(String, String)>) {
    for (name, value) in values {
        variables.set(origin, &name, &value);
    }
}

/// What `cobuild check` finds in a buildspec.
fn problems(buildspec: &Result<BuildspecFile, SourceFailure>, privileged: bool) -> Problems {
    let (text, path) = match buildspec {
        Ok(BuildspecFile::InSource { path, text }) => (text, path.as_str()),
        Ok(BuildspecFile::Inline { text }) => (text, "buildspec"),
        Ok(BuildspecFile::DefaultMissing { .. } | BuildspecFile::Unreadable { .. }) | Err(_) => {
            return Problems::default();
        }
    };
    diagnosis::problems(text, path, buildspec::Project { privileged })
}

fn project_name(settings: &Settings, source: &Source) -> String {
    match &settings.project {
        Some(named) => named.as_str().to_owned(),
        None => project::project_name(&source.name()),
    }
}

/// The API has a bucket and a key where the variable has an address.
fn source_location(url: String) -> String {
    match url.strip_prefix("s3://") {
        Some(location) => location.to_owned(),
        None => url,
    }
}

fn arn(facts: &Facts, id: &str) -> String {
    let (region, account) = (&facts.region, &facts.account);
    format!("arn:aws:codebuild:{region}:{account}:build/{id}")
}

/// Adds the warnings and the stored values that depend on the whole plan.
fn complete(
    reading: &mut Reading,
    mut warnings: Vec<String>,
    cache: &CachePlan,
    has_told_of_cache: bool,
    privileged: bool,
    environment: &mut [Variable],
) {
    let mut none = Vec::new();
    let stored = match reading {
        Reading::Accepted(work) => {
            warnings.append(&mut work.warnings);
            warnings.extend(cache.warnings(work.cache.as_ref(), privileged));
            work.warnings = warnings;
            if !has_told_of_cache {
                work.hints = cache.hints(work.cache.as_ref());
            }
            &mut work.stored
        }
        Reading::Refused { .. } | Reading::SourceFailed { .. } => &mut none,
    };
    stored_values::settle(stored, environment);
}

fn no_source(failure: SourceFailure) -> Reading {
    Reading::SourceFailed {
        context: PhaseContext::new("CLIENT_ERROR", failure.message),
        hint: failure.hint,
    }
}

/// Reads the buildspec; returns the result and the variables that it sets.
fn read(
    file: BuildspecFile,
    layout: &Layout,
    settings: &Settings,
    uuid: &str,
) -> (Reading, Vec<(String, String)>) {
    let in_container = |path: &str| {
        if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("{}/{path}", layout.source)
        }
    };
    let refused = |location: Option<String>, message: String, hint: Option<String>| {
        let refused = Reading::Refused {
            location,
            context: PhaseContext::new("YAML_FILE_ERROR", message),
            hint,
        };
        (refused, Vec::new())
    };
    let (location, text, inline) = match file {
        BuildspecFile::DefaultMissing { looked_for, beside } => {
            let way_out = beside.map_or_else(
                || {
                    "name another buildspec with `-b FILE`, or another source with `-s DIR`"
                        .to_owned()
                },
                |file| format!("did you mean `-b {file}`?"),
            );
            return refused(
                None,
                "YAML file does not exist".to_owned(),
                Some(format!("`{looked_for}` does not exist: {way_out}")),
            );
        }
        BuildspecFile::Unreadable {
            path,
            reason,
            looked_for,
        } => {
            return refused(
                None,
                format!("stat {}: {reason}", in_container(&path)),
                Some(format!(
                    "cobuild looked for `{looked_for}`: `-b FILE` is relative to the source"
                )),
            );
        }
        BuildspecFile::InSource { path, text } => (in_container(&path), text, false),
        BuildspecFile::Inline { text } => (layout::INLINE_BUILDSPEC.to_owned(), text, true),
    };
    match buildspec::parse(&text) {
        Err(refusal) => refused(Some(location), refusal.message, None),
        Ok(mut buildspec) => {
            if let Some(refusal) = buildspec.phases.refusal() {
                return refused(Some(location), refusal.message, None);
            }
            let variables = std::mem::take(&mut buildspec.env.variables);
            let has_batch = buildspec::batch_span(&text).is_some();
            let inline = inline.then_some(text);
            let work = work(buildspec, has_batch, location, inline, settings, uuid);
            (Reading::Accepted(Box::new(work)), variables)
        }
    }
}

/// Returns the variables that can be exported: not those that begin with `AWS_` (contract §1.4),
/// nor names that shells do not support.
fn exported(names: Vec<String>) -> Vec<String> {
    names
        .into_iter()
        .filter(|name| is_variable_name(name) && !name.starts_with("AWS_"))
        .collect()
}

fn work(
    buildspec: Buildspec,
    has_batch: bool,
    location: String,
    inline: Option<Vec<u8>>,
    settings: &Settings,
    uuid: &str,
) -> Work {
    let phases: Vec<PhasePlan> = PhaseType::COMMAND_PHASES
        .into_iter()
        .map(|phase| {
            let given = buildspec.phases.get(phase).cloned();
            let named = given.is_some();
            let given = given.unwrap_or_default();
            let mut planned = PhasePlan {
                phase,
                named,
                user: given
                    .run_as
                    .or_else(|| buildspec.run_as.clone())
                    .unwrap_or_else(|| "root".to_owned()),
                commands: given.commands,
                left_out: 0,
                finally: given.finally,
                finally_left_out: false,
                on_failure: given.on_failure,
            };
            settings.part.cut(&mut planned);
            planned
        })
        .collect();
    let runtime_versions = buildspec
        .phases
        .install
        .as_ref()
        .map(|install| install.runtime_versions.clone())
        .unwrap_or_default();
    let mut warnings = Vec::new();
    for planned in &phases {
        if let Some(problem) = retry::problem(&planned.on_failure) {
            warnings.push(format!("`on-failure` of {}: {problem}", planned.phase));
        }
    }
    warnings.extend(settings.part.idle_mocks(&phases));
    let caveats = caveats(&buildspec, has_batch, &phases);
    Work {
        location,
        inline,
        version: buildspec.version,
        shell: buildspec.env.shell.clone(),
        runtime_versions,
        stored: stored(&buildspec),
        cache: buildspec.cache,
        reports: buildspec.reports,
        exported: exported(buildspec.env.exported_variables),
        phases,
        artifacts: ArtifactsPlan::new(
            buildspec.artifacts,
            settings.artifacts.clone(),
            settings.storage,
            uuid,
        ),
        unknown_keys: buildspec.unknown_keys,
        warnings,
        hints: Vec::new(),
        caveats,
    }
}

/// What a buildspec asks for and a build of this machine does not do, and that nothing runs at all.
fn caveats(buildspec: &Buildspec, has_batch: bool, phases: &[PhasePlan]) -> Vec<String> {
    let mut caveats = Vec::new();
    let has_commands = |planned: &PhasePlan| {
        let mut commands = planned.commands.iter().chain(&planned.finally);
        commands.next().is_some()
    };
    if !phases.iter().any(has_commands) {
        caveats.push("the buildspec has no commands, so nothing runs".to_owned());
    } else if phases
        .iter()
        .all(|planned| planned.running().next().is_none())
    {
        caveats.push("the part of the build that runs has no commands".to_owned());
    }
    if has_batch {
        caveats.push(
            "`batch` has no effect: one build runs, that of the buildspec's own phases".to_owned(),
        );
    }
    if !buildspec.reports.is_empty() {
        caveats.push("`reports` have no effect: their files stay in the container".to_owned());
    }
    if buildspec.env.git_credential_helper {
        caveats.push(
            "`git-credential-helper` has no effect: git in the build gets no credentials"
                .to_owned(),
        );
    }
    caveats
}

/// The stored values that the buildspec asks for.
fn stored(buildspec: &Buildspec) -> Vec<StoredValue> {
    let stores = [
        (Store::ParameterStore, &buildspec.env.parameter_store),
        (Store::SecretsManager, &buildspec.env.secrets_manager),
    ];
    stores
        .into_iter()
        .flat_map(|(store, wanted)| wanted.iter().map(move |wanted| (store, wanted)))
        .map(|(store, (name, reference))| StoredValue {
            store,
            variable: name.clone(),
            reference: reference.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::GitFacts;
    use crate::plan::examples::{self, facts};

    fn inputs(buildspec: BuildspecFile) -> Inputs {
        Inputs {
            settings: Settings {
                overrides: vec![("GIVEN".into(), "by caller".into())],
                ..Settings::new("debian:12")
            },
            secondary: vec![(
                "other".into(),
                Source::directory("/home/me/other".into(), GitFacts::default()),
            )],
            buildspec: Ok(buildspec),
            ..examples::inputs("")
        }
    }

    fn inline(text: &str) -> BuildspecFile {
        BuildspecFile::Inline { text: text.into() }
    }

    fn value<'a>(plan: &'a Plan, name: &str) -> Option<&'a str> {
        plan.environment
            .iter()
            .find(|known| known.name == name)
            .map(|known| known.value.as_str())
    }

    #[test]
    fn overrides_beat_the_buildspec_s_variables() {
        let text = "version: 0.2\nenv: {variables: {GIVEN: spec, OWN: $HOME}}\nphases: {}\n";
        let plan = make(inputs(inline(text)), &facts());
        assert_eq!(value(&plan, "GIVEN"), Some("by caller"));
        assert_eq!(value(&plan, "OWN"), Some("$HOME"), "values are literal");
    }

    #[test]
    fn a_github_tree_lies_like_a_gopath_and_has_its_commit() {
        let mut inputs = inputs(inline("version: 0.2\nphases: {}\n"));
        inputs.source.git = GitFacts {
            commit: Some("abc".into()),
            remote: Some("git@github.com:o/r.git".into()),
        };
        let plan = make(inputs, &facts());
        let directory = "/codebuild/output/src7/src/github.com/o/r";
        assert_eq!(value(&plan, "CODEBUILD_SRC_DIR"), Some(directory));
        assert_eq!(
            value(&plan, "CODEBUILD_RESOLVED_SOURCE_VERSION"),
            Some("abc")
        );
        assert_eq!(value(&plan, "CODEBUILD_SOURCE_VERSION"), Some(""));
        assert_eq!(
            value(&plan, "CODEBUILD_SOURCE_REPO_URL"),
            Some("https://github.com/o/r.git")
        );
        assert_eq!(
            value(&plan, "CODEBUILD_SRC_DIR_other"),
            Some("/codebuild/output/src8/src")
        );
    }

    #[test]
    fn a_missing_buildspec_is_named_only_when_it_was_asked_for() {
        let message = |file| match make(inputs(file), &facts()).reading {
            Reading::Refused {
                location, context, ..
            } => {
                assert_eq!(location, None);
                context.message
            }
            Reading::Accepted(_) | Reading::SourceFailed { .. } => panic!("not refused"),
        };
        assert_eq!(
            message(BuildspecFile::DefaultMissing {
                looked_for: "/home/me/app/buildspec.yml".into(),
                beside: None,
            }),
            "YAML file does not exist"
        );
        assert_eq!(
            message(BuildspecFile::Unreadable {
                path: "ci/x.yml".into(),
                reason: "no such file or directory".into(),
                looked_for: "/home/me/app/ci/x.yml".into(),
            }),
            "stat /codebuild/output/src7/src/ci/x.yml: no such file or directory"
        );
    }

    #[test]
    fn a_stored_value_that_the_caller_gives_is_not_looked_up_but_secret() {
        let text = "version: 0.2\nenv: {variables: {STAGE: live}, parameter-store: {A: '/$STAGE/x', GIVEN: /y}}\nphases: {}\n";
        let plan = make(inputs(inline(text)), &facts());
        let Reading::Accepted(work) = &plan.reading else {
            panic!("refused")
        };
        let [stored] = work.stored.as_slice() else {
            panic!("{:?}", work.stored)
        };
        assert_eq!(stored.variable, "A");
        assert_eq!(stored.reference, "/live/x");
        let secret = plan.environment.iter().filter(|it| it.is_secret);
        let secret: Vec<&str> = secret.map(|it| it.name.as_str()).collect();
        assert_eq!(secret, ["GIVEN"]);
    }
}
