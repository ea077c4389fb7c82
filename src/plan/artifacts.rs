//! Which files an artifact is made of (contract §1.8): globs over absolute paths of the container.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobMatcher};

/// A glob that does not parse.
#[derive(Debug, thiserror::Error)]
#[error("invalid pattern `{pattern}`")]
pub struct PatternError {
    /// As written.
    pub pattern: String,
    #[source]
    source: globset::Error,
}

/// One base directory of an artifact, with its patterns.
#[derive(Debug, Clone)]
pub struct FileSet {
    base: String,
    patterns: Vec<Pattern>,
    excludes: Vec<GlobMatcher>,
}

#[derive(Debug, Clone)]
struct Pattern {
    matcher: GlobMatcher,
    /// The longest leading path without a wildcard: where the pattern's files can lie.
    root: String,
}

impl FileSet {
    /// Compiles the patterns of `files` and `exclude-paths`, both relative to the absolute `base`.
    pub fn new(base: &str, files: &[String], excludes: &[String]) -> Result<Self, PatternError> {
        let base = normalize(base);
        Ok(Self {
            patterns: files
                .iter()
                .map(|pattern| {
                    let absolute = absolute_pattern(&base, pattern);
                    Ok(Pattern {
                        matcher: compile(pattern, &absolute)?,
                        root: literal_root(&absolute),
                    })
                })
                .collect::<Result<_, _>>()?,
            excludes: excludes
                .iter()
                .map(|pattern| compile(pattern, &absolute_pattern(&base, pattern)))
                .collect::<Result<_, _>>()?,
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

    /// Returns the indexes of the patterns that match the file at this absolute path; none when it
    /// is excluded.
    pub fn matching_patterns(&self, path: &Path) -> Vec<usize> {
        if self.excludes.iter().any(|exclude| exclude.is_match(path)) {
            return Vec::new();
        }
        (0..self.patterns.len())
            .filter(|index| self.patterns[*index].matcher.is_match(path))
            .collect()
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

/// The base directory stands for itself in the pattern, whatever characters it is written with.
fn absolute_pattern(base: &str, pattern: &str) -> String {
    if pattern.starts_with('/') {
        normalize(pattern)
    } else {
        normalize(&format!("{}/{pattern}", globset::escape(base)))
    }
}

fn compile(written: &str, absolute: &str) -> Result<GlobMatcher, PatternError> {
    GlobBuilder::new(absolute)
        .literal_separator(true)
        .build()
        .map(|glob: Glob| glob.compile_matcher())
        .map_err(|source| PatternError {
            pattern: written.to_owned(),
            source,
        })
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
    fn kept_paths_are_relative_to_the_base() {
        let set = FileSet::new("/src/dist/", &["**/*".into()], &[]).unwrap();
        let kept = |path: &str, flat| set.kept_path(Path::new(path), flat);
        assert_eq!(kept("/src/dist/a/b", false), Path::new("a/b"));
        assert_eq!(kept("/src/dist/a/b", true), Path::new("b"));
        assert_eq!(kept("/tmp/x", false), Path::new("tmp/x"));
    }
}
