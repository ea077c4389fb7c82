//! What happens to the store when builds are killed, meet, or find it out of order.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use super::{archives, stored, summary, write};
use crate::engine;
use crate::env::{Running, TestEnv};

const MAKE: &str = "mkdir -p kept && echo done > kept/file";
const BIG: &str = "mkdir -p kept && head -c 400000000 /dev/urandom > kept/big";

fn archive(env: &TestEnv) -> PathBuf {
    let is_archive = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "zst");
    let mut archives = stored(env, "source").into_iter().filter(is_archive);
    let first = archives.next().unwrap();
    assert_eq!(archives.next(), None);
    first
}

#[test]
fn a_build_that_is_killed_while_it_saves_leaves_no_half_entry() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    write(&env, "{paths: [kept], key: k}", &[BIG]);
    let running = env.start();
    let begun = engine::eventually(Duration::from_mins(1), || {
        stored(&env, "source")
            .iter()
            .any(|path| fs::metadata(path).is_ok_and(|it| it.len() > 1_000_000))
    });
    assert!(begun, "{:?}", stored(&env, "source"));
    running.signal(Signal::KILL);
    drop(running);
    assert_eq!(
        stored(&env, "source").len(),
        1,
        "an archive that is no entry"
    );
    write(&env, "{paths: [kept], key: k}", &["test ! -e kept", MAKE]);
    let next = env.run();
    next.assert_succeeded();
    assert!(summary(&next).starts_with("miss for k; saved"), "{next}");
    assert_eq!(archives(&env, "source"), 1, "what was left is swept");
    write(&env, "{paths: [kept], key: k}", &["cat kept/file; ls kept"]);
    assert_eq!(
        env.run().output_of("cat kept/file; ls kept"),
        "done\nfile\n"
    );
}

#[test]
fn a_build_that_is_stopped_while_it_saves_leaves_nothing() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    write(&env, "{paths: [kept], key: k}", &[BIG]);
    let running = env.start();
    let begun = engine::eventually(Duration::from_mins(1), || {
        !stored(&env, "source").is_empty()
    });
    assert!(begun);
    running.signal(Signal::INT);
    assert_eq!(running.finish().code, Some(130));
    assert_eq!(stored(&env, "source"), Vec::<PathBuf>::new());
}

#[test]
fn builds_at_the_same_time_do_not_harm_each_other() {
    for (cache, entries) in [("{paths: [kept], key: k}", 1), ("{paths: [kept]}", 1)] {
        let env = TestEnv::new().args(&["--cache", "s3"]);
        let make = "mkdir -p kept && head -c 5000000 /dev/urandom > kept/big && sha256sum kept/big > kept/sum";
        write(&env, cache, &[make]);
        let running: Vec<Running> = (0..3).map(|_| env.start()).collect();
        for running in running {
            running.finish().assert_succeeded();
        }
        write(&env, cache, &["sha256sum -c kept/sum"]);
        let next = env.run();
        next.assert_succeeded();
        assert!(summary(&next).starts_with("hit"), "{next}");
        assert_eq!(archives(&env, "source"), entries, "{cache}");
    }
}

#[test]
fn a_damaged_archive_is_a_miss_and_leaves_no_file() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    write(&env, "{paths: [kept], key: k}", &[MAKE]);
    for damage in [0, 1] {
        env.run().assert_succeeded();
        let path = archive(&env);
        let mut bytes = fs::read(&path).unwrap();
        if damage == 0 {
            bytes.truncate(bytes.len() - 20);
        } else {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 4;
        }
        fs::write(&path, bytes).unwrap();
        write(
            &env,
            "{paths: [kept], key: k, action: restore}",
            &["test ! -e kept"],
        );
        let run = env.run();
        run.assert_succeeded();
        assert!(
            run.stderr.contains(
                "warning: cache: the entry `k` cannot be used and is removed: its archive is damaged"
            ),
            "{run}"
        );
        assert!(!path.exists());
        write(&env, "{paths: [kept], key: k}", &[MAKE]);
    }
}

#[test]
fn a_store_that_cannot_be_used_is_a_warning() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    write(&env, "{paths: [kept], key: k}", &[MAKE]);
    fs::create_dir_all(env.path("home/.cache/cobuild")).unwrap();
    fs::write(env.path("home/.cache/cobuild/caches"), "a file").unwrap();
    let run = env.run();
    run.assert_succeeded();
    assert!(run.stderr.contains("warning: "), "{run}");
    assert!(summary(&run).ends_with("; not saved"), "{run}");
}

#[test]
fn an_entry_that_cannot_be_read_is_a_miss_with_a_reason() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    write(&env, "{paths: [kept], key: k}", &[MAKE]);
    env.run().assert_succeeded();
    let path = archive(&env);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        // Root reads everything: a directory is what it cannot read as a file.
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
    }
    let run = env.run();
    run.assert_succeeded();
    assert!(
        run.stderr
            .contains("warning: cache: the entry `k` cannot be used: "),
        "{run}"
    );
}
