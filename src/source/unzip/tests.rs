use std::os::unix::fs::MetadataExt;

use tempfile::TempDir;

use super::*;

/// An entry as a zip file has it, whatever it says.
struct Entry<'a> {
    name: &'a [u8],
    /// Kind and permissions; 0 for none.
    mode: u32,
    content: &'a [u8],
    size: Option<u32>,
    encrypted: bool,
    method: u16,
}

fn file<'a>(name: &'a str, content: &'a str) -> Entry<'a> {
    Entry {
        name: name.as_bytes(),
        mode: 0,
        content: content.as_bytes(),
        size: None,
        encrypted: false,
        method: 0,
    }
}

fn link<'a>(name: &'a str, target: &'a str) -> Entry<'a> {
    Entry {
        mode: 0o120_777,
        ..file(name, target)
    }
}

fn checksum(content: &[u8]) -> u32 {
    !content.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}

/// A zip file of stored entries.
fn zip(entries: &[Entry<'_>]) -> Vec<u8> {
    let two = |number: usize| u16::try_from(number).unwrap().to_le_bytes();
    let four = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let stored = entry.content.len();
        let size = entry.size.map_or(stored, |size| size as usize);
        let mut head = Vec::new();
        head.extend(two(20));
        head.extend(two(usize::from(entry.encrypted)));
        head.extend(entry.method.to_le_bytes());
        head.extend([0; 4]);
        head.extend(checksum(entry.content).to_le_bytes());
        head.extend(four(stored));
        head.extend(four(size));
        head.extend(two(entry.name.len()));
        head.extend(two(0));
        let offset = out.len();
        out.extend(b"PK\x03\x04");
        out.extend(&head);
        out.extend(entry.name);
        out.extend(entry.content);
        directory.extend(b"PK\x01\x02");
        // Made on Unix, or where there are no modes.
        directory.extend([20, if entry.mode == 0 { 0 } else { 3 }]);
        directory.extend(&head);
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(four(offset));
        directory.extend(entry.name);
    }
    let start = out.len();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(two(entries.len()));
    out.extend(two(entries.len()));
    out.extend(four(directory.len()));
    out.extend(four(start));
    out.extend(two(0));
    out
}

/// A directory to unpack into, with something beside it that nobody may touch.
struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("tree")).unwrap();
        fs::write(root.path().join("outside"), "untouched").unwrap();
        Self { root }
    }

    fn tree(&self) -> PathBuf {
        self.root.path().join("tree")
    }

    fn unpack_bytes(&self, bytes: &[u8]) -> Result<Vec<String>, UnzipError> {
        let file = self.root.path().join("x.zip");
        fs::write(&file, bytes).unwrap();
        let unpacked = unzip(&file, &self.tree(), None, &AtomicBool::new(false));
        fs::remove_file(file).unwrap();
        let beside: Vec<_> = fs::read_dir(self.root.path()).unwrap().flatten().collect();
        assert_eq!(beside.len(), 2, "{beside:?}");
        let outside = fs::read_to_string(self.root.path().join("outside")).unwrap();
        assert_eq!(outside, "untouched");
        unpacked
    }

    fn unpack(&self, entries: &[Entry<'_>]) -> Result<Vec<String>, UnzipError> {
        self.unpack_bytes(&zip(entries))
    }

    fn mode(&self, name: &str) -> u32 {
        fs::symlink_metadata(self.tree().join(name)).unwrap().mode() & 0o7777
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.tree().join(name)).unwrap()
    }

    /// Everything below the tree.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = walkdir::WalkDir::new(self.tree())
            .min_depth(1)
            .into_iter()
            .map(|entry| {
                let path = entry.unwrap().into_path();
                let below = path.strip_prefix(self.tree()).unwrap();
                below.to_string_lossy().into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

#[test]
fn modes_and_symlinks_are_kept_and_have_usual_values_otherwise() {
    let place = Place::new();
    let moded = |name, mode| Entry {
        mode,
        ..file(name, "x")
    };
    let left_out = place.unpack(&[
        file("plain", "1"),
        file("sub/dir/", ""),
        file("./sub/dir/deep", "2"),
        moded("tool", 0o100_755),
        moded("set-user-id", 0o104_755),
        Entry {
            mode: 0o040_555,
            ..file("closed/", "")
        },
        moded("closed/file", 0o100_640),
        link("away", "/etc/passwd"),
        link("near", "sub/dir/deep"),
    ]);
    assert_eq!(left_out.unwrap(), Vec::<String>::new());
    for (name, mode) in [
        ("plain", 0o644),
        ("sub/dir", 0o755),
        ("tool", 0o755),
        ("set-user-id", 0o755),
        ("closed", 0o755),
        ("closed/file", 0o640),
    ] {
        assert_eq!(place.mode(name), mode, "{name}");
    }
    assert_eq!(place.text("near"), "2");
    assert_eq!(
        fs::read_link(place.tree().join("away")).unwrap(),
        Path::new("/etc/passwd")
    );
}

#[test]
fn nothing_is_written_outside() {
    let place = Place::new();
    let absolute = place.root.path().join("outside");
    let left_out = place.unpack(&[
        file("../outside", "gone"),
        file("a/../../outside", "gone"),
        file(absolute.to_str().unwrap(), "gone"),
        link("up", ".."),
        file("up/outside", "gone"),
        link("up2", "../outside"),
        file("./up2", "a file of its own"),
        link("way", ".."),
        link("way/out", "x"),
        file("", "no name"),
    ]);
    let left_out = left_out.unwrap();
    assert_eq!(left_out.len(), 6, "{left_out:#?}");
    for (entry, reason) in [
        ("../outside", "leads outside"),
        ("a/../../outside", "leads outside"),
        (absolute.to_str().unwrap(), "absolute"),
        // The directory was there first: links come last.
        ("up", "has the same path"),
        ("way/out", "through a symlink"),
        ("", "no name"),
    ] {
        let told = left_out
            .iter()
            .any(|it| it.starts_with(&format!("`{entry}` ")) && it.contains(reason));
        assert!(told, "{entry}: {left_out:#?}");
    }
    assert_eq!(place.names(), ["up", "up/outside", "up2", "way"]);
    assert!(place.tree().join("up").is_dir());
}

#[test]
fn devices_and_impossible_names_are_left_out() {
    let place = Place::new();
    let device = Entry {
        mode: 0o020_666,
        ..file("null", "")
    };
    let long = "n".repeat(300);
    let left_out = place.unpack(&[
        device,
        file(&long, "1"),
        file("nul\0", "2"),
        file("a", "3"),
        file("a/b", "4"),
        link("loop", ""),
        file("kept", "5"),
    ]);
    assert_eq!(left_out.unwrap().len(), 5);
    assert_eq!(place.names(), ["a", "kept"]);
}

#[test]
fn names_are_bytes_and_the_last_of_several_counts() {
    let place = Place::new();
    let raw = Entry {
        name: b"caf\xe9 \\ x",
        ..file("", "1")
    };
    let left_out = place.unpack(&[
        raw,
        file("twice", "first"),
        file("./twice", "second"),
        file("same", "first"),
        file("same", "second"),
    ]);
    assert_eq!(left_out.unwrap(), Vec::<String>::new());
    let name = place.tree().join(OsStr::from_bytes(b"caf\xe9 \\ x"));
    assert_eq!(fs::read_to_string(name).unwrap(), "1");
    assert_eq!(place.text("twice"), "second");
    assert_eq!(place.text("same"), "second");
}

#[test]
fn what_cannot_be_read_is_told() {
    let good = zip(&[file("one", "some content of a file"), file("two", "more")]);
    let place = Place::new();
    for damaged in [&good[..good.len() - 30], &good[..20], b"PK", b""] {
        let result = place.unpack_bytes(damaged);
        assert!(matches!(result, Err(UnzipError::Damaged(_))), "{result:?}");
    }
    let mut flipped = good.clone();
    let content = flipped.windows(4).position(|it| it == b"some").unwrap();
    flipped[content] ^= 1;
    let result = place.unpack_bytes(&flipped);
    assert!(matches!(result, Err(UnzipError::Damaged(_))), "{result:?}");

    let encrypted = Entry {
        encrypted: true,
        ..file("secret", "0123456789abcdef")
    };
    let result = place.unpack(&[encrypted]);
    assert!(
        matches!(result, Err(UnzipError::Encrypted(_))),
        "{result:?}"
    );
    let unknown = Entry {
        method: 97,
        ..file("odd", "x")
    };
    let result = place.unpack(&[unknown]);
    assert!(
        matches!(result, Err(UnzipError::Unsupported { .. })),
        "{result:?}"
    );
}

#[test]
fn a_size_is_held_to_and_must_fit() {
    let place = Place::new();
    let sized = |size| Entry {
        size: Some(size),
        ..file("lie", "0123456789")
    };
    let lie = place.unpack(&[sized(3)]).unwrap_err();
    assert!(
        lie.to_string().contains("larger than its declared"),
        "{lie}"
    );
    // One block of ten bytes as it is, which is all that deflate needs.
    let packed = b"\x01\x0a\x00\xf5\xff0123456789";
    let packed = Entry {
        method: 8,
        size: Some(3),
        content: packed,
        ..file("packed", "")
    };
    let lie = place.unpack(&[packed]).unwrap_err();
    assert!(
        lie.to_string().contains("larger than its declared"),
        "{lie}"
    );
    // Of these the whole is larger than any disk, and each is as large as an old zip can say.
    let names: Vec<String> = (0..60_000).map(|index| index.to_string()).collect();
    let bombs: Vec<Entry<'_>> = names
        .iter()
        .map(|name| Entry {
            size: Some(u32::MAX - 1),
            ..file(name, "")
        })
        .collect();
    let result = place.unpack(&bombs);
    assert!(
        matches!(result, Err(UnzipError::TooLarge { .. })),
        "{result:?}"
    );
}

#[test]
fn one_file_can_be_wanted_and_all_can_be_stopped() {
    let place = Place::new();
    let zip = zip(&[file("./ci/x.yml", "1"), file("other", "2")]);
    let path = place.root.path().join("x.zip");
    fs::write(&path, zip).unwrap();
    let go = AtomicBool::new(false);
    unzip(&path, &place.tree(), Some(Path::new("ci/x.yml")), &go).unwrap();
    assert_eq!(place.names(), ["ci", "ci/x.yml"]);
    let stop = AtomicBool::new(true);
    let result = unzip(&path, &place.tree(), None, &stop);
    assert!(matches!(result, Err(UnzipError::Stopped)), "{result:?}");
}
