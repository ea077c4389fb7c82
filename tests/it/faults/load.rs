//! Many builds at once, of one user.

use std::collections::BTreeSet;
use std::fs;

use super::{assert_whole, leftovers};
use crate::engine;
use crate::env::{PATIENCE, Running, TestEnv};

const BUILDS: usize = 20;

#[test]
fn twenty_builds_at_once_have_each_its_own_results() {
    let command = "echo I am $NUMBER; seq 2000 | tail -n 1; echo $NUMBER > out.txt";
    let spec = serde_json::json!({
        "version": 0.2,
        "phases": { "build": { "commands": [command] } },
        "artifacts": { "files": ["out.txt"] }
    });
    let env = TestEnv::new().buildspec(&spec.to_string());
    let builds: Vec<_> = (0..BUILDS)
        .map(|number| {
            let env = env.again(&[
                "--env",
                &format!("NUMBER={number}"),
                "-a",
                &format!("out-{number}"),
                "--build-json",
                &format!("{number}.json"),
            ]);
            Running::start(env.command())
        })
        .collect();
    let labels: Vec<_> = builds.iter().map(Running::label).collect();
    let mut numbers = BTreeSet::new();
    for (number, running) in builds.into_iter().enumerate() {
        let run = running.finish();
        run.assert_succeeded();
        assert_whole(&run);
        assert_eq!(run.output_of(command), format!("I am {number}\n2000\n"));
        assert!(
            run.log()
                .contains("> Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED"),
            "{run}"
        );
        let out = fs::read_to_string(env.path(&format!("out-{number}/out.txt")));
        assert_eq!(out.unwrap(), format!("{number}\n"));
        let build = env.json(&format!("{number}.json"));
        numbers.insert(build["buildNumber"].as_u64().unwrap());
    }
    assert_eq!(numbers, (1..=BUILDS as u64).collect());
    assert_eq!(leftovers(&env), 0);
    for label in labels {
        let gone = engine::eventually(PATIENCE, || engine::containers(&label).is_empty());
        assert!(gone, "{label} is left");
    }
}
