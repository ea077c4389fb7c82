//! What a file of settings says, and what is wrong with it.

use std::path::Path;

use super::*;

fn flags() -> Flags {
    let flag = |name: &str, form, excludes: &[&str]| Flag {
        name: name.to_owned(),
        form,
        words: Vec::new(),
        help: String::new(),
        default: None,
        excludes: excludes.iter().map(|it| (*it).to_owned()).collect(),
    };
    Flags::new(vec![
        flag("image", Form::Text, &[]),
        flag("timeout", Form::Text, &[]),
        flag("cpus", Form::Number, &[]),
        flag("privileged", Form::Switch, &[]),
        flag("mount", Form::Switch, &["exclude"]),
        flag("exclude", Form::List, &["mount"]),
        flag("env", Form::Pairs, &[]),
        flag("artifacts", Form::Text, &[]),
    ])
}

fn read(content: impl AsRef<[u8]>) -> Result<FileLayers, LayerError> {
    let file = FileText {
        content: content.as_ref(),
        shown: "cobuild.toml",
        directory: Path::new("/a b"),
        source: None,
    };
    let check = |_: &Flag, value: &str| match value {
        "bad" => Err("it is bad".to_owned()),
        _ => Ok(()),
    };
    read_file(file, &flags(), &check)
}

fn told(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| format!("{}={} {}", entry.name, entry.text(), entry.origin))
        .collect()
}

#[test]
fn each_value_is_an_entry_with_its_line() {
    let layers = read(
        "\u{feff}cpus = 2
image = 'a' # why
exclude = [
  'x y',
  \"z\",
]
privileged = false
artifacts = 'out'
env = { B = '2', A = '1=1' }

[profile.ci]
cpus = 0.5
env.C = ''
[profile.'b c']
cpus = '3'
",
    )
    .unwrap();
    assert_eq!(
        told(&layers.top),
        [
            "cpus=2 cobuild.toml:1",
            "image=a cobuild.toml:2",
            "exclude=x y cobuild.toml:4",
            "exclude=z cobuild.toml:5",
            "privileged=false cobuild.toml:7",
            "artifacts=/a b/out cobuild.toml:8",
            "env=B=2 cobuild.toml:9",
            "env=A=1=1 cobuild.toml:9",
        ]
    );
    let [(ci, of_ci), (other, of_other)] = &layers.profiles[..] else {
        panic!("{layers:?}");
    };
    assert_eq!((&**ci, &**other), ("ci", "b c"));
    assert_eq!(
        told(of_ci),
        [
            "cpus=0.5 profile ci in cobuild.toml:12",
            "env=C= profile ci in cobuild.toml:13"
        ]
    );
    assert_eq!(told(of_other), ["cpus=3 profile b c in cobuild.toml:15"]);
    let as_list = read("env = ['A=1', 'B']").unwrap();
    assert_eq!(
        told(&as_list.top),
        ["env=A=1 cobuild.toml:1", "env=B cobuild.toml:1"]
    );
    assert!(read("").unwrap().top.is_empty());
}

#[track_caller]
fn assert_refused(content: &str, expected: &str) {
    match read(content) {
        Err(error) => assert_eq!(error.to_string(), expected, "{content}"),
        Ok(layers) => panic!("{content}: {layers:?}"),
    }
}

#[test]
fn keys_that_nobody_knows_are_told_with_their_line() {
    for (content, expected) in [
        (
            "\nimgae = 'a'",
            "cobuild.toml:2: there is no setting `imgae`; did you mean `image`?",
        ),
        (
            "[profil.ci]",
            "cobuild.toml:1: there is no setting `profil`; did you mean `profile`?",
        ),
        ("qqq = 1", "cobuild.toml:1: there is no setting `qqq`"),
        (
            "[profile.ci]\nimgae = 'a'",
            "cobuild.toml:2: there is no setting `imgae`; did you mean `image`?",
        ),
        (
            "[profile.ci.profile.x]",
            "cobuild.toml:1: `profile`: a profile cannot stand in a profile",
        ),
        (
            "profile = 1",
            "cobuild.toml:1: `profile`: write profiles as tables, such as [profile.ci]",
        ),
        (
            "profile.ci = 1",
            "cobuild.toml:1: `profile`: write profiles as tables, such as [profile.ci]",
        ),
        (
            "verbose = true",
            "cobuild.toml:1: `verbose` is a flag of the command line alone",
        ),
        (
            "no-config = true",
            "cobuild.toml:1: `no-config` is a flag of the command line alone",
        ),
    ] {
        assert_refused(content, expected);
    }
}

#[test]
fn values_that_cannot_be_used_are_told_with_their_line() {
    for (content, expected) in [
        ("image = 'bad'", "cobuild.toml:1: `image`: it is bad"),
        (
            "exclude = [\n'a',\n'bad']",
            "cobuild.toml:3: `exclude`: it is bad",
        ),
        (
            "image = 1",
            "cobuild.toml:1: `image`: write a text in quotes",
        ),
        (
            "image = ['a']",
            "cobuild.toml:1: `image`: write a text in quotes",
        ),
        (
            "image = 2026-01-01",
            "cobuild.toml:1: `image`: write a text in quotes",
        ),
        (
            "cpus = true",
            "cobuild.toml:1: `cpus`: write a number, or a text in quotes",
        ),
        (
            "cpus = 0x10",
            "cobuild.toml:1: `cpus`: write a number, or a text in quotes",
        ),
        (
            "privileged = 'true'",
            "cobuild.toml:1: `privileged`: write true or false",
        ),
        (
            "privileged = 1",
            "cobuild.toml:1: `privileged`: write true or false",
        ),
        (
            "exclude = 'a'",
            "cobuild.toml:1: `exclude`: write a list of texts, such as [\"a\", \"b\"]",
        ),
        (
            "exclude = ['a', 1]",
            "cobuild.toml:1: `exclude`: write a list of texts, such as [\"a\", \"b\"]",
        ),
        (
            "[env]\nA = 1",
            "cobuild.toml:2: `env`: write the value of `A` as a text in quotes",
        ),
        (
            "[env]\n'A=B' = 'c'",
            "cobuild.toml:2: `env`: `A=B` is not a name",
        ),
        (
            "image = \"a\\u0000\"",
            "cobuild.toml:1: `image`: it holds a character NUL",
        ),
        (
            "image = 'a'\nimage = 'b'",
            "cobuild.toml:2:1: duplicate key",
        ),
        (
            "mount = true\nexclude = ['a']",
            "`mount` (cobuild.toml:1) and `exclude` (cobuild.toml:2) exclude each other",
        ),
    ] {
        assert_refused(content, expected);
    }
    assert!(read("mount = false\nexclude = ['a']").is_ok());
    assert!(read("exclude = ['a']\n[profile.x]\nmount = true").is_ok());
}

#[test]
fn the_first_error_is_told() {
    let error = read("cpus = 1\nimage = 1\n[profile.b]\nx = 1\n[profile.a]\ny = 1").unwrap_err();
    assert!(error.to_string().starts_with("cobuild.toml:2:"), "{error}");
}

#[test]
fn what_means_harm_is_refused() {
    let nested = format!("image = {}", "[".repeat(100_000));
    let dotted = format!("{}a = 1", "a.".repeat(100_000));
    let tables = format!("[{}a]", "a.".repeat(100_000));
    for content in [nested, dotted, tables] {
        let refused = matches!(read(&content), Err(LayerError::Syntax { .. }));
        assert!(refused, "{}", &content[..20]);
    }
    for (content, place) in [
        (&b"image = 'a'\n\xff"[..], "cobuild.toml:2: it is not UTF-8"),
        (b"\xff\xfei\0m\0", "cobuild.toml:1: it is not UTF-8"),
    ] {
        assert_eq!(read(content).unwrap_err().to_string(), place);
    }
    for content in [&b"image = 'a\0b'"[..], b"image = 'a\x1b[31mb'", b"\0"] {
        let refused = matches!(read(content), Err(LayerError::Syntax { .. }));
        assert!(refused, "{content:?}");
    }
    for (content, told) in [
        (format!("{} = 1", "é".repeat(500)), "cobuild.toml:1:1: "),
        (
            format!("{} = 1", "e".repeat(900_000)),
            "cobuild.toml:1: there is no setting `eee",
        ),
        (
            format!("image = '{}'", "e".repeat(130 * 1024)),
            "cobuild.toml:1: `image`: it is longer than 128 KiB",
        ),
        (
            format!("[env]\n'{}=' = 'x'", "e".repeat(130 * 1024)),
            "cobuild.toml:2: `env`: `eee",
        ),
    ] {
        let error = read(content).unwrap_err().to_string();
        assert!(
            error.starts_with(told) && error.len() < 500,
            "{told}: {error}"
        );
    }
    let many = |count: usize| format!("exclude = [{}]", "'a',".repeat(count));
    assert!(read(many(MOST_VALUES)).is_ok());
    let error = read(many(MOST_VALUES + 1)).unwrap_err();
    assert!(matches!(error, LayerError::TooMany { .. }), "{error}");
    let halves = format!("{}\n[profile.x]\n{}", many(600), many(600));
    assert!(matches!(read(halves), Err(LayerError::TooMany { .. })));
}
