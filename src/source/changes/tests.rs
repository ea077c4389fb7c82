use super::*;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

struct View {
    root: tempfile::TempDir,
    layers: Layers,
}

/// Two layers of files; a line `NAME=TEXT` is a file, `NAME/` a directory, `NAME>TARGET` a symlink.
fn view(lower: &[&str], upper: &[&str]) -> View {
    let root = tempfile::tempdir().unwrap();
    for (layer, lines) in [("lower", lower), ("upper", upper)] {
        let layer = root.path().join(layer);
        fs::create_dir(&layer).unwrap();
        for line in lines {
            let (name, text) = line.split_once(['=', '>']).unwrap_or((line, ""));
            let path = layer.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if line.ends_with('/') {
                fs::create_dir_all(path).unwrap();
            } else if line.contains('>') {
                symlink(text, path).unwrap();
            } else {
                fs::write(path, text).unwrap();
            }
        }
    }
    let layers = Layers {
        upper: root.path().join("upper"),
        lower: root.path().join("lower"),
        left_out: LeftOut::default(),
        commit: Some("abc".into()),
        written: BTreeSet::from([PathBuf::from("sub/.git")]),
    };
    View { root, layers }
}

impl View {
    fn whiteout(&self, path: &str) {
        let path = self.layers.upper.join(path);
        let kind = rustix::fs::FileType::CharacterDevice;
        let mode = rustix::fs::Mode::empty();
        rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).unwrap();
    }

    fn list(&self) -> Vec<String> {
        let changes = self.layers.changes(&AtomicBool::new(false)).unwrap();
        assert!(changes.unreadable.is_empty());
        assert_eq!(changes.incomplete, None);
        let letter = |kind| match kind {
            ChangeKind::Added => 'A',
            ChangeKind::Modified => 'M',
            ChangeKind::Deleted => 'D',
        };
        let line = |change: &Change| format!("{} {}", letter(change.kind), change.path);
        changes.list.iter().map(line).collect()
    }
}

#[test]
fn files_are_added_changed_and_deleted() {
    let view = view(
        &[
            "same=1",
            "other=1",
            "gone=1",
            "dir/gone=1",
            "old/x=1",
            "mode=1",
            "link>a",
        ],
        &[
            "same=1",
            "other=2",
            "new=1",
            "dir/new=1",
            "made/x=1",
            "made/y=1",
            "mode=1",
            "link>b",
        ],
    );
    view.whiteout("gone");
    view.whiteout("dir/gone");
    view.whiteout("old");
    view.whiteout("never there");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(view.layers.upper.join("mode"), mode).unwrap();
    assert_eq!(
        view.list(),
        [
            "D dir/gone",
            "A dir/new",
            "D gone",
            "M link",
            "A made/",
            "M mode",
            "A new",
            "D old/",
            "M other",
        ]
    );
}

#[test]
fn what_becomes_another_kind_of_thing_goes_and_comes() {
    let view = view(&["a=1", "b/x=1", "c=1"], &["a/x=1", "b=1", "c>x"]);
    assert_eq!(view.list(), ["D a", "A a/", "A b", "D b/", "M c"]);
}

#[test]
fn a_directory_that_was_made_anew_has_lost_what_it_does_not_have() {
    let view = view(
        &["d/a=1", "d/b=1", "d/c/x=1", "d/same=1"],
        &["d/b=2", "d/same=1"],
    );
    let upper = view.layers.upper.join("d");
    let flags = rustix::fs::XattrFlags::empty();
    assert_eq!(view.list(), ["M d/b"]);
    rustix::fs::setxattr(&upper, OPAQUE[1], b"y", flags).unwrap();
    assert_eq!(view.list(), ["D d/a", "M d/b", "D d/c/"]);
}

#[test]
fn what_cobuild_does_itself_is_not_told() {
    let lower = [
        ".git/HEAD=ref: x",
        ".git/index=1",
        "sub/.git=gitdir: ../x",
        ".git/config=1",
    ];
    let mut own = vec![".git/HEAD=abc\n", ".git/index=2", "sub/.git=gitdir: /y"];
    own.push("cache>/codebuild/local-cache/custom/1/cache");
    assert!(view(&lower, &own).list().is_empty());
    own.push(".git/refs/heads/new=1");
    assert_eq!(view(&lower, &own).list(), ["M .git/"]);
    assert_eq!(view(&lower, &[".git/HEAD=ref: y"]).list(), ["M .git/"]);
}

#[test]
fn what_was_left_out_and_is_there_again_is_new() {
    let mut view = view(&["node_modules/x=1"], &["node_modules/x=1"]);
    assert!(view.list().is_empty());
    fs::write(view.layers.lower.join(".cobuildignore"), "node_modules\n").unwrap();
    let source = crate::plan::SourcePlan {
        identifier: None,
        host: view.root.path().join("lower"),
        directory: String::new(),
        git: crate::plan::GitMetadata::Kept,
        git_elsewhere: crate::plan::GitElsewhere::Never,
    };
    view.layers.left_out = LeftOut::find(&source, &crate::plan::Excludes::default(), None).unwrap();
    assert_eq!(view.list(), ["A node_modules/"]);
}

#[test]
fn names_are_shown_on_one_line() {
    let name = OsStr::from_bytes(b"a\nb\x1b\\\xff\xc3\xa9");
    assert_eq!(shown(Path::new(name)), "a\\nb\\u{1b}\\\\\\xff\u{e9}");
}

fn pipe(path: &Path) {
    let kind = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).unwrap();
}

#[test]
fn nothing_is_waited_for_and_nothing_without_an_end_is_read() {
    let view = view(
        &[".git/HEAD=ref: x", "a=1", "b=1", "d=123"],
        &[".git/HEAD>/dev/zero", "a>/dev/zero"],
    );
    pipe(&view.layers.upper.join("b"));
    let holes = File::create(view.layers.upper.join("d")).unwrap();
    holes.set_len(1 << 40).unwrap();
    assert_eq!(view.list(), ["M .git/", "M a", "M b", "M d"]);
    fs::remove_file(view.layers.upper.join(".git/HEAD")).unwrap();
    pipe(&view.layers.upper.join(".git/HEAD"));
    assert!(view.list().contains(&"M .git/".to_owned()));
}

#[test]
fn files_that_are_long_and_alike_are_compared_until_it_is_stopped() {
    let view = view(&["a=1"], &["a=1"]);
    for layer in [&view.layers.upper, &view.layers.lower] {
        let file = File::create(layer.join("a")).unwrap();
        file.set_len(1 << 42).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let changes = scope.spawn(|| view.layers.changes(&stop).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(!changes.is_finished());
        stop.store(true, Ordering::Relaxed);
        let changes = changes.join().unwrap();
        assert_eq!(changes.incomplete, Some(Incomplete::Stopped));
    });
}

#[test]
fn changes_without_number_are_listed_to_a_bound() {
    let view = view(&["d/x=1"], &["d/x=1"]);
    let directory = view.layers.upper.join("d");
    for number in 0..MOST_CHANGES + 10 {
        File::create(directory.join(number.to_string())).unwrap();
    }
    let changes = view.layers.changes(&AtomicBool::new(false)).unwrap();
    assert_eq!(changes.list.len(), MOST_CHANGES);
    assert_eq!(changes.incomplete, Some(Incomplete::Many));
}

#[test]
fn a_link_in_the_place_of_a_directory_leads_nowhere() {
    let view = view(&["d/a=1"], &["elsewhere/secret=1"]);
    symlink("elsewhere", view.layers.upper.join("d")).unwrap();
    assert_eq!(view.list(), ["A d", "D d/", "A elsewhere/"]);
}

#[test]
fn a_tree_that_is_deeper_than_any_path_is_walked_as_far_as_paths_go() {
    let view = view(&[], &[]);
    for layer in [&view.layers.upper, &view.layers.lower] {
        let mut here = rustix::fs::open(
            layer,
            rustix::fs::OFlags::DIRECTORY,
            rustix::fs::Mode::empty(),
        )
        .unwrap();
        let name = "d".repeat(200);
        for _ in 0..30 {
            rustix::fs::mkdirat(&here, &name, rustix::fs::Mode::RWXU).unwrap();
            here = rustix::fs::openat(
                &here,
                &name,
                rustix::fs::OFlags::DIRECTORY,
                rustix::fs::Mode::empty(),
            )
            .unwrap();
        }
    }
    let changes = view.layers.changes(&AtomicBool::new(false)).unwrap();
    assert_eq!(changes.incomplete, Some(Incomplete::Deep));
}
