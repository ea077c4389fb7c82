//! The cache paths of a buildspec, and the files that they match.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use crate::plan::artifacts::{LONGEST_PATTERN, MOST_PATTERNS, beginning};

use crate::plan::artifacts::join;

/// The root that a path is relative to. The directory of the source differs in every build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CacheRoot {
    /// The root of the source.
    Source,
    /// The root of the container.
    System,
}

/// How an entry relates to the paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathMatch {
    Within,
    /// It may be a directory above what is within: not kept for itself, but what is within needs it.
    Above,
    /// It is neither.
    Outside,
}

/// The paths of a cache.
#[derive(Debug, Clone, Default)]
pub struct CachePaths {
    paths: Vec<CachePath>,
}

/// One path. `dir`, `dir/` and `dir/**` mean a directory with its content, or a file; `dir/*` and
/// `dir/**/*` mean the content; any other pattern means its matches, with their content.
#[derive(Debug, Clone)]
pub struct CachePath {
    /// The root that it is relative to.
    pub place: CacheRoot,
    /// The path or pattern in normal form, relative.
    written: String,
    /// The same without the wildcards at its end that say "all in it".
    core: String,
    /// Whether what the core names is within, and not only what is in it.
    with_self: bool,
    /// Set when the core has wildcards.
    matcher: Option<GlobMatcher>,
}

impl CachePaths {
    /// Reads the expanded paths of a buildspec, for a source at the absolute path `source`; `~` is
    /// `/root`. Invalid paths are left out and reported in `problems`.
    pub fn new(expanded: &[String], source: &str, problems: &mut Vec<String>) -> Self {
        let mut paths = Vec::new();
        let mut left = MOST_PATTERNS;
        for path in expanded {
            let read = if path.len() > LONGEST_PATTERN {
                Err("it is longer than a path can be")
            } else if path.len() > left {
                Err("the cache has too many paths")
            } else {
                left -= path.len();
                CachePath::new(path, source)
            };
            match read {
                Ok(path) => paths.push(path),
                Err(problem) => {
                    let path = if path.len() > LONGEST_PATTERN {
                        &beginning(path)
                    } else {
                        path
                    };
                    problems.push(format!("the cache path `{path}` is not kept: {problem}"));
                }
            }
        }
        Self { paths }
    }

    /// Returns the paths of one directory with its content.
    pub fn directory(path: &str) -> Self {
        Self {
            paths: vec![CachePath {
                place: CacheRoot::Source,
                written: path.to_owned(),
                core: path.to_owned(),
                with_self: true,
                matcher: None,
            }],
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &CachePath> {
        self.paths.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Returns the paths in a form that is the same in every build.
    pub fn normal(&self) -> Vec<String> {
        self.paths.iter().map(CachePath::normal).collect()
    }

    /// Matches an entry; `path` is relative to its root and in normal form.
    pub fn standing(&self, place: CacheRoot, path: &Path) -> PathMatch {
        let mut standing = PathMatch::Outside;
        for one in self.paths.iter().filter(|one| one.place == place) {
            match one.standing(path) {
                PathMatch::Within => return PathMatch::Within,
                PathMatch::Above => standing = PathMatch::Above,
                PathMatch::Outside => {}
            }
        }
        standing
    }
}

impl CachePath {
    fn new(path: &str, source: &str) -> Result<Self, &'static str> {
        let path = match path.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/root{rest}"),
            _ => path.to_owned(),
        };
        if path.is_empty() {
            return Err("it is empty");
        }
        let absolute = join(source, &path);
        let (place, written) = match below(&absolute, source) {
            Some(path) => (CacheRoot::Source, path),
            None if !path.starts_with('/') => return Err("it points outside the source"),
            None => (CacheRoot::System, absolute.trim_start_matches('/')),
        };
        let mut parts: Vec<&str> = written.split('/').filter(|part| !part.is_empty()).collect();
        let with_self = parts.last() != Some(&"*");
        if !with_self {
            parts.pop();
        }
        while parts.last() == Some(&"**") {
            parts.pop();
        }
        let core = parts.join("/");
        if core.is_empty() && place == CacheRoot::System {
            return Err("it would cache the whole container");
        }
        let matcher = if core.contains(['*', '?', '[', '{']) {
            let glob = GlobBuilder::new(&core).literal_separator(true).build();
            Some(
                glob.map_err(|_| "it is not a valid pattern")?
                    .compile_matcher(),
            )
        } else {
            None
        };
        Ok(Self {
            place,
            written: written.to_owned(),
            core,
            with_self,
            matcher,
        })
    }

    /// The path in a form that is the same in every build.
    pub fn normal(&self) -> String {
        match self.place {
            CacheRoot::Source if self.written.is_empty() => ".".to_owned(),
            CacheRoot::Source => self.written.clone(),
            CacheRoot::System => format!("/{}", self.written),
        }
    }

    /// The path without trailing wildcards when it has no others: relative to its root, empty for
    /// the root itself.
    pub fn literal(&self) -> Option<&str> {
        self.matcher.is_none().then_some(self.core.as_str())
    }

    /// The path above all matches, relative to its root, empty for the root itself.
    pub fn root(&self) -> PathBuf {
        let is_literal = |part: &&str| !part.contains(['*', '?', '[', '{']);
        match self.matcher {
            None => PathBuf::from(&self.core),
            Some(_) => self.core.split('/').take_while(is_literal).collect(),
        }
    }

    /// Whether the pattern matches a path, or names it without wildcards.
    pub fn names(&self, path: &Path) -> bool {
        match &self.matcher {
            None => path == Path::new(&self.core),
            Some(matcher) => matcher.is_match(path),
        }
    }

    /// Whether the path looks as if it named a file: its last name has an extension, and nothing
    /// after it says that it is a directory (assumed: nobody knows before the build makes it).
    pub fn looks_like_file(&self) -> bool {
        let extension = Path::new(&self.written).extension();
        self.written == self.core
            && extension
                .and_then(OsStr::to_str)
                .is_some_and(is_file_extension)
    }

    fn standing(&self, path: &Path) -> PathMatch {
        let mut ancestors = path.ancestors();
        if !self.with_self {
            // The named directory itself does not match, its content does.
            ancestors.next();
        }
        if ancestors.any(|ancestor| self.names(ancestor)) {
            PathMatch::Within
        } else if self.is_below(path) {
            PathMatch::Above
        } else {
            PathMatch::Outside
        }
    }

    /// Whether there may be matches below a path.
    fn is_below(&self, path: &Path) -> bool {
        let root = self.root();
        root.starts_with(path) || (self.matcher.is_some() && path.starts_with(root))
    }
}

/// Whether files have such an extension, and directories hardly ever: `json`, `gz`, `7z`.
fn is_file_extension(extension: &str) -> bool {
    (2..=4).contains(&extension.len())
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && extension.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Returns the part of a path below a directory.
fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(directory)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
}

/// Reads the name of an archive's entry: names below the source begin with `./`, others are below
/// the root of the container. `None` for a name that is not in normal form, which could point
/// anywhere.
pub fn entry_place(name: &[u8]) -> Option<(CacheRoot, PathBuf)> {
    let (place, rest) = match name.strip_prefix(b".") {
        Some(b"") => (CacheRoot::Source, &b""[..]),
        Some([b'/', rest @ ..]) => (CacheRoot::Source, rest),
        _ => (CacheRoot::System, name),
    };
    let rest = rest.strip_suffix(b"/").unwrap_or(rest);
    let path = Path::new(OsStr::from_bytes(rest));
    let is_normal = path
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    let rebuilt: PathBuf = path.components().collect();
    (is_normal && rebuilt.as_os_str().as_bytes() == rest).then_some((place, rebuilt))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "/codebuild/output/src7/src";

    fn paths(list: &[&str]) -> (CachePaths, Vec<String>) {
        let list: Vec<String> = list.iter().map(|path| (*path).to_owned()).collect();
        let mut problems = Vec::new();
        let paths = CachePaths::new(&list, SOURCE, &mut problems);
        (paths, problems)
    }

    /// Which of these files a path stands for.
    fn files<'a>(path: &str, tree: &[&'a str]) -> Vec<&'a str> {
        let (paths, problems) = paths(&[path]);
        assert_eq!(problems, Vec::<String>::new());
        let is_within = |name: &str| {
            let (place, path) = entry_place(name.trim_end_matches('/').as_bytes()).unwrap();
            paths.standing(place, &path) == PathMatch::Within
        };
        tree.iter()
            .copied()
            .filter(|name| is_within(name))
            .collect()
    }

    const TREE: [&str; 9] = [
        "./dir/",
        "./dir/a",
        "./dir/sub/",
        "./dir/sub/b",
        "./directory",
        "./x/node_modules/c",
        "./x/node_modules/sub/",
        "root/.m2/d",
        "root/.m2/sub/",
    ];

    #[test]
    fn each_form_of_a_path() {
        let with_self = &TREE[..4];
        let without = ["./dir/a", "./dir/sub/", "./dir/sub/b"];
        for path in [
            "dir",
            "dir/",
            "./dir",
            "dir/**",
            "x/../dir",
            "/codebuild/output/src7/src/dir",
        ] {
            assert_eq!(files(path, &TREE), with_self, "{path}");
        }
        for path in ["dir/*", "dir/**/*", "dir/**/**/*", "d[i]r/**/*"] {
            assert_eq!(files(path, &TREE), without, "{path}");
        }
        assert_eq!(files("directory", &TREE), ["./directory"]);
        for path in ["**/node_modules/**/*", "*/node_modules/*"] {
            assert_eq!(files(path, &TREE), TREE[5..7], "{path}");
        }
        assert_eq!(files("**/node_modules", &TREE), TREE[5..7]);
        for path in [
            "~/.m2",
            "~/.m2/**/*",
            "/root/.m2/**/*",
            "/root/../root/.m2/*",
        ] {
            assert_eq!(files(path, &TREE), TREE[7..], "{path}");
        }
        for path in [".", "*", "**/*"] {
            assert_eq!(files(path, &TREE), TREE[..7], "{path}");
        }
    }

    #[test]
    fn what_is_above_matches_is_known() {
        for (path, above, not) in [
            ("a/b/**/*", &["", "a", "a/b"][..], &["c", "a/c"][..]),
            ("a/b", &["", "a"], &["b"]),
            ("a/*/x/*", &["", "a", "a/b", "a/b/x"], &["b", "b/a"]),
            ("**/x", &["", "a", "a/b"], &[]),
        ] {
            let (paths, _) = paths(&[path]);
            let standing = |name: &&str| paths.standing(CacheRoot::Source, Path::new(name));
            assert!(
                above.iter().all(|name| standing(name) == PathMatch::Above),
                "{path}"
            );
            assert!(
                not.iter().all(|name| standing(name) == PathMatch::Outside),
                "{path}"
            );
        }
    }

    #[test]
    fn only_a_plain_path_looks_like_a_file() {
        let looks = |path: &str| paths(&[path]).0.paths[0].looks_like_file();
        for path in ["a.jar", "x/a.tar.gz", "/opt/a.7z", "package-lock.json"] {
            assert!(looks(path), "{path}");
        }
        for path in [
            "dir",
            ".m2",
            "~/.cache",
            "conf.d",
            "node-1.22",
            "App.framework",
            "a.jar/**/*",
            "a.jar/*",
        ] {
            assert!(!looks(path), "{path}");
        }
    }

    #[test]
    fn the_normal_form_is_the_same_in_every_build() {
        let (paths, _) = paths(&["./a//b/", "/codebuild/output/src7/src/c/*", "~/x", "."]);
        assert_eq!(paths.normal(), ["a/b", "c/*", "/root/x", "."]);
    }

    #[test]
    fn what_leads_astray_is_left_out() {
        let (paths, problems) = paths(&["../x", "a/../../x", "/", "/**/*", "", "a[", "kept"]);
        assert_eq!(paths.normal(), ["kept"]);
        assert_eq!(problems.len(), 6);
        assert_eq!(
            problems[0],
            "the cache path `../x` is not kept: it points outside the source"
        );
    }

    #[test]
    fn a_pattern_is_looked_for_below_its_literal_beginning() {
        let (paths, _) = paths(&["a/b/*.jar", "**/x", "/opt/a*/b", "plain/dir"]);
        let roots: Vec<PathBuf> = paths.iter().map(CachePath::root).collect();
        assert_eq!(roots, ["a/b", "", "opt", "plain/dir"].map(PathBuf::from));
    }

    #[test]
    fn names_that_are_not_normal_are_no_names() {
        for name in [
            "../x", "./../x", "./a/../x", "/etc/x", "./a//x", ".//x", "./a/./x", "a/..", "././x",
        ] {
            assert_eq!(entry_place(name.as_bytes()), None, "{name}");
        }
        for (name, place, path) in [
            (".", CacheRoot::Source, ""),
            ("./", CacheRoot::Source, ""),
            ("./a/", CacheRoot::Source, "a"),
            ("./..a", CacheRoot::Source, "..a"),
            ("a/b", CacheRoot::System, "a/b"),
            (".hidden", CacheRoot::System, ".hidden"),
        ] {
            assert_eq!(
                entry_place(name.as_bytes()),
                Some((place, path.into())),
                "{name}"
            );
        }
    }
}
