//! Any bytes may come as a buildspec: they are read or refused, checked and shown, and all of that
//! agrees.

#![no_main]

use cobuild::buildspec::{Diagnostic, Project, Severity, diagnose, parse, readable};
use cobuild::cli::{Format, show_problems};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let parsed = parse(bytes);
    assert_eq!(parsed, parse(bytes), "reading is deterministic");

    let diagnosis = diagnose(bytes, Project::default());
    assert_eq!(diagnosis, diagnose(bytes, Project::default()), "checking is deterministic");
    let errors: Vec<&Diagnostic> = diagnosis
        .told
        .iter()
        .filter(|one| one.severity() == Severity::Error)
        .collect();
    match &parsed {
        Ok(_) => assert!(errors.is_empty(), "it is read, but: {errors:#?}"),
        Err(refusal) => {
            let log = format!("{} Message: {}", refusal.status_code, refusal.message);
            let is_told = |one: &&Diagnostic| one.note.as_ref() == Some(&log);
            let told = errors.iter().any(is_told);
            // One of very many errors need not be told.
            assert!(
                told || !errors.is_empty() && diagnosis.more > 0,
                "{refusal}\n{errors:#?}"
            );
        }
    }
    for one in &errors {
        assert!(
            !one.message.starts_with("CodeBuild refuses"),
            "no rule knows of it: {one:#?}"
        );
    }

    let text = readable(bytes);
    let lines: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    for one in &diagnosis.told {
        let (start, end) = (one.span.start, one.span.end);
        assert_eq!(start.line, end.line, "{one:#?}");
        assert!((1..=lines.len()).contains(&start.line), "{one:#?}");
        let most = lines[start.line - 1] + 1;
        assert!(start.column >= 1 && start.column <= end.column, "{one:#?}");
        assert!(end.column <= most, "{one:#?}");
    }

    // One form for each input: all of them are as slow as everything above.
    let formats = [Format::Text, Format::Json, Format::Sarif, Format::Github];
    show_problems("buildspec.yml", bytes, formats[bytes.len() % formats.len()]);
});
