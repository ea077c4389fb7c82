//! Whatever a tree holds, each hit gives the same tree again.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::write;
use crate::engine;
use crate::env::TestEnv;

/// How many trees are kept at once.
const TREES: usize = 12;

/// Names that shells, archives and patterns take for something else.
const NAMES: &[&str] = &[
    "a",
    "b c",
    ".hidden",
    "-dash",
    "*",
    "[x]",
    "é",
    "new\nline",
    "quote'\"$\\",
    "tail ",
];

/// What is in a tree.
#[derive(Debug, Clone)]
enum Content {
    Directory,
    File(u8),
    /// A further name of a file of the tree, if there is one.
    HardLink,
    Symlink(&'static str),
    /// A repository without `refs/` is none.
    Repository,
}

#[derive(Debug, Clone)]
struct Piece {
    /// The directory that it is in: one of those before it.
    parent: prop::sample::Index,
    name: &'static str,
    content: Content,
    mode: u32,
    owner: u32,
}

fn piece() -> impl Strategy<Value = Piece> {
    let content = prop_oneof![
        4 => Just(Content::Directory),
        4 => any::<u8>().prop_map(Content::File),
        1 => Just(Content::HardLink),
        2 => prop::sample::select(vec!["a", "../a", ".", "/etc/passwd", "/nowhere", "b c/d"])
            .prop_map(Content::Symlink),
        1 => Just(Content::Repository),
    ];
    let modes = vec![0o755, 0o700, 0o644, 0o1777, 0o2750, 0o4711, 0o500, 0];
    let owners = vec![0, 0, 1, 1000, 54321];
    (
        any::<prop::sample::Index>(),
        prop::sample::select(NAMES),
        content,
        prop::sample::select(modes),
        prop::sample::select(owners),
    )
        .prop_map(|(parent, name, content, mode, owner)| Piece {
            parent,
            name,
            content,
            mode,
            owner,
        })
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Returns the command that makes a piece; none for a further name where there is no file.
fn made(piece: &Piece, word: &str, files: &[String]) -> Option<String> {
    Some(match &piece.content {
        Content::Directory => format!("mkdir {word}"),
        Content::File(byte) => format!("printf '%{byte}s' {byte} > {word}"),
        Content::HardLink => format!("ln {} {word}", quoted(files.first()?)),
        Content::Symlink(target) => format!("ln -s {} {word}", quoted(target)),
        Content::Repository => format!(
            "mkdir -p {word}/objects/info {word}/objects/pack {word}/refs/heads && echo ref: refs/heads/main > {word}/HEAD"
        ),
    })
}

/// Who unpacks an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tar {
    Gnu,
    /// It leaves symlinks to whoever a new file belongs to: root, in the group of the directory if that says so.
    Busybox,
}

/// Writes the commands that make a tree in a directory.
fn make(script: &mut String, root: &str, pieces: &[Piece], tar: Tar) {
    let mut directories = vec![root.to_owned()];
    let mut files: Vec<String> = Vec::new();
    let mut taken: Vec<String> = Vec::new();
    let mut modes = String::new();
    let _ = writeln!(script, "mkdir -p {root}");
    for piece in pieces {
        let path = format!("{}/{}", piece.parent.get(&directories), piece.name);
        let word = quoted(&path);
        let Some(command) = made(piece, &word, &files).filter(|_| !taken.contains(&path)) else {
            continue;
        };
        let is_link = matches!(piece.content, Content::Symlink(_));
        let owner = if is_link && tar == Tar::Busybox {
            0
        } else {
            piece.owner
        };
        let _ = writeln!(script, "{command}; chown -h {owner}:{owner} {word}");
        taken.push(path.clone());
        match piece.content {
            Content::Symlink(_) | Content::HardLink => continue,
            Content::Directory => directories.push(path),
            Content::File(_) => files.push(path),
            Content::Repository => {}
        }
        let mode = match tar {
            Tar::Gnu => piece.mode,
            Tar::Busybox => piece.mode & !0o2000,
        };
        let _ = writeln!(modes, "chmod {mode:o} {word}");
    }
    // A change of the owner takes bits of the mode away.
    script.push_str(&modes);
}

/// Lists types, modes, owners, links and contents.
const LIST: &str = "cd kept && find . ! -type d -exec stat -c '%N %F %a %u:%g %s %h' {} + | sort; find . -type d -exec stat -c '%N %F %a %u:%g' {} + | sort; find . -type f -exec sha256sum {} + | sort";

fn trees(tar: Tar) -> String {
    let mut runner = TestRunner::deterministic();
    let mut script = String::new();
    for number in 0..TREES {
        let pieces = vec(piece(), 1..30).new_tree(&mut runner).unwrap();
        make(
            &mut script,
            &format!("kept/{number}"),
            &pieces.current(),
            tar,
        );
    }
    script
}

#[test]
fn hit_after_hit_gives_the_same_tree() {
    for (image, tar, paths) in [
        (engine::bash_image(), Tar::Gnu, "['kept/**/*']"),
        (engine::bash_image(), Tar::Gnu, "[kept]"),
        (engine::busybox_image(), Tar::Busybox, "['kept/**/*']"),
    ] {
        let script = trees(tar);
        let env = TestEnv::new().image(image).args(&["--cache", "s3"]);
        let cache = format!("{{paths: {paths}}}");
        write(&env, &cache, &[&script, LIST]);
        let first = env.run();
        first.assert_succeeded();
        let made = first.output_of(LIST);
        assert!(made.lines().count() > 10 * TREES, "{first}");
        write(&env, &cache, &[LIST]);
        for hit in 1..=3 {
            let run = env.run();
            run.assert_succeeded();
            assert_eq!(run.output_of(LIST), made, "hit {hit} of {paths}");
        }
    }
}
