//! What a listing of a container's tree says, whatever tools the image has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cobuild::artifacts::listing::{FileType, LinkTarget, leads, list};
use cobuild::engine::ContainerId;
use cobuild::engine::docker::Docker;
use cobuild::engine::endpoint::{Endpoint, EndpointInputs};

use crate::engine;

/// A container with a tree, which goes when this does.
struct Container(ContainerId);

impl Container {
    fn new(image: &str, make: &str) -> Self {
        let script = format!("{make}\nexec sleep 600");
        let options = ["run", "-d", "--rm", "--network", "none", image];
        let mut arguments = options.to_vec();
        arguments.extend(["sh", "-c", &script]);
        let container = engine::docker(&arguments);
        // The tree is whole when its last file is there.
        assert!(engine::eventually(
            std::time::Duration::from_mins(1),
            || {
                std::process::Command::new("docker")
                    .args(["exec", &container, "test", "-e", "/ready"])
                    .status()
                    .unwrap()
                    .success()
            }
        ));
        Self(ContainerId(container))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        engine::docker(&["rm", "-f", "-v", &self.0.0]);
    }
}

fn listed(container: &Container, has_find: bool, roots: &[&str]) -> BTreeMap<PathBuf, FileType> {
    let roots: Vec<PathBuf> = roots.iter().map(PathBuf::from).collect();
    let mut listed = BTreeMap::new();
    block_on(async |docker| {
        let tell = |path: &Path, kind| {
            assert_eq!(
                listed.insert(path.to_owned(), kind),
                None,
                "{}",
                path.display()
            );
            Ok(())
        };
        list(&docker, &container.0, has_find, &roots, tell)
            .await
            .unwrap();
    });
    listed
}

fn block_on<T>(work: impl AsyncFnOnce(Docker) -> T) -> T {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let endpoint = Endpoint::resolve(&EndpointInputs {
        home: variable("HOME"),
        ..EndpointInputs::default()
    })
    .unwrap();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { work(Docker::connect(&endpoint).unwrap()).await })
}

const TREE: &str = r#"mkdir -p '/t/a b/.hidden' /t/empty /elsewhere/deep && cd /t
touch top .dot ..odd ./-print 'a b/new
line' "a b/quote'\"" "$(printf 'a b/\376\377')" 'a b/.hidden/*' /elsewhere/deep/file '/t/empty/...'
ln -s /elsewhere/deep to-directory; ln -s 'a b/.hidden' 'to
hidden'; ln -s top to-file; ln -s nowhere dangling; ln -s loop loop; ln -s pipe to-pipe
ln -s to-directory twice; mkfifo pipe; mknod device c 1 3; touch /ready"#;

fn expected() -> BTreeMap<PathBuf, FileType> {
    use std::os::unix::ffi::OsStringExt;
    let mut expected: BTreeMap<PathBuf, FileType> = [
        ("/t", FileType::Directory),
        ("/t/top", FileType::File),
        ("/t/.dot", FileType::File),
        ("/t/..odd", FileType::File),
        ("/t/-print", FileType::File),
        ("/t/a b", FileType::Directory),
        ("/t/a b/new\nline", FileType::File),
        ("/t/a b/quote'\"", FileType::File),
        ("/t/a b/.hidden", FileType::Directory),
        ("/t/a b/.hidden/*", FileType::File),
        ("/t/empty", FileType::Directory),
        ("/t/empty/...", FileType::File),
        ("/t/to-directory", FileType::Link),
        ("/t/to\nhidden", FileType::Link),
        ("/t/to-file", FileType::Link),
        ("/t/dangling", FileType::Link),
        ("/t/loop", FileType::Link),
        ("/t/to-pipe", FileType::Link),
        ("/t/twice", FileType::Link),
        ("/t/pipe", FileType::Other),
        ("/t/device", FileType::Other),
    ]
    .map(|(path, kind)| (path.into(), kind))
    .into();
    let odd = std::ffi::OsString::from_vec(b"/t/a b/\xfe\xff".to_vec());
    expected.insert(odd.into(), FileType::File);
    expected
}

#[test]
fn every_name_is_listed_as_what_it_is_with_any_tools() {
    engine::require();
    for image in [engine::IMAGE, engine::busybox_image(), engine::bash_image()] {
        let container = Container::new(image, TREE);
        for has_find in [true, false] {
            let found = listed(&container, has_find, &["/t"]);
            assert_eq!(found, expected(), "{image}, with find: {has_find}");
            let found = listed(
                &container,
                has_find,
                &["/t/top", "/no/such", "/t/to-directory", "/t/a b/.hidden"],
            );
            assert_eq!(
                found
                    .keys()
                    .map(|path| path.to_str().unwrap())
                    .collect::<Vec<_>>(),
                [
                    "/t/a b/.hidden",
                    "/t/a b/.hidden/*",
                    "/t/to-directory",
                    "/t/top"
                ],
                "{image}, with find: {has_find}"
            );
        }
    }
}

#[test]
fn the_trees_of_the_kernel_are_not_looked_into_from_above() {
    engine::require();
    let container = Container::new(engine::busybox_image(), "touch /ready");
    for has_find in [true, false] {
        let found = listed(&container, has_find, &["/"]);
        assert_eq!(found[Path::new("/ready")], FileType::File);
        assert!(!found.contains_key(Path::new("/proc/1")), "{has_find}");
        let found = listed(&container, has_find, &["/proc/sys/kernel"]);
        assert_eq!(
            found[Path::new("/proc/sys/kernel/ostype")],
            FileType::File,
            "{has_find}"
        );
    }
}

#[test]
fn where_paths_lead_is_said_in_their_order() {
    engine::require();
    for image in [engine::IMAGE, engine::busybox_image(), engine::bash_image()] {
        let container = Container::new(image, TREE);
        let asked = [
            (
                "/t/to-directory",
                LinkTarget::Directory("/elsewhere/deep".into()),
            ),
            (
                "/t/to\nhidden",
                LinkTarget::Directory("/t/a b/.hidden".into()),
            ),
            ("/t/to-file", LinkTarget::File),
            ("/t/dangling", LinkTarget::Nowhere),
            ("/t/loop", LinkTarget::Nowhere),
            ("/t/to-pipe", LinkTarget::Nowhere),
            ("/t/twice", LinkTarget::Directory("/elsewhere/deep".into())),
            ("/t/twice/file", LinkTarget::File),
            ("/t/a b", LinkTarget::Directory("/t/a b".into())),
            ("/t/no-such", LinkTarget::Nowhere),
        ];
        let paths: Vec<PathBuf> = asked.iter().map(|(path, _)| path.into()).collect();
        let found = block_on(async |docker| leads(&docker, &container.0, &paths).await.unwrap());
        assert_eq!(found, asked.map(|(_, leads)| leads), "{image}");
    }
}
