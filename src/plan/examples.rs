//! Facts and inputs for the tests.

use jiff::Timestamp;

use super::{BuildspecFile, Facts, GitFacts, Inputs, Settings, Source};

/// A world that never changes.
pub(crate) fn facts() -> Facts {
    Facts {
        start: Timestamp::UNIX_EPOCH,
        uuid: "0000".into(),
        auth_token: "1111".into(),
        project_uuid: "2222".into(),
        directory_numbers: vec![7, 8],
        build_number: 3,
        has_told_of_cache: false,
        user: "me".into(),
        region: "eu-west-1".into(),
        account: "000000000000".into(),
    }
}

/// A directory as the source, and this buildspec.
pub(crate) fn inputs(buildspec: &str) -> Inputs {
    Inputs {
        settings: Settings::new("debian:12"),
        source: Source::directory("/home/me/app".into(), GitFacts::default()),
        git_directories: Vec::new(),
        secondary: Vec::new(),
        buildspec: Ok(BuildspecFile::Inline {
            text: buildspec.into(),
        }),
        warnings: Vec::new(),
    }
}
