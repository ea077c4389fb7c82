//! Paths in a file of settings: relative ones are relative to the file's directory.

use std::path::{Component, Path, PathBuf};

use super::reach::{PathPart, rule};
use crate::buildspec::is_mapping;

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

/// The path in a value, for one that has a path.
pub(super) fn path_of(part: PathPart, value: &str) -> Option<&str> {
    split(part, value).map(|(_, path, _)| path)
}

/// What stands before a path in a value, the path, and what stands behind it.
fn split(part: PathPart, value: &str) -> Option<(&str, &str, &str)> {
    match part {
        PathPart::Nothing => None,
        PathPart::Whole => Some(("", value, "")),
        PathPart::Buildspec => is_path(value).then_some(("", value, "")),
        PathPart::AfterIdentifier => {
            let path = crate::settings::source_path(value);
            Some((&value[..value.len() - path.len()], path, ""))
        }
        PathPart::BeforeTarget => {
            let rest = value
                .strip_suffix(":ro")
                .or_else(|| value.strip_suffix(":rw"))
                .unwrap_or(value);
            let end = rest.rfind(':')?;
            Some(("", &value[..end], &value[end..]))
        }
        PathPart::AfterEquals => {
            let start = value.find('=')? + 1;
            let rest = &value[start..];
            let end = rest.rfind(":/").unwrap_or(rest.len());
            Some((&value[..start], &rest[..end], &rest[end..]))
        }
    }
}

/// Whether a buildspec is given by a path, not as a text or on standard input.
fn is_path(buildspec: &str) -> bool {
    !(buildspec.is_empty() || buildspec == "-" || buildspec.contains('\n') || is_mapping(buildspec))
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
