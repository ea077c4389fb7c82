//! The part of a value that is a path of this machine.

use crate::buildspec::is_mapping;

/// Which part of a value is a path of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathPart {
    /// None.
    Nothing,
    /// All of it.
    Whole,
    /// All of it, unless it is the text of a buildspec or standard input.
    Buildspec,
    /// What follows an identifier, in `[ID:]DIR`.
    AfterIdentifier,
    /// What stands before the last colon, in `HOST:CONTAINER[:ro]`.
    BeforeTarget,
    /// What follows the `=`, in `ID=DIR[:MOUNTPOINT]`.
    AfterEquals,
}

/// The path in a value, for one that has a path.
pub(super) fn path_of(part: PathPart, value: &str) -> Option<&str> {
    split(part, value).map(|(_, path, _)| path)
}

/// What stands before a path in a value, the path, and what stands behind it.
pub(super) fn split(part: PathPart, value: &str) -> Option<(&str, &str, &str)> {
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
