use super::*;
use crate::plan::GitFacts;
use crate::plan::examples;

fn facts() -> Facts {
    Facts {
        uuid: "0123456789".into(),
        ..examples::facts()
    }
}

fn inputs(source: Source, kind: Option<KindName>) -> Inputs {
    let mut inputs = Inputs {
        source,
        ..examples::inputs("")
    };
    inputs.settings.kind = kind;
    inputs
}

fn source(content: Content, remote: Option<&str>) -> Source {
    Source {
        named: "/home/me/app".into(),
        content,
        git: GitFacts {
            commit: remote.map(|_| "abc".into()),
            remote: remote.map(str::to_owned),
        },
    }
}

fn revision() -> Content {
    Content::Revision {
        version: "pr/5".into(),
        tree: "/cache/tree".into(),
    }
}

fn zip() -> Content {
    Content::Zip {
        tree: "/cache/tree".into(),
    }
}

const GITHUB: Option<&str> = Some("git@github.com:o/r.git");

/// A row of the contract's table: directory, URL, version, commit, and whether `.git` is there.
#[test]
fn each_kind_has_its_values() {
    let rows = [
        (
            source(Content::Directory, None),
            None,
            "src7/src",
            "file:///home/me/app",
            None,
            None,
            Some(GitMetadata::Kept),
        ),
        (
            source(Content::Directory, GITHUB),
            None,
            "src7/src/github.com/o/r",
            "https://github.com/o/r.git",
            None,
            Some("abc"),
            Some(GitMetadata::Kept),
        ),
        (
            source(revision(), GITHUB),
            None,
            "src7/src/github.com/o/r",
            "https://github.com/o/r.git",
            Some("pr/5"),
            Some("abc"),
            Some(GitMetadata::Kept),
        ),
        (
            source(zip(), None),
            None,
            "src7/src",
            "s3://codebuild-eu-west-1-000000000000-input-bucket/app.zip",
            None,
            None,
            Some(GitMetadata::Kept),
        ),
        (
            source(Content::Directory, GITHUB),
            Some(KindName::S3),
            "src7/src",
            "s3://codebuild-eu-west-1-000000000000-input-bucket/app.zip",
            None,
            None,
            Some(GitMetadata::LeftOut),
        ),
        (
            source(revision(), GITHUB),
            Some(KindName::CodePipeline),
            "src7/src",
            "",
            Some("arn:aws:s3:::codepipeline-eu-west-1-000000000000/app/SourceArti/0123456"),
            Some("abc"),
            Some(GitMetadata::LeftOut),
        ),
        (
            source(Content::Nothing, None),
            None,
            "src7/src",
            "",
            None,
            None,
            None,
        ),
    ];
    for (source, kind, directory, url, version, resolved, git) in rows {
        let row = format!("{source:?} {kind:?}");
        let decided = decide(&inputs(source, kind), &facts());
        assert_eq!(
            decided.layout.source,
            format!("/codebuild/output/{directory}"),
            "{row}"
        );
        let values = SourceVariables {
            url: url.to_owned(),
            version: version.map(str::to_owned),
            resolved: resolved.map(str::to_owned),
        };
        assert_eq!(decided.primary, values, "{row}");
        assert_eq!(decided.plans.first().map(|plan| plan.git), git, "{row}");
    }
}

#[test]
fn a_pipeline_hands_over_all_sources_and_other_kinds_are_the_primary_s() {
    let second = ("Lib".to_owned(), source(Content::Directory, GITHUB));
    let of = |kind| {
        let mut inputs = inputs(source(Content::Directory, None), Some(kind));
        inputs.secondary.push(second.clone());
        decide(&inputs, &facts())
    };
    let decided = of(KindName::CodePipeline);
    let directories: Vec<&str> = decided
        .plans
        .iter()
        .map(|it| it.directory.as_str())
        .collect();
    assert_eq!(
        directories,
        [
            "/codebuild/output/src7/src/s3/00",
            "/codebuild/output/src7/src/s3/01"
        ]
    );
    assert!(
        decided
            .plans
            .iter()
            .all(|it| it.git == GitMetadata::LeftOut)
    );
    assert!(
        decided.secondary[0]
            .1
            .version
            .as_ref()
            .unwrap()
            .starts_with("arn:")
    );

    let decided = of(KindName::S3);
    assert_eq!(
        decided.plans[1].directory,
        "/codebuild/output/src8/src/github.com/o/r"
    );
    assert_eq!(decided.plans[1].git, GitMetadata::Kept);
}

#[test]
fn a_source_goes_by_its_name_without_its_ending() {
    for (named, content, name) in [
        ("/a/app.zip", zip(), "app"),
        ("/a/app.git", revision(), "app"),
        ("/a/app.git", Content::Directory, "app.git"),
        ("/a/.git", revision(), ".git"),
    ] {
        let source = Source {
            named: named.into(),
            content,
            git: GitFacts::default(),
        };
        assert_eq!(source.name(), name);
    }
}
