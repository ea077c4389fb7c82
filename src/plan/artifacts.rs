//! Matches the files of an artifact (contract §1.8): globs over absolute paths of the container.

use std::path::{Path, PathBuf};

use globset::{Candidate, Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

/// The longest pattern, in bytes: the longest path.
pub const LONGEST_PATTERN: usize = 4096;

/// The limit for all patterns together, in bytes: compiled they take some five hundred times as
/// much.
pub const MOST_PATTERNS: usize = 128 * 1024;

/// Why patterns cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    #[error("invalid pattern `{pattern}`")]
    Invalid {
        pattern: String,
        #[source]
        source: globset::Error,
    },
    #[error("the pattern `{0}…` is longer than {LONGEST_PATTERN} bytes")]
    TooLong(String),
    #[error("the patterns together are longer than {MOST_PATTERNS} bytes")]
    TooMany,
}

/// Returns the beginning of a long text, for messages.
pub(in crate::plan) fn beginning(text: &str) -> String {
    text.chars().take(60).collect()
}

/// One base directory of an artifact, with its patterns.
#[derive(Debug, Clone)]
pub struct FileSet {
    base: String,
    patterns: Vec<Pattern>,
    matchers: GlobSet,
    excludes: GlobSet,
    /// Those of the excludes that take out whatever is below what they match.
    excluded_trees: GlobSet,
}

#[derive(Debug, Clone)]
struct Pattern {
    /// The longest leading path without a wildcard: where the pattern's files can lie.
    root: String,
    /// What each component may be, up to the first that stands for several.
    components: Vec<GlobMatcher>,
    any_depth: bool,
}

impl FileSet {
    /// Compiles the patterns of `files` and `exclude-paths`, both relative to the absolute `base`.
    pub fn new(base: &str, files: &[String], excludes: &[String]) -> Result<Self, PatternError> {
        let base = normalize(base);
        let mut patterns = Vec::new();
        let mut matchers = GlobSetBuilder::new();
        let all = files.iter().chain(excludes);
        if all.map(|pattern| base.len() + pattern.len()).sum::<usize>() > MOST_PATTERNS {
            return Err(PatternError::TooMany);
        }
        for pattern in files {
            let absolute = absolute_pattern(&base, pattern);
            matchers.add(compile(pattern, &absolute)?);
            patterns.push(Pattern::new(&absolute));
        }
        let mut all_excludes = GlobSetBuilder::new();
        let mut excluded_trees = GlobSetBuilder::new();
        for pattern in excludes {
            let absolute = absolute_pattern(&base, pattern);
            let glob = compile(pattern, &absolute)?;
            if absolute.ends_with("/**/*") || absolute.ends_with("/**") {
                excluded_trees.add(glob.clone());
            }
            all_excludes.add(glob);
        }
        let build = |set: GlobSetBuilder| {
            set.build().map_err(|source| PatternError::Invalid {
                pattern: files.join(" "),
                source,
            })
        };
        Ok(Self {
            patterns,
            matchers: build(matchers)?,
            excludes: build(all_excludes)?,
            excluded_trees: build(excluded_trees)?,
            base,
        })
    }

    /// Returns the paths that hold every file that can match; none of them lies in another.
    pub fn roots(&self) -> Vec<String> {
        let mut roots: Vec<String> = self.patterns.iter().map(|one| one.root.clone()).collect();
        roots.sort();
        roots.dedup();
        let mut kept: Vec<String> = Vec::new();
        for root in roots {
            let inside = kept.iter().any(|outer| relative_to(&root, outer).is_some());
            if !inside {
                kept.push(root);
            }
        }
        kept
    }

    /// Returns how many patterns there are.
    pub fn pattern_count(&self) -> usize {
        self.patterns.len()
    }

    /// Returns the indexes of the patterns that match the file at this absolute path; empty when it
    /// is excluded.
    pub fn matching_patterns(&self, path: &Path) -> Vec<usize> {
        let path = Candidate::new(path);
        let patterns = self.matchers.matches_candidate(&path);
        if patterns.is_empty() || self.excludes.is_match_candidate(&path) {
            return Vec::new();
        }
        patterns
    }

    pub fn can_match_below(&self, directory: &Path) -> bool {
        let inside = directory.join("x");
        !self.excluded_trees.is_match(inside)
            && self
                .patterns
                .iter()
                .any(|pattern| pattern.can_match_below(directory))
    }

    /// Whether a pattern contains this path literally, without a wildcard.
    pub fn names(&self, path: &Path) -> bool {
        self.patterns
            .iter()
            .any(|pattern| Path::new(&pattern.root).starts_with(path))
    }

    /// Returns the path under which a matched file is kept: relative to the base directory, or its
    /// name alone when paths are discarded. A file outside the base keeps its own path without the
    /// leading slash (assumed).
    pub fn kept_path(&self, path: &Path, discard_paths: bool) -> PathBuf {
        let below = path
            .strip_prefix(&self.base)
            .or_else(|_| path.strip_prefix("/"))
            .unwrap_or(path);
        match below.file_name() {
            Some(name) if discard_paths => name.into(),
            _ => below.to_path_buf(),
        }
    }
}

impl Pattern {
    fn new(absolute: &str) -> Self {
        let mut components = Vec::new();
        let mut any_depth = false;
        for component in absolute.split('/').skip(1) {
            match build_glob(component) {
                // A slash between braces parts what belongs together.
                Ok(glob) if !component.contains("**") => components.push(glob.compile_matcher()),
                _ => {
                    any_depth = true;
                    break;
                }
            }
        }
        Self {
            root: literal_root(absolute),
            components,
            any_depth,
        }
    }

    fn can_match_below(&self, directory: &Path) -> bool {
        let mut names = directory
            .components()
            .filter(|part| matches!(part, std::path::Component::Normal(_)));
        for (index, component) in self.components.iter().enumerate() {
            match names.next() {
                // Text after the last component does not belong to the pattern.
                Some(name) if component.is_match(Path::new(&name)) => {
                    if index + 1 == self.components.len() && !self.any_depth {
                        return false;
                    }
                }
                Some(_) => return false,
                None => return true,
            }
        }
        self.any_depth
    }
}

/// Joins a path onto a directory and resolves `.`, `..` and doubled slashes in the text alone.
pub fn join(directory: &str, path: &str) -> String {
    if path.starts_with('/') {
        normalize(path)
    } else {
        normalize(&format!("{directory}/{path}"))
    }
}

/// Returns what of `path` lies below `directory`; empty when they are the same.
fn relative_to<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(directory.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
}

fn normalize(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The base directory is literal, whatever characters it contains.
fn absolute_pattern(base: &str, pattern: &str) -> String {
    if pattern.starts_with('/') {
        normalize(pattern)
    } else {
        normalize(&format!("{}/{pattern}", globset::escape(base)))
    }
}

fn compile(written: &str, absolute: &str) -> Result<Glob, PatternError> {
    if absolute.len() > LONGEST_PATTERN {
        return Err(PatternError::TooLong(beginning(written)));
    }
    build_glob(absolute).map_err(|source| PatternError::Invalid {
        pattern: written.to_owned(),
        source,
    })
}

fn build_glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern).literal_separator(true).build()
}

fn literal_root(pattern: &str) -> String {
    let literal: Vec<String> = pattern.split('/').map_while(unescape).collect();
    match literal.join("/") {
        root if root.is_empty() => "/".to_owned(),
        root => root,
    }
}

/// Undoes `globset::escape`, which writes a wildcard as a class of one; `None` for a real wildcard.
fn unescape(part: &str) -> Option<String> {
    let mut literal = String::with_capacity(part.len());
    let mut rest = part.chars();
    while let Some(c) = rest.next() {
        match c {
            '[' => {
                literal.push(rest.next()?);
                if rest.next()? != ']' {
                    return None;
                }
            }
            '*' | '?' | '{' | '}' | ']' | '\\' => return None,
            c => literal.push(c),
        }
    }
    Some(literal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched<'a>(
        base: &str,
        files: &[&str],
        excludes: &[&str],
        tree: &[&'a str],
    ) -> Vec<&'a str> {
        let owned =
            |patterns: &[&str]| patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        let set = FileSet::new(base, &owned(files), &owned(excludes)).unwrap();
        let roots = set.roots();
        tree.iter()
            .copied()
            .filter(|path| !set.matching_patterns(Path::new(path)).is_empty())
            .inspect(|path| {
                assert!(
                    roots.iter().any(|root| relative_to(path, root).is_some()),
                    "{path} is in none of {roots:?}"
                );
            })
            .collect()
    }

    const TREE: [&str; 6] = [
        "/src/a.txt",
        "/src/.hidden",
        "/src/dir/b.txt",
        "/src/dir/sub/c.txt",
        "/src/.git/config",
        "/tmp/out.txt",
    ];

    #[test]
    fn each_documented_form_of_pattern() {
        let all = &TREE[..5];
        for (pattern, expected) in [
            ("a.txt", &["/src/a.txt"][..]),
            ("./a.txt", &["/src/a.txt"]),
            ("dir/b.txt", &["/src/dir/b.txt"]),
            ("dir/*", &["/src/dir/b.txt"]),
            ("dir/**/*", &["/src/dir/b.txt", "/src/dir/sub/c.txt"]),
            ("**/*", all),
            ("*", &["/src/a.txt", "/src/.hidden"]),
            (
                "**/*.txt",
                &["/src/a.txt", "/src/dir/b.txt", "/src/dir/sub/c.txt"],
            ),
            ("/tmp/*.txt", &["/tmp/out.txt"]),
            ("../tmp/out.txt", &["/tmp/out.txt"]),
            ("dir", &[]),
            ("nope", &[]),
        ] {
            assert_eq!(
                matched("/src", &[pattern], &[], &TREE),
                expected,
                "{pattern}"
            );
        }
    }

    #[test]
    fn each_documented_form_of_exclusion() {
        let excluding = |excludes: &[&str]| matched("/src", &["**/*"], excludes, &TREE);
        assert_eq!(
            excluding(&["**/dir/**/*"]),
            ["/src/a.txt", "/src/.hidden", "/src/.git/config"]
        );
        assert_eq!(
            excluding(&["**/.*"]),
            [
                "/src/a.txt",
                "/src/dir/b.txt",
                "/src/dir/sub/c.txt",
                "/src/.git/config"
            ]
        );
        assert_eq!(
            excluding(&["**/.*", "**/.*/**/*"]),
            ["/src/a.txt", "/src/dir/b.txt", "/src/dir/sub/c.txt"]
        );
    }

    #[test]
    fn only_what_can_match_is_fetched() {
        let roots = |files: &[&str]| {
            let files: Vec<String> = files.iter().map(|p| (*p).to_owned()).collect();
            FileSet::new("/a[b]/src", &files, &[]).unwrap().roots()
        };
        assert_eq!(roots(&["x/y.json"]), ["/a[b]/src/x/y.json"]);
        assert_eq!(
            roots(&["x/**/*", "x/y", "z"]),
            ["/a[b]/src/x", "/a[b]/src/z"]
        );
        assert_eq!(roots(&["x", "*.txt"]), ["/a[b]/src"]);
    }

    #[test]
    fn directories_are_known_in_which_nothing_can_match() {
        let can = |files: &[&str], excludes: &[&str], directory: &str| {
            let owned =
                |patterns: &[&str]| patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
            FileSet::new("/src", &owned(files), &owned(excludes))
                .unwrap()
                .can_match_below(Path::new(directory))
        };
        for (pattern, directory, expected) in [
            ("**/*", "/src", true),
            ("**/*", "/src/a/b", true),
            ("**/*", "/other", false),
            ("a/*", "/src", true),
            ("a/*", "/src/a", true),
            ("a/*", "/src/a/b", false),
            ("a/*", "/src/b", false),
            ("a?/**/*.txt", "/src/ab/c/d", true),
            ("a?/**/*.txt", "/src/b", false),
            ("{a/b,c}/*", "/src/a/b", true),
            ("file", "/src/file", false),
            ("file", "/src", true),
            ("/tmp/**", "/", true),
        ] {
            assert_eq!(
                can(&[pattern], &[], directory),
                expected,
                "{pattern} {directory}"
            );
        }
        assert!(!can(&["**/*"], &["**/.git/**/*"], "/src/.git/x"));
        assert!(!can(&["**/*"], &["modules/**"], "/src/modules"));
        assert!(can(&["**/*"], &["modules/*"], "/src/modules"));
    }

    #[test]
    fn what_a_pattern_says_without_wildcards_is_named() {
        let set = FileSet::new("/src", &["current/sub/*.txt".into(), "*/x".into()], &[]).unwrap();
        for (path, expected) in [
            ("/src", true),
            ("/src/current", true),
            ("/src/current/sub", true),
            ("/src/other", false),
            ("/src/curr", false),
        ] {
            assert_eq!(set.names(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn kept_paths_are_relative_to_the_base() {
        let set = FileSet::new("/src/dist/", &["**/*".into()], &[]).unwrap();
        let kept = |path: &str, flat| set.kept_path(Path::new(path), flat);
        assert_eq!(kept("/src/dist/a/b", false), Path::new("a/b"));
        assert_eq!(kept("/src/dist/a/b", true), Path::new("b"));
        assert_eq!(kept("/tmp/x", false), Path::new("tmp/x"));
    }
}
