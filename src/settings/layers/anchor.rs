//! Paths in a file of settings: relative ones are relative to the file's directory.

use std::path::{Component, Path, PathBuf};

use super::path_part::{PathPart, split};
use super::reach::rule;

/// Returns a value in which a relative path has been set below `directory`. `~` is a name like others.
///
/// The path of a buildspec in the primary `source` stays relative to it: in a version of the source it
/// names the version's own file.
pub fn anchor(name: &str, value: &str, directory: &Path, source: Option<&Path>) -> String {
    let part = rule(name).map_or(PathPart::Nothing, |rule| rule.path);
    let Some((before, path, after)) = split(part, value) else {
        return value.to_owned();
    };
    let anchored = normal(&directory.join(path));
    let below = match (part, source) {
        (PathPart::Buildspec, Some(source)) => anchored.strip_prefix(source).ok(),
        _ => None,
    };
    let path = below.unwrap_or(&anchored);
    // Whatever was text stays text.
    format!("{before}{}{after}", path.to_string_lossy())
}

/// A path without `.`; `..` stays, since a link may stand before it.
fn normal(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| *part != Component::CurDir)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchored(name: &str, value: &str) -> String {
        anchor(
            name,
            value,
            Path::new("/a b/repo"),
            Some(Path::new("/a b/repo/app")),
        )
    }

    #[test]
    fn paths_are_those_of_the_file() {
        for (name, value, expected) in [
            ("artifacts", "out", "/a b/repo/out"),
            ("artifacts", "./out", "/a b/repo/out"),
            ("artifacts", "/out", "/out"),
            ("artifacts", "~/out", "/a b/repo/~/out"),
            ("env-file", "../x.env", "/a b/repo/../x.env"),
            ("source", "lib:../lib", "lib:/a b/repo/../lib"),
            ("source", "./lib:x", "/a b/repo/lib:x"),
            ("volume", "a:b:/c:ro", "/a b/repo/a:b:/c:ro"),
            ("volume", "a:node_modules", "/a b/repo/a:node_modules"),
            ("file-system", "id=data:/mnt/x", "id=/a b/repo/data:/mnt/x"),
            ("file-system", "id=data", "id=/a b/repo/data"),
            ("image", "a/b:c", "a/b:c"),
            ("buildspec", "app/ci/spec.yml", "ci/spec.yml"),
            ("buildspec", "ci/spec.yml", "/a b/repo/ci/spec.yml"),
            ("buildspec", "-", "-"),
            ("buildspec", "{version: 0.2}", "{version: 0.2}"),
            (
                "buildspec",
                "version: 0.2\nphases:\n",
                "version: 0.2\nphases:\n",
            ),
        ] {
            assert_eq!(anchored(name, value), expected, "{name} = {value}");
        }
    }
}
