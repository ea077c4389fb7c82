use std::fs;
use std::io::{Read, Write};
use std::sync::Barrier;
use std::thread;

use super::*;

fn paths(paths: &[&str]) -> Paths {
    Paths(paths.iter().map(|path| (*path).to_owned()).collect())
}

fn wanted(key: Option<&str>, fallback_keys: &[&str]) -> CacheQuery {
    CacheQuery {
        kind: EntryKind::S3,
        version: paths(&["a"]).version(),
        key: key.map(str::to_owned),
        fallback_keys: fallback_keys.iter().map(|key| (*key).to_owned()).collect(),
    }
}

fn begin(namespace: &Namespace, key: Option<&str>, content: &[u8]) -> Writing {
    let writer = uuid::Uuid::new_v4().to_string();
    let version = paths(&["a"]).version();
    let mut writing = namespace
        .begin(EntryKind::S3, &version, key, &writer)
        .unwrap();
    writing.archive().write_all(content).unwrap();
    writing
}

fn keep(namespace: &Namespace, key: Option<&str>, content: &[u8]) -> Published {
    let key_of = key.map(str::to_owned);
    begin(namespace, key, content)
        .publish(EntryKind::S3, key_of, paths(&["a"]), 1, "build")
        .unwrap()
}

/// The content that is found, whether it is the very one, and what was wrong.
fn find(namespace: &Namespace, wanted: &CacheQuery) -> (Option<(String, bool)>, Vec<String>) {
    let mut problems = Vec::new();
    let found = namespace.find(wanted, &mut problems).map(|mut found| {
        let mut content = String::new();
        found.reader.read_to_string(&mut content).unwrap();
        (content, found.exact)
    });
    (found, problems)
}

fn found(namespace: &Namespace, wanted: &CacheQuery) -> Option<(String, bool)> {
    let (found, problems) = find(namespace, wanted);
    assert_eq!(problems, Vec::<String>::new());
    found
}

fn store() -> (tempfile::TempDir, Namespace) {
    let directory = tempfile::tempdir().unwrap();
    let namespace = Store::new(directory.path().join("caches")).namespace("app");
    (directory, namespace)
}

fn file_names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_key_names_one_entry_for_ever() {
    let (_directory, app) = store();
    assert_eq!(found(&app, &wanted(Some("k-1"), &[])), None);
    assert!(matches!(
        keep(&app, Some("k-1"), b"first"),
        Published::New(_)
    ));
    assert_eq!(keep(&app, Some("k-1"), b"second"), Published::AlreadyThere);
    let first = Some(("first".to_owned(), true));
    assert_eq!(found(&app, &wanted(Some("k-1"), &[])), first);
    assert_eq!(app.entries().unwrap().len(), 1);
    assert_eq!(app.sweep().unwrap(), 0, "the second left nothing");
}

#[test]
fn without_a_key_the_last_one_stays_and_the_one_before_is_gone() {
    let (_directory, app) = store();
    keep(&app, None, b"first");
    keep(&app, None, b"second");
    let second = Some(("second".to_owned(), true));
    assert_eq!(found(&app, &wanted(None, &[])), second);
    assert_eq!(file_names(&app_directory(&app)).len(), 2);
    // The empty key is a key.
    assert_eq!(found(&app, &wanted(Some(""), &[])), None);
}

fn app_directory(namespace: &Namespace) -> PathBuf {
    let text = format!("{namespace:?}");
    let (_, path) = text.split_once("directory: \"").unwrap();
    path.split_once('"').unwrap().0.into()
}

#[test]
fn other_paths_and_other_namespaces_are_other_caches() {
    let (directory, app) = store();
    keep(&app, Some("k"), b"first");
    let mut other = wanted(Some("k"), &["k"]);
    other.version = paths(&["b"]).version();
    assert_eq!(found(&app, &other), None);
    let elsewhere = Store::new(directory.path().join("caches")).namespace("../app");
    assert_eq!(found(&elsewhere, &wanted(Some("k"), &["k"])), None);
    assert_ne!(paths(&["a", "b"]).version(), paths(&["b", "a"]).version());
    assert_ne!(paths(&["a", "b"]).version(), paths(&["ab"]).version());
}

#[test]
fn fallback_keys_are_tried_in_order_and_the_newest_is_taken() {
    let (_directory, app) = store();
    for key in ["x-1", "y-1", "y-2", "x-2"] {
        keep(&app, Some(key), key.as_bytes());
        // Entries are dated to the millisecond.
        thread::sleep(std::time::Duration::from_millis(3));
    }
    let by = |keys: &[&str]| found(&app, &wanted(Some("new"), keys));
    assert_eq!(by(&["y-", "x-"]), Some(("y-2".to_owned(), false)));
    assert_eq!(by(&["z-", "x-"]), Some(("x-2".to_owned(), false)));
    assert_eq!(by(&["-1"]), None, "beginnings, not parts");
    assert_eq!(by(&[""]), Some(("x-2".to_owned(), false)));
    let exact = found(&app, &wanted(Some("x-1"), &["y-"]));
    assert_eq!(exact, Some(("x-1".to_owned(), true)));
}

#[test]
fn of_many_writers_of_a_key_one_wins_and_the_others_leave_nothing() {
    let (_directory, app) = store();
    let barrier = Barrier::new(8);
    let published: Vec<Published> = thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|index| {
                let (app, barrier) = (&app, &barrier);
                scope.spawn(move || {
                    let content = vec![b'0' + index; 100_000];
                    let writing = begin(app, Some("k"), &content);
                    barrier.wait();
                    // Others look for leftovers all the time.
                    app.sweep().unwrap();
                    writing
                        .publish(EntryKind::S3, Some("k".into()), paths(&["a"]), 1, "build")
                        .unwrap()
                })
            })
            .collect();
        writers.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let new = published
        .iter()
        .filter(|it| matches!(it, Published::New(_)));
    assert_eq!(new.count(), 1);
    let (content, _) = found(&app, &wanted(Some("k"), &[])).unwrap();
    assert_eq!(content.len(), 100_000);
    assert_eq!(file_names(&app_directory(&app)).len(), 2);
}

#[test]
fn of_many_writers_without_a_key_every_reader_sees_a_whole_one() {
    let (_directory, app) = store();
    keep(&app, None, &vec![b'x'; 100_000]);
    thread::scope(|scope| {
        for index in 0..4 {
            let app = &app;
            scope.spawn(move || {
                for _ in 0..10 {
                    keep(app, None, &vec![b'0' + index; 100_000]);
                    app.sweep().unwrap();
                }
            });
        }
        for _ in 0..40 {
            // A reader may lose every race against writers this quick, but never sees half of one.
            let (found, problems) = find(&app, &wanted(None, &[]));
            assert_eq!(problems, Vec::<String>::new());
            if let Some((content, _)) = found {
                assert_eq!(content.len(), 100_000);
                assert!(content.bytes().all(|byte| byte == content.as_bytes()[0]));
            }
        }
    });
    app.sweep().unwrap();
    assert_eq!(file_names(&app_directory(&app)).len(), 2);
    assert!(found(&app, &wanted(None, &[])).is_some());
}

#[test]
fn what_a_killed_writer_left_is_swept_and_what_lives_is_not() {
    let (_directory, app) = store();
    keep(&app, Some("whole"), b"whole");
    let living = begin(&app, Some("living"), b"living");
    let killed = begin(&app, Some("killed"), &vec![7; 500_000]);
    let directory = app_directory(&app);
    // A process that is killed runs no destructor, and its locks go.
    let before = file_names(&directory);
    drop(killed);
    let gone: Vec<String> = before
        .into_iter()
        .filter(|name| !file_names(&directory).contains(name))
        .collect();
    assert_eq!(gone.len(), 1, "a dropped one goes by itself: {gone:?}");
    fs::write(directory.join(&gone[0]), "half of an archive").unwrap();
    let draft = gone[0].replace(".tar.zst", ".json");
    fs::write(directory.join(&draft), "{").unwrap();
    assert_eq!(found(&app, &wanted(Some("killed"), &["killed"])), None);
    assert_eq!(app.entries().unwrap().len(), 1);
    // A child that another test is just starting holds every lock until it has started.
    let swept = std::iter::repeat_with(|| app.sweep().unwrap())
        .take(100)
        .inspect(|_| thread::yield_now())
        .find(|swept| *swept > 0);
    assert_eq!(swept, Some(18));
    assert!(!directory.join(&draft).exists());
    let published = living.publish(EntryKind::S3, Some("living".into()), paths(&["a"]), 1, "b");
    assert!(matches!(published, Ok(Published::New(_))));
    for key in ["living", "whole"] {
        assert!(found(&app, &wanted(Some(key), &[])).is_some(), "{key}");
    }
}

#[test]
fn a_damaged_archive_is_no_archive_and_goes() {
    type Damaging = fn(&mut Vec<u8>);
    let damages: [(&str, Damaging); 4] = [
        ("cut short", |bytes| bytes.truncate(bytes.len() / 2)),
        ("a bit", |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }),
        ("longer", |bytes| bytes.push(0)),
        ("empty", Vec::clear),
    ];
    for (what, damage) in damages {
        let (_directory, app) = store();
        keep(&app, Some("k-old"), b"older");
        let Published::New(entry) = keep(&app, Some("k"), &[b'x'; 10_000]) else {
            panic!("there already");
        };
        let path = app_directory(&app).join(&entry.archive);
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let (found, problems) = find(&app, &wanted(Some("k"), &["k-"]));
        assert_eq!(found, Some(("older".to_owned(), false)), "{what}");
        assert_eq!(
            problems,
            ["the entry `k` cannot be used and is removed: its archive is damaged"],
            "{what}"
        );
        assert!(!path.exists(), "{what}");
        // Its key is free again.
        assert!(matches!(keep(&app, Some("k"), b"new"), Published::New(_)));
    }
}

#[test]
fn what_is_no_entry_stands_in_nobody_s_way() {
    let (_directory, app) = store();
    let Published::New(entry) = keep(&app, Some("k"), b"x") else {
        panic!("there already");
    };
    let directory = app_directory(&app);
    let place = directory.join(format!("{}.json", entry.own_id()));
    for text in ["", "{", "[]", "\u{0}\u{0}"] {
        fs::write(&place, text).unwrap();
        assert_eq!(found(&app, &wanted(Some("k"), &["k"])), None, "{text:?}");
        assert!(matches!(keep(&app, Some("k"), b"x"), Published::New(_)));
    }
    // An entry never leads out of its directory.
    let mut forged = entry.clone();
    forged.archive = "../../secret".to_owned();
    fs::write(&place, serde_json::to_vec(&forged).unwrap()).unwrap();
    assert_eq!(found(&app, &wanted(Some("k"), &["k"])), None);
}

#[test]
fn an_entry_that_is_not_ours_is_a_miss_with_a_reason() {
    let (_directory, app) = store();
    let Published::New(entry) = keep(&app, Some("k"), b"x") else {
        panic!("there already");
    };
    let path = app_directory(&app).join(&entry.archive);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let (found, problems) = find(&app, &wanted(Some("k"), &[]));
    assert_eq!(found, None);
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn a_lock_is_had_by_one() {
    let (_directory, app) = store();
    let first = app.try_lock("layers").unwrap();
    assert!(first.is_some());
    assert!(app.try_lock("layers").unwrap().is_none());
    drop(first);
    let again = std::iter::repeat_with(|| app.try_lock("layers").unwrap())
        .take(100)
        .find(Option::is_some);
    assert!(again.is_some());
}

#[test]
fn names_of_namespaces_come_back_as_they_were() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path().join("caches"));
    assert!(store.namespaces().unwrap().is_empty());
    for name in ["app", "../up", "a/b", ".", "é %", "..", "100%41"] {
        keep(&store.namespace(name), Some("k"), b"x");
    }
    let namespaces = store.namespaces().unwrap();
    let names: Vec<&str> = namespaces.iter().map(Namespace::name).collect();
    assert_eq!(names, [".", "..", "../up", "100%41", "a/b", "app", "é %"]);
    assert_eq!(file_names(directory.path()), ["caches"]);
}
