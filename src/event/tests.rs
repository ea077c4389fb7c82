//! Every event can be stored and read back.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::phase::PhaseType;

/// Every kind of event, with this text wherever somebody else may have written one.
pub(crate) fn examples(text: fn() -> String) -> Vec<Event> {
    let groups: [Vec<Event>; 10] = [
        into(CommandEvent::examples(text)),
        into(BuildEvent::examples(text)),
        into(PhaseEvent::examples(text)),
        into(SourceEvent::examples(text)),
        into(AgentEvent::examples(text)),
        into(RuntimeEvent::examples(text)),
        into(CacheEvent::examples(text)),
        into(ArtifactsEvent::examples(text)),
        into(PullEvent::examples(text)),
        into(Notice::examples(text)),
    ];
    groups.concat()
}

fn into<T: Into<Event>>(events: Vec<T>) -> Vec<Event> {
    events.into_iter().map(Into::into).collect()
}

fn at_some_time(event: impl Into<Event>) -> Timestamped {
    Timestamped {
        time: "2026-11-30T19:11:39.123456789Z".parse().unwrap(),
        event: event.into(),
    }
}

fn stored(event: impl Into<Event>) -> Value {
    serde_json::from_str(&line(&at_some_time(event)).unwrap()).unwrap()
}

/// Adds the names of events that a schema knows.
fn names(schema: &Value, known: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            let name = schema.pointer("/properties/event/const");
            known.extend(name.and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| names(field, known));
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, known)),
        _ => {}
    }
}

#[test]
fn every_event_of_the_schema_has_an_example() {
    let mut known = BTreeSet::new();
    names(&serde_json::from_str(&schema()).unwrap(), &mut known);
    let shown: BTreeSet<String> = examples(String::new)
        .into_iter()
        .map(|event| stored(event)["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(shown, known);
    assert!(known.len() > 40, "{known:?}");
}

#[test]
fn every_event_is_valid_by_the_schema() {
    let schema = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for event in examples(|| "text".to_owned()) {
        let stored = stored(event);
        validator
            .validate(&stored)
            .unwrap_or_else(|error| panic!("{error}: {stored}"));
    }
    let mut other = stored(CommandEvent::Mocked);
    other["event"] = json!("no-event");
    assert!(!validator.is_valid(&other));
    other["event"] = json!("command-mocked");
    other["format"] = json!(FORMAT + 1);
    assert!(!validator.is_valid(&other));
}

#[test]
fn the_schema_speaks_to_those_who_do_not_know_the_code() {
    let schema = schema();
    for of_the_code in ["§", "contract", "[`", "crate::"] {
        assert!(!schema.contains(of_the_code), "{of_the_code}");
    }
}

#[test]
fn an_event_is_one_flat_object() {
    let command = Command {
        phase: PhaseType::Build,
        is_finally: false,
        number: 3,
        text: "make".to_owned(),
    };
    let finished = CommandEvent::Finished {
        command,
        exit_status: 2,
        duration: Duration::from_millis(1500),
    };
    let text = line(&at_some_time(finished)).unwrap();
    assert_eq!(
        text,
        "{\"format\":1,\"time\":\"2026-11-30T19:11:39.123456789Z\",\"event\":\"command-finished\",\
         \"phase\":\"BUILD\",\"finally\":false,\"number\":3,\"command\":\"make\",\"exitStatus\":2,\
         \"durationInSeconds\":1.5}\n"
    );
}

#[test]
fn output_has_a_text_and_when_it_is_none_its_bytes_too() {
    let printed = |bytes: &[u8]| {
        let bytes = Bytes::copy_from_slice(bytes);
        let stored = stored(CommandEvent::Output(Output { bytes }));
        (stored["text"].clone(), stored.get("base64").cloned())
    };
    assert_eq!(printed("é\n".as_bytes()), (json!("é\n"), None));
    assert_eq!(
        printed(b"caf\xe9"),
        (json!("caf\u{fffd}"), Some(json!("Y2Fm6Q==")))
    );
}

#[test]
fn what_cannot_be_read_is_told() {
    let line = line(&at_some_time(CommandEvent::Mocked)).unwrap();
    let changed = |from: &str, to: &str| {
        let changed = line.replace(from, to);
        assert_ne!(changed, line);
        parse(changed.as_bytes()).unwrap_err().to_string()
    };
    for (from, to, error) in [
        ("}\n", "", "the line is no JSON object"),
        (
            "\"format\":1",
            "\"format\":2",
            "the event has format 2, and this version of cobuild reads format 1",
        ),
        ("\"format\":1,", "", "the line has no `format`"),
        ("\"event\"", "\"name\"", "the line has no `event`"),
        (
            "command-mocked",
            "command-met",
            "the event `command-met` is unknown or has other fields",
        ),
        (
            "command-mocked",
            "phase-started",
            "the event `phase-started` is unknown or has other fields",
        ),
    ] {
        assert_eq!(changed(from, to), error);
    }
}

#[test]
fn fields_that_nobody_knows_are_ignored() {
    let event = at_some_time(CommandEvent::Mocked);
    let line = line(&event).unwrap().replace("}\n", ",\"new\":[1]}\n");
    assert_eq!(parse(line.as_bytes()).unwrap(), event);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_event_is_read_back_as_it_was_written(
        example in any::<prop::sample::Index>(),
        texts in prop::collection::vec(any::<String>(), 1..8),
        nanoseconds in 0..i128::from(i64::MAX),
    ) {
        let mut examples = examples(String::new);
        let mut event = examples.swap_remove(example.index(examples.len()));
        for (text, new) in event.texts_mut().into_iter().zip(texts.iter().cycle()) {
            text.clone_from(new);
        }
        let time = Timestamp::from_nanosecond(nanoseconds).unwrap();
        let event = Timestamped { time, event };
        prop_assert_eq!(parse(line(&event).unwrap().as_bytes()).unwrap(), event);
    }

    #[test]
    fn every_byte_of_output_is_read_back(bytes: Vec<u8>) {
        let bytes = bytes.into();
        let event = at_some_time(CommandEvent::Output(Output { bytes }));
        prop_assert_eq!(parse(line(&event).unwrap().as_bytes()).unwrap(), event);
    }

    #[test]
    fn every_duration_of_twelve_days_is_read_back(seconds in 0..1_u64 << 20, nanoseconds in 0..1_000_000_000_u32) {
        let grace = Duration::new(seconds, nanoseconds);
        let event = at_some_time(Notice::Stopping { grace });
        prop_assert_eq!(parse(line(&event).unwrap().as_bytes()).unwrap(), event);
    }
}
