//! Finds the local image that is meant by a misspelt name.

/// How long a name may be that is compared with others, in bytes.
const LONGEST: usize = 128;

/// How many local names are compared.
const MOST: usize = 10_000;

/// In how many letters two names may differ at the most.
const MOST_DIFFERENCES: usize = 3;

/// Returns the name among `local` that is near to one that cannot be had: without its tag the same, or other in
/// few letters. One with other digits is another version, and not what was meant.
pub(super) fn nearest<'a>(wanted: &str, local: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = short(wanted);
    if wanted.len() > LONGEST {
        return None;
    }
    let most = MOST_DIFFERENCES.min((wanted.chars().count() + 2) / 4);
    let distance = |name: &str| {
        let name = short(name);
        if name.len() > LONGEST {
            return usize::MAX;
        }
        let is_same = name
            .rsplit_once(':')
            .is_some_and(|(name, _)| name == wanted);
        if is_same {
            0
        } else if digits(name).eq(digits(wanted)) {
            strsim::damerau_levenshtein(name, wanted)
        } else {
            usize::MAX
        }
    };
    local
        .take(MOST)
        .map(|name| (distance(name), name))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, name)| name)
}

/// A name without what every engine adds to it.
fn short(name: &str) -> &str {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    let name = name.strip_prefix("library/").unwrap_or(name);
    let name = name.strip_prefix("localhost/").unwrap_or(name);
    name.strip_suffix(":latest").unwrap_or(name)
}

fn digits(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: &[&str] = &[
        "sha256:0011",
        "cobuild-debian:12",
        "node:20",
        "my/app:latest",
        "docker.io/library/alpine:3",
        "localhost/tool:latest",
        "registry:5000/team/tool:1",
    ];

    #[test]
    fn a_misspelt_name_is_near() {
        for (wanted, meant) in [
            ("cobuild-debain:12", "cobuild-debian:12"),
            ("cobuild-debian", "cobuild-debian:12"),
            ("cobuild_debian:12", "cobuild-debian:12"),
            ("my/ap", "my/app:latest"),
            ("alpin:3", "docker.io/library/alpine:3"),
            ("docker.io/library/nod:20", "node:20"),
            ("tol", "localhost/tool:latest"),
            ("registry:5000/teem/tool:1", "registry:5000/team/tool:1"),
            ("registry:5000/team/tool", "registry:5000/team/tool:1"),
        ] {
            assert_eq!(
                nearest(wanted, LOCAL.iter().copied()),
                Some(meant),
                "{wanted}"
            );
        }
    }

    #[test]
    fn another_version_and_another_name_are_not_near() {
        for wanted in [
            "node:18",
            "cobuild-debian:11",
            "python:3",
            "ubuntu",
            "a",
            "x/app",
            &"a".repeat(1000),
        ] {
            assert_eq!(nearest(wanted, LOCAL.iter().copied()), None, "{wanted}");
        }
    }
}
