use std::io::{self, Read, Write};

use tar::{Archive, Builder, EntryType, Header};

use super::filter::{Direction, FilterResult, Outlet, Parent, TRAILER, pass};
use crate::plan::cache::{CachePaths, CacheRoot};

/// Gathers a tar for each place that was entered.
#[derive(Default)]
struct Gathered(Vec<(CacheRoot, Vec<u8>)>);

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (_, tar) = self.0.last_mut().unwrap();
        tar.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Outlet for Gathered {
    fn enter(&mut self, place: CacheRoot) -> io::Result<()> {
        self.0.push((place, Vec::new()));
        Ok(())
    }

    fn need(&mut self, _place: CacheRoot, _directory: Parent) -> io::Result<()> {
        Ok(())
    }
}

/// An entry: kind, name, content or target.
type Item<'a> = (EntryType, &'a str, &'a str);

const FILE: EntryType = EntryType::Regular;
const DIR: EntryType = EntryType::Directory;
const LINK: EntryType = EntryType::Symlink;
const HARD: EntryType = EntryType::Link;

/// Writes names as they are, which the library would not.
fn tar(items: &[Item<'_>]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (kind, name, content) in items {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        let is_link = matches!(*kind, LINK | HARD);
        let data = if is_link { "" } else { content };
        if is_link {
            header.as_old_mut().linkname[..content.len()].copy_from_slice(content.as_bytes());
        }
        let name = name.as_bytes();
        if name.len() > 100 {
            let mut long = Header::new_gnu();
            long.as_old_mut().name[..13].copy_from_slice(b"././@LongLink");
            long.set_entry_type(EntryType::GNULongName);
            long.set_size(name.len() as u64 + 1);
            long.set_cksum();
            builder.append(&long, name.chain(&[0][..])).unwrap();
        }
        let short = &name[..name.len().min(100)];
        header.as_old_mut().name[..short.len()].copy_from_slice(short);
        header.set_size(data.len() as u64);
        header.set_cksum();
        builder.append(&header, data.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn paths(list: &[&str]) -> CachePaths {
    let list: Vec<String> = list.iter().map(|path| (*path).to_owned()).collect();
    CachePaths::new(&list, "/src", &mut Vec::new())
}

/// What is passed on, as place and name, and the rest of what is known.
fn passed(
    tar: &[u8],
    list: &[&str],
    direction: Direction,
) -> (Vec<(CacheRoot, String)>, FilterResult) {
    let mut out = Gathered::default();
    let passed = pass(tar, &paths(list), direction, &mut out).unwrap();
    let mut names = Vec::new();
    for (place, mut bytes) in out.0 {
        bytes.extend_from_slice(&TRAILER);
        for entry in Archive::new(bytes.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            names.push((place, format!("{name}={content}")));
        }
    }
    (names, passed)
}

fn restored(items: &[Item<'_>], list: &[&str]) -> (Vec<String>, Vec<String>) {
    let (names, passed) = passed(&tar(items), list, Direction::Restore);
    let skipped = passed.skipped.iter();
    (
        names.into_iter().map(|(_, name)| name).collect(),
        skipped
            .map(|(_, path)| path.to_string_lossy().into_owned())
            .collect(),
    )
}

#[test]
fn entries_go_to_their_places_as_they_are() {
    let long = format!("./kept/{}/{}", "d".repeat(90), "f".repeat(90));
    let mut both = tar(&[(FILE, "./kept/a", "one"), (FILE, &long, "two")]);
    // A second tar after the first, as several runs of `tar` write them.
    both.extend(tar(&[
        (FILE, "opt/x/b", "three"),
        (LINK, "opt/x/l", "/etc"),
    ]));
    let (names, passed) = passed(&both, &["kept", "/opt/x"], Direction::Restore);
    assert_eq!(
        names,
        [
            (CacheRoot::Source, "./kept/a=one".to_owned()),
            (CacheRoot::Source, format!("{long}=two")),
            (CacheRoot::System, "opt/x/b=three".to_owned()),
            (CacheRoot::System, "opt/x/l=".to_owned()),
        ]
    );
    assert_eq!((passed.files, passed.skipped), (4, Vec::new()));
}

#[test]
fn what_leads_elsewhere_is_not_restored() {
    let long = format!("./kept/../../{}", "x".repeat(120));
    for hostile in [
        (FILE, "./other/file", ""),
        (FILE, "./kept/../../etc/passwd", "x"),
        (FILE, "../kept/x", "x"),
        (FILE, "/etc/passwd", "x"),
        (FILE, "etc/passwd", "x"),
        (FILE, long.as_str(), "x"),
        (HARD, "./kept/hard", "/etc/shadow"),
        (HARD, "./kept/hard", "../etc/shadow"),
        (HARD, "./kept/hard", "./other"),
        (HARD, "./kept/hard", "./kept/link"),
        (FILE, "./kept/link/passwd", "x"),
        (FILE, "./kept/link/deeper/passwd", "x"),
        (HARD, "./kept/hard", "./kept/link/shadow"),
    ] {
        let link = (LINK, "./kept/link", "/etc");
        let last = (FILE, "./kept/last", "whole");
        let (names, skipped) = restored(&[link, hostile, last], &["kept"]);
        assert_eq!(names, ["./kept/link=", "./kept/last=whole"], "{hostile:?}");
        assert_eq!(skipped.len(), 1, "{hostile:?}");
    }
    let devices = [EntryType::Char, EntryType::Block, EntryType::Fifo];
    for kind in devices {
        let (names, _) = restored(&[(kind, "./kept/device", "")], &["kept"]);
        assert!(names.is_empty(), "{kind:?}");
    }
}

#[test]
fn directories_below_wildcards_come_back_and_those_above_are_only_needed() {
    let items = [
        (DIR, "./other/", ""),
        (DIR, "./kept/", ""),
        (DIR, "./kept/empty/", ""),
        (DIR, "./kept/full/", ""),
        (FILE, "./kept/full/file", "x"),
        (DIR, "./kept/full/last/", ""),
    ];
    let (names, _) = passed(&tar(&items), &["kept/**/*"], Direction::Save);
    let names: Vec<String> = names.into_iter().map(|(_, name)| name).collect();
    let below = [
        "./kept/empty/=",
        "./kept/full/=",
        "./kept/full/file=x",
        "./kept/full/last/=",
    ];
    assert_eq!(names[0], "./kept/=");
    assert_eq!(names[1..], below);
    let (names, skipped) = restored(&items, &["kept/**/*"]);
    assert_eq!(names, below);
    assert_eq!(skipped, ["other"]);
    let (names, skipped) = restored(&items, &["kept"]);
    assert_eq!((names.len(), skipped.len()), (5, 1));
}

#[test]
fn a_tar_that_breaks_off_is_an_error() {
    let whole = tar(&[(FILE, "./kept/a", &"x".repeat(2000))]);
    for length in [100, 600, 1500, 2500] {
        let mut out = Gathered::default();
        let kept = paths(&["kept"]);
        let passed = pass(&whole[..length], &kept, Direction::Restore, &mut out);
        assert!(passed.is_err(), "{length}");
    }
}

#[test]
fn a_directory_above_the_paths_is_not_kept_as_often_as_a_build_repeats_it() {
    let items = vec![(DIR, "./kept/", ""); 3000];
    let (names, _) = passed(&tar(&items), &["kept/**/*"], Direction::Save);
    assert_eq!(names.len(), 1000);
}
