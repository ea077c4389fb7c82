//! What holds for every build, whatever its commands do and whenever it is cut short.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// What a command prints and how it ends, run after run; the last goes on for ever.
type Turns = Vec<(&'static str, i32)>;

/// What the buildspec says of one phase.
#[derive(Debug, Clone)]
struct Phase {
    commands: Vec<Turns>,
    finally: Vec<Turns>,
    on_failure: &'static str,
}

/// One build: its four phases, and which of all commands never ends, if one does, until this happens.
#[derive(Debug, Clone)]
struct Build {
    phases: Vec<Phase>,
    hangs: Option<(Index, CancelReason)>,
}

/// The most retries that an `on-failure` of the tests allows.
fn most_retries(on_failure: &str) -> usize {
    match on_failure {
        "RETRY" => 3,
        _ if on_failure.starts_with("RETRY-1") => 1,
        _ if on_failure.starts_with("RETRY-2") => 2,
        _ => 0,
    }
}

fn builds() -> impl Strategy<Value = Build> {
    let turn = (
        select(vec!["flaky\n", "broken\n", ""]),
        prop_oneof![5 => Just(0), 2 => Just(1), 1 => Just(7)],
    );
    let command = || prop::collection::vec(turn.clone(), 1..4);
    let on_failure = select(vec![
        "",
        "ABORT",
        "CONTINUE",
        "RETRY",
        "RETRY-0",
        "RETRY-2",
        "RETRY-1-flaky",
        "RETRY-2-exit status 7",
    ]);
    let phase = (
        prop::collection::vec(command(), 1..4),
        prop::collection::vec(command(), 0..3),
        on_failure,
    )
        .prop_map(|(commands, finally, on_failure)| Phase {
            commands,
            finally,
            on_failure,
        });
    let reason = select(vec![
        CancelReason::Timeout,
        CancelReason::Stop,
        CancelReason::Kill,
    ]);
    (
        prop::collection::vec(phase, 4),
        prop::option::of((any::<Index>(), reason)),
    )
        .prop_map(|(phases, hangs)| Build { phases, hangs })
}

impl Build {
    /// Every command by its name, such as `BUILD c0` or, in `finally`, `BUILD f0`.
    fn commands(&self) -> Vec<(String, &Turns)> {
        let mut commands = Vec::new();
        for (phase, given) in PhaseType::COMMAND_PHASES.into_iter().zip(&self.phases) {
            for (kind, list) in [('c', &given.commands), ('f', &given.finally)] {
                for (index, turns) in list.iter().enumerate() {
                    commands.push((format!("{phase} {kind}{index}"), turns));
                }
            }
        }
        commands
    }

    fn spec(&self) -> String {
        let mut spec = "version: 0.2\nphases:\n".to_owned();
        for (phase, given) in PhaseType::COMMAND_PHASES.into_iter().zip(&self.phases) {
            let _ = writeln!(spec, "  {}:", phase.as_str().to_lowercase());
            if !given.on_failure.is_empty() {
                let _ = writeln!(spec, "    on-failure: {}", given.on_failure);
            }
            for (key, kind, count) in [
                ("commands", 'c', given.commands.len()),
                ("finally", 'f', given.finally.len()),
            ] {
                let _ = writeln!(spec, "    {key}:");
                for index in 0..count {
                    let _ = writeln!(spec, "      - {phase} {kind}{index}");
                }
            }
        }
        spec
    }

    fn run(&self) -> Ran {
        let commands = self.commands();
        let hangs = self
            .hangs
            .as_ref()
            .map(|(index, reason)| (commands[index.index(commands.len())].0.clone(), *reason));
        let reactions: Vec<(&str, Reaction)> = commands
            .iter()
            .map(|(name, turns)| match &hangs {
                Some((hanging, _)) if hanging == name => (name.as_str(), Reaction::Hangs),
                _ => (name.as_str(), Reaction::EndsInTurn((*turns).clone())),
            })
            .collect();
        let engine = FakeEngine::new(&reactions);
        let cancels: Vec<_> = hangs
            .iter()
            .map(|(_, reason)| (Duration::from_secs(5), *reason))
            .collect();
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(run_plan(&plan(&self.spec(), "image"), &engine, &cancels))
    }
}

/// One attempt at a phase: its commands and those of its `finally`, with how each ended; `None` for
/// one that was cut short.
#[derive(Debug)]
struct Attempt {
    phase: PhaseType,
    commands: Vec<Option<i32>>,
    finally: Vec<Option<i32>>,
    /// What the container had been told of the build before each of them.
    told: Vec<bool>,
}

impl Attempt {
    fn ends(&self) -> impl Iterator<Item = &Option<i32>> {
        self.commands.iter().chain(&self.finally)
    }

    fn is_cut_short(&self) -> bool {
        self.ends().any(Option::is_none)
    }

    fn fails(&self) -> bool {
        self.ends().flatten().any(|status| *status != 0)
    }
}

/// Reads the attempts from what the engine was asked for.
fn attempts(build: &Build, ran: &Ran) -> Vec<Attempt> {
    let commands: BTreeMap<String, &Turns> = build.commands().into_iter().collect();
    let mut runs: BTreeMap<&str, usize> = BTreeMap::new();
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut told = true;
    let mut asked = ran.asked.iter().peekable();
    while let Some(line) = asked.next() {
        if line.starts_with("tell ") {
            told = line.contains("CODEBUILD_BUILD_SUCCEEDING='1'");
        }
        let Some(name) = line.strip_prefix("run ") else {
            continue;
        };
        let turns = commands[name];
        let run = runs.entry(name).or_default();
        let cut_short = asked.peek().is_some_and(|next| next.starts_with("signal "))
            || asked.peek().is_some_and(|next| *next == "kill");
        let end = (!cut_short).then(|| turns[(*run).min(turns.len() - 1)].1);
        *run += 1;
        let (phase, command) = name.split_once(' ').unwrap();
        if command == "c0" {
            let phase = PhaseType::COMMAND_PHASES
                .into_iter()
                .find(|it| it.as_str() == phase)
                .unwrap();
            attempts.push(Attempt {
                phase,
                commands: Vec::new(),
                finally: Vec::new(),
                told: Vec::new(),
            });
        }
        let attempt = attempts.last_mut().unwrap();
        assert_eq!(attempt.phase.as_str(), phase, "one phase at a time");
        let list = if command.starts_with('c') {
            assert_eq!(attempt.finally, [], "`finally` comes last");
            &mut attempt.commands
        } else {
            &mut attempt.finally
        };
        assert_eq!(command[1..], list.len().to_string(), "in their order");
        list.push(end);
        attempt.told.push(told);
    }
    attempts
}

fn given(build: &Build, phase: PhaseType) -> &Phase {
    let index = PhaseType::COMMAND_PHASES
        .into_iter()
        .position(|other| other == phase);
    &build.phases[index.unwrap()]
}

/// A list runs up to the first that does not succeed, that one included.
fn check_prefix(ran: &[Option<i32>], given: &[Turns]) {
    let good = ran.iter().take_while(|end| **end == Some(0)).count();
    assert_eq!(ran.len(), (good + 1).min(given.len()), "{ran:?}");
}

fn check_attempt(attempt: &Attempt, given: &Phase) {
    check_prefix(&attempt.commands, &given.commands);
    if attempt.commands.contains(&None) {
        assert_eq!(attempt.finally, [], "nothing follows what is cut short");
    } else {
        // Once for every attempt that was started, however its commands ended.
        check_prefix(&attempt.finally, &given.finally);
    }
}

/// Nothing has failed before the first attempt at a phase; what the agent says of that must be so
/// before every command.
fn check_told(attempts: &[Attempt], ran: &Ran) {
    let failed_before = |phase: PhaseType| {
        ran.phases
            .iter()
            .any(|(other, status)| *other < phase && *status == Status::Failed)
    };
    for attempt in attempts {
        let mut succeeding = !failed_before(attempt.phase);
        for (end, told) in attempt.ends().zip(&attempt.told) {
            assert_eq!(*told, succeeding, "{attempts:?}");
            succeeding &= *end == Some(0);
        }
    }
}

fn check_phase(phase: PhaseType, status: Status, build: &Build, attempts: &[Attempt], ran: &Ran) {
    let attempts: Vec<&Attempt> = attempts.iter().filter(|it| it.phase == phase).collect();
    let (last, others) = attempts.split_last().expect("each phase has a command");
    let retried = ran
        .events
        .iter()
        .filter(|event| matches!(event, Event::Phase(PhaseEvent::Retried { phase: it, .. }) if *it == phase));
    assert_eq!(retried.count(), others.len(), "{attempts:?}");
    let given = given(build, phase);
    assert!(
        others.len() <= most_retries(given.on_failure),
        "{attempts:?}"
    );
    assert!(others.iter().all(|it| it.fails() && !it.is_cut_short()));
    let expected = match (last.is_cut_short(), last.fails()) {
        (true, _) => match build.hangs {
            Some((_, CancelReason::Timeout)) => Status::TimedOut,
            _ => Status::Stopped,
        },
        (false, true) => Status::Failed,
        (false, false) => Status::Succeeded,
    };
    assert_eq!(status, expected, "{attempts:?}");
    if given.on_failure == "RETRY-2" && status == Status::Failed {
        assert_eq!(attempts.len(), 3, "every failure matches");
    }
}

fn check_ends(ran: &Ran) {
    let last = ran.events.last().unwrap();
    assert!(
        matches!(last, Event::Build(BuildEvent::Finished { .. })),
        "{last:?}"
    );
    let started: Vec<PhaseType> = ran
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Phase(PhaseEvent::Started { phase }) => Some(*phase),
            _ => None,
        })
        .collect();
    let finished: Vec<PhaseType> = ran.phases.iter().map(|(phase, _)| *phase).collect();
    let (completed, entered) = started.split_last().unwrap();
    assert_eq!(*completed, PhaseType::Completed);
    assert_eq!(
        entered, finished,
        "one entry for each, COMPLETED at the end"
    );
    let cut_short = ran
        .phases
        .iter()
        .position(|(_, status)| matches!(status, Status::TimedOut | Status::Stopped));
    if let Some(cut_short) = cut_short {
        assert_eq!(cut_short + 1, ran.phases.len(), "nothing follows");
    }
    // A signal may be on its way to a container that is being removed.
    let mut asked = ran.asked.iter().rev();
    let last = asked.find(|asked| !asked.starts_with("signal "));
    assert_eq!(last.unwrap(), "removed");
    assert!(ran.outcome.fault.is_none());
}

fn check_post_build(build: &Build, ran: &Ran) {
    let status = |wanted: PhaseType| {
        ran.phases
            .iter()
            .find_map(|(phase, status)| (*phase == wanted).then_some(*status))
    };
    let follows = match status(PhaseType::Build) {
        None | Some(Status::TimedOut | Status::Stopped | Status::Fault) => false,
        Some(Status::Succeeded) => true,
        Some(Status::Failed) => given(build, PhaseType::Build).on_failure != "ABORT",
    };
    assert_eq!(status(PhaseType::PostBuild).is_some(), follows);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_build_keeps_to_the_rules(build in builds()) {
        let ran = build.run();
        let attempts = attempts(&build, &ran);
        for attempt in &attempts {
            check_attempt(attempt, given(&build, attempt.phase));
        }
        for (phase, status) in &ran.phases {
            if PhaseType::COMMAND_PHASES.contains(phase) {
                check_phase(*phase, *status, &build, &attempts, &ran);
            }
        }
        check_told(&attempts, &ran);
        check_ends(&ran);
        check_post_build(&build, &ran);
    }
}
