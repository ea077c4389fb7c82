use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::plan::{Excludes, GitMetadata, SourcePlan};

/// What an entry is: its kind, mode, link and content.
type Entry = (EntryType, u32, Option<PathBuf>, Vec<u8>);

fn packed(root: &Path, sparse: bool) -> io::Result<(Vec<u8>, Sent)> {
    let excludes = Excludes::default();
    let source = SourcePlan {
        identifier: None,
        host: root.to_path_buf(),
        directory: String::new(),
        git: GitMetadata::Kept,
        git_elsewhere: crate::plan::GitElsewhere::Never,
    };
    let tree = SourceTree {
        root: root.to_path_buf(),
        prefix: "/codebuild/src".into(),
        left_out: LeftOut::find(&source, &excludes, None).map_err(io::Error::other)?,
        sparse,
        extended: true,
    };
    let mut bytes = Vec::new();
    let sent = write(&tree, &mut bytes)?;
    Ok((bytes, sent))
}

fn entries(bytes: &[u8]) -> BTreeMap<PathBuf, Entry> {
    let mut archive = tar::Archive::new(bytes);
    let mut seen = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().into_owned();
        let header = entry.header().clone();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert_eq!(header.uid().unwrap(), 0);
        let link = entry.link_name().unwrap().map(std::borrow::Cow::into_owned);
        let name = name.strip_prefix("codebuild/src").unwrap().to_path_buf();
        let mode = header.mode().unwrap();
        seen.insert(name, (header.entry_type(), mode, link, content));
    }
    seen
}

#[test]
fn modes_symlinks_odd_names_and_empty_directories_are_kept() {
    let tree = tempfile::tempdir().unwrap();
    let root = tree.path();
    let long = format!("{}/{}", "d".repeat(255), "f".repeat(255));
    fs::create_dir_all(root.join("d".repeat(255))).unwrap();
    fs::create_dir(root.join("empty")).unwrap();
    let names = [
        "a b:c,d",
        "ünï",
        "-dash",
        "new\nline",
        "A",
        "a",
        long.as_str(),
    ];
    for name in names {
        fs::write(root.join(name), name).unwrap();
    }
    let no_text = OsStr::from_bytes(b"\xff\xfe");
    fs::write(root.join(no_text), "x").unwrap();
    fs::set_permissions(root.join("-dash"), PermissionsExt::from_mode(0o755)).unwrap();
    symlink("/nowhere", root.join("dangling")).unwrap();

    let seen = entries(&packed(root, false).unwrap().0);
    for name in names {
        assert_eq!(seen[Path::new(name)].3, name.as_bytes());
    }
    assert_eq!(seen[Path::new(no_text)].3, b"x");
    assert_eq!(seen[Path::new("-dash")].1, 0o755);
    let (kind, _, link, _) = &seen[Path::new("dangling")];
    assert_eq!(
        (*kind, link.as_deref()),
        (EntryType::Symlink, Some(Path::new("/nowhere")))
    );
    assert_eq!(seen[Path::new("empty")].0, EntryType::Directory);
}

#[test]
fn what_is_no_file_is_counted_and_what_is_a_link_is_not_followed() {
    let tree = tempfile::tempdir().unwrap();
    let root = tree.path();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.join("fifo"),
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    symlink("/etc", root.join("link")).unwrap();
    fs::write(root.join("file"), "").unwrap();
    let (bytes, sent) = packed(root, false).unwrap();
    assert_eq!(
        sent,
        Sent {
            special: 2,
            vanished: 0
        }
    );
    let seen = entries(&bytes);
    let names: Vec<_> = seen.keys().map(|name| name.to_str().unwrap()).collect();
    assert_eq!(names, ["", "file", "link"]);
}

#[test]
fn a_file_with_two_names_is_sent_once() {
    let tree = tempfile::tempdir().unwrap();
    let root = tree.path();
    fs::write(root.join("one"), "content").unwrap();
    fs::hard_link(root.join("one"), root.join("two")).unwrap();
    let seen = entries(&packed(root, false).unwrap().0);
    let (one, two) = (&seen[Path::new("one")], &seen[Path::new("two")]);
    let (first, second) = if one.0 == EntryType::Link {
        (two, one)
    } else {
        (one, two)
    };
    assert_eq!(
        (first.0, first.3.as_slice()),
        (EntryType::Regular, b"content".as_slice())
    );
    assert_eq!(second.0, EntryType::Link);
    assert!(second.2.as_ref().unwrap().starts_with("codebuild/src"));
}

#[test]
fn holes_are_sent_only_to_whoever_does_not_know_them() {
    let tree = tempfile::tempdir().unwrap();
    let file = File::create(tree.path().join("sparse")).unwrap();
    file.set_len(64 * 1024 * 1024).unwrap();
    let small = packed(tree.path(), true).unwrap().0;
    assert!(small.len() < 64 * 1024, "{}", small.len());
    let large = packed(tree.path(), false).unwrap().0;
    assert!(large.len() > 64 * 1024 * 1024, "{}", large.len());
}

#[test]
fn what_cannot_be_read_is_named() {
    let tree = tempfile::tempdir().unwrap();
    let root = tree.path().join("not there");
    let error = packed(&root, false).unwrap_err().to_string();
    assert!(
        error.contains("cannot read `") && error.contains("not there"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_gone_or_another_thing_is_left_out() {
    let tree = tempfile::tempdir().unwrap();
    let root = tree.path();
    fs::write(root.join("file"), "").unwrap();
    let metadata = fs::symlink_metadata(root.join("file")).unwrap();
    symlink("/etc/passwd", root.join("link")).unwrap();
    let mut packer = Packer {
        tar: Builder::new(io::sink()),
        sparse: false,
        extended: false,
        linked: HashMap::new(),
        sent: Sent::default(),
    };
    for name in ["gone", "link"] {
        let appended = packer.append(&root.join(name), Path::new(name), &metadata);
        assert!(is_gone(appended.as_ref().err()), "{name}: {appended:?}");
    }
    let mut grown = File::options()
        .append(true)
        .open(root.join("file"))
        .unwrap();
    grown.write_all(b"more").unwrap();
    packer
        .append(&root.join("file"), Path::new("file"), &metadata)
        .unwrap();
}

#[test]
fn what_a_header_cannot_hold_goes_before_it() {
    let tree = tempfile::tempdir().unwrap();
    let root = tree.path();
    let path = root.join("file");
    fs::write(&path, "").unwrap();
    rustix::fs::setxattr(&path, "user.a", b"\0=", rustix::fs::XattrFlags::empty()).unwrap();
    let time = std::time::UNIX_EPOCH + std::time::Duration::new(7, 8);
    File::open(&path).unwrap().set_modified(time).unwrap();
    let bytes = packed(root, false).unwrap().0;
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut entries = archive.entries().unwrap();
    let mut file = entries
        .find_map(|entry| {
            entry
                .ok()
                .filter(|entry| entry.path_bytes().ends_with(b"/file"))
        })
        .unwrap();
    let extensions: Vec<_> = file
        .pax_extensions()
        .unwrap()
        .unwrap()
        .map(|extension| extension.map(|it| (it.key_bytes().to_vec(), it.value_bytes().to_vec())))
        .map(Result::unwrap)
        .collect();
    let expected: [(&[u8], &[u8]); 2] =
        [(b"mtime", b"7.000000008"), (b"SCHILY.xattr.user.a", b"\0=")];
    assert_eq!(
        extensions,
        expected.map(|(key, value)| (key.to_vec(), value.to_vec()))
    );
}
