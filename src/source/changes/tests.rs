use super::*;

use std::os::unix::ffi::OsStrExt;

/// A tree of lines: `NAME=CONTENT` is a file, `NAME/` a directory, `NAME>TARGET` a symlink. After
/// `@` comes when a file was written, after `%` the permissions.
fn walk(lines: &[&str], mut each: impl FnMut(&Path, FileFacts<'_>, &str)) {
    let directory = FileFacts {
        mode: DIRECTORY | 0o755,
        size: 0,
        content: b"",
        stamp: b"",
    };
    each(Path::new(""), directory, "");
    for line in lines {
        let (line, permissions) = line.split_once('%').unwrap_or((line, "644"));
        let (line, stamp) = line.split_once('@').unwrap_or((line, "1"));
        let permissions = u32::from_str_radix(permissions, 8).unwrap();
        let (name, text) = line.split_once(['=', '>']).unwrap_or((line, ""));
        let mut facts = FileFacts {
            mode: REGULAR | permissions,
            size: text.len() as u64,
            content: b"",
            stamp: stamp.as_bytes(),
        };
        if name.ends_with('/') {
            facts.mode = DIRECTORY | permissions;
        } else if line.contains('>') {
            facts.mode = LINK | 0o777;
            facts.content = text.as_bytes();
        }
        each(Path::new(name.trim_end_matches('/')), facts, text);
    }
}

fn snapshot(lines: &[&str]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    walk(lines, |path, facts, _| snapshot.add(path, facts));
    snapshot.complete();
    walk(lines, |path, facts, text| {
        if facts.is_regular() {
            snapshot.add_checksum(path, text.as_bytes());
        }
    });
    snapshot
}

fn compare(before: &[&str], after: &[&str], stopped: Option<Incomplete>) -> Vec<String> {
    let before = snapshot(before);
    let mut comparison = Comparison::new(&before);
    walk(after, |path, facts, _| {
        comparison.see(path, facts);
    });
    let Touched::These(touched) = comparison.touched() else {
        panic!("too many");
    };
    walk(after, |path, _, text| {
        if touched.iter().any(|touched| touched == path) {
            comparison.see_checksum(path, text.as_bytes());
        }
    });
    let changes = comparison.finish(stopped);
    assert_eq!(changes.incomplete, stopped);
    let letter = |kind| match kind {
        ChangeKind::Added => 'A',
        ChangeKind::Modified => 'M',
        ChangeKind::Deleted => 'D',
    };
    let line = |change: &Change| format!("{} {}", letter(change.kind), change.path);
    changes.list.iter().map(line).collect()
}

#[track_caller]
fn check(before: &[&str], after: &[&str], expected: &[&str]) {
    assert_eq!(compare(before, after, None), expected);
}

#[test]
fn files_are_added_changed_and_deleted() {
    check(
        &[
            "same=1",
            "touched=1",
            "other=1",
            "longer=1",
            "gone=1",
            "dir/",
            "dir/gone=1",
            "old/",
            "old/x=1",
            "old/deep/",
            "old/deep/x=1",
            "mode=1",
            "link>a",
            "own/%700",
        ],
        &[
            "same=1",
            "touched=1@2",
            "other=2@2",
            "longer=12@2",
            "dir/",
            "dir/new=1",
            "made/",
            "made/x=1",
            "made/y/",
            "made/y/z=1",
            "mode=1@2%755",
            "link>b",
            "own/%755",
        ],
        &[
            "D dir/gone",
            "A dir/new",
            "D gone",
            "M link",
            "M longer",
            "A made/",
            "M mode",
            "D old/",
            "M other",
            "M own/",
        ],
    );
}

#[test]
fn what_becomes_another_kind_of_thing_goes_and_comes() {
    check(
        &["a=1", "b/", "b/x=1", "c=1"],
        &["a/", "a/x=1", "b=1", "c>x"],
        &["D a", "A a/", "A b", "D b/", "M c"],
    );
}

#[test]
fn what_is_in_git_changes_git_as_a_whole() {
    let before = [
        ".git/",
        ".git/HEAD=1",
        ".git/index=1",
        ".git/refs/",
        "a/",
        "a/.git=1",
    ];
    check(
        &before,
        &[
            ".git/%700",
            ".git/HEAD=1@2",
            ".git/index=22",
            ".git/refs/",
            "a/",
            "a/.git=1",
        ],
        &[],
    );
    check(
        &before,
        &[
            ".git/",
            ".git/HEAD=2@2",
            ".git/new/",
            ".git/new/x=1",
            "a/",
            "a/.git=1",
        ],
        &["M .git/"],
    );
    check(&before, &["a/", "a/.git=1"], &["D .git/"]);
    check(&["a=1"], &["a=1", ".git/", ".git/HEAD=1"], &["A .git/"]);
}

#[test]
fn what_a_search_did_not_reach_is_not_gone() {
    let changes = compare(&["a=1", "b=1"], &["a=2@2"], Some(Incomplete::Stopped));
    assert_eq!(changes, ["M a"]);
}

#[test]
fn without_a_checksum_a_touched_file_has_changed() {
    let mut before = Snapshot::default();
    walk(&["a=1"], |path, facts, _| before.add(path, facts));
    before.complete();
    let mut comparison = Comparison::new(&before);
    walk(&["a=1@2"], |path, facts, _| {
        comparison.see(path, facts);
    });
    comparison.see_checksum(Path::new("a"), b"1");
    assert_eq!(comparison.finish(None).list.len(), 1);
}

#[test]
fn changes_without_number_are_listed_to_a_bound() {
    let before = snapshot(&[]);
    let mut comparison = Comparison::new(&before);
    let names: Vec<String> = (0..MOST_CHANGES + 10).map(|n| format!("{n}=")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut is_refused = false;
    walk(&names, |path, facts, _| {
        is_refused |= !comparison.see(path, facts);
    });
    assert!(is_refused);
    let changes = comparison.finish(None);
    assert_eq!(changes.list.len(), MOST_CHANGES);
    assert_eq!(changes.incomplete, Some(Incomplete::Many));
}

#[test]
fn touched_files_without_number_are_not_named() {
    let lines: Vec<String> = (0..30_000).map(|n| format!("{n:040}=1")).collect();
    let touched: Vec<String> = lines.iter().map(|line| format!("{line}@2")).collect();
    let before = snapshot(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let mut comparison = Comparison::new(&before);
    let touched: Vec<&str> = touched.iter().map(String::as_str).collect();
    walk(&touched, |path, facts, _| {
        comparison.see(path, facts);
    });
    assert_eq!(comparison.touched(), Touched::Many);
    walk(&touched, |path, _, text| {
        comparison.see_checksum(path, text.as_bytes());
    });
    assert_eq!(comparison.finish(None), Changes::default());
}

#[test]
fn paths_come_back_as_they_were() {
    let mut snapshot = Snapshot::default();
    let names = [&b""[..], b"a", b"a/b\n", b"a/b\xff/c", b"b"];
    walk(&[], |_, facts, _| {
        for name in names {
            snapshot.add(Path::new(OsStr::from_bytes(name)), facts);
        }
    });
    let mut found = Vec::new();
    snapshot.paths(|path| {
        found.push(path.as_os_str().as_bytes().to_vec());
        true
    });
    assert_eq!(found, names);
}

#[test]
fn names_are_shown_on_one_line() {
    let name = OsStr::from_bytes(b"a\nb\x1b\\\xff\xc3\xa9");
    assert_eq!(shown(Path::new(name)), "a\\nb\\u{1b}\\\\\\xff\u{e9}");
}

#[test]
fn an_index_of_git_is_known_by_its_place() {
    for (path, expected) in [
        (".git/index", true),
        (".git/modules/libs/sub/index", true),
        (".git/worktrees/other/index", true),
        (".git/refs/heads/index", false),
        (".git/modules/sub/refs/heads/index", false),
        (".git/HEAD", false),
    ] {
        let is_one = is_index(".git".as_ref(), path.as_ref());
        assert_eq!(is_one, expected, "{path}");
    }
}
