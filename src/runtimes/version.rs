//! Parses and compares labels, and resolves `3.x` and `latest`.

/// A label such as `3.10` or `corretto17`. The greater one is newer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version<'a> {
    numbers: Vec<u64>,
    distribution: &'a str,
}

impl<'a> Version<'a> {
    /// Reads a label: letters or none, then numbers with dots between them. Any other label has no
    /// place among versions.
    pub(super) fn parse(label: &'a str) -> Option<Self> {
        let numbers = label.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let (distribution, numbers) = label.split_at(label.len() - numbers.len());
        let numbers = numbers
            .split('.')
            .map(|number| {
                // A sign is no digit, which `parse` would take for one.
                let digits = number.bytes().all(|byte| byte.is_ascii_digit());
                digits.then(|| number.parse().ok()).flatten()
            })
            .collect::<Option<_>>()?;
        Some(Self {
            numbers,
            distribution,
        })
    }

    /// The letters that the label begins with: `corretto` of `corretto17`.
    pub(super) fn distribution(&self) -> &'a str {
        self.distribution
    }

    /// The sort key for display: by distribution, then by age.
    pub(super) fn into_place(self) -> (&'a str, Vec<u64>) {
        (self.distribution, self.numbers)
    }
}

/// An alias for the newest of several versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Alias<'a> {
    /// `latest`: of all.
    Latest,
    /// `3.x`, `corretto8.x`: of those that begin so.
    Within(Version<'a>),
}

impl<'a> Alias<'a> {
    /// Reads an alias; none for what is a label.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        if text == "latest" {
            return Some(Self::Latest);
        }
        text.strip_suffix(".x")
            .and_then(Version::parse)
            .map(Self::Within)
    }

    /// Returns the label that the alias stands for: the newest by its numbers.
    pub(super) fn newest<'l>(&self, labels: impl IntoIterator<Item = &'l str>) -> Option<&'l str> {
        labels
            .into_iter()
            .filter_map(|label| Version::parse(label).map(|version| (version, label)))
            .filter(|(version, _)| match self {
                Self::Latest => true,
                Self::Within(stem) => {
                    version.distribution == stem.distribution
                        && version.numbers.starts_with(&stem.numbers)
                }
            })
            .max()
            .map(|(_, label)| label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for (older, newer) in [
            ("3.9", "3.10"),
            ("1.9", "1.20"),
            ("8", "10"),
            ("8", "8.0"),
            ("corretto8", "corretto11"),
            ("3.10", "4.0"),
        ] {
            assert!(
                Version::parse(older).unwrap() < Version::parse(newer).unwrap(),
                "{older} {newer}"
            );
        }
    }

    #[test]
    fn what_is_no_version_has_no_place() {
        for label in [
            "", "default", "latest", "3.x", "3.", ".3", "3..1", "+3", "3-rc", "lts1a",
        ] {
            assert_eq!(Version::parse(label), None, "{label}");
        }
        // More than any number holds.
        assert_eq!(Version::parse("99999999999999999999"), None);
    }

    #[test]
    fn an_alias_stands_for_the_newest_that_it_covers() {
        let python = ["3.9", "3.10", "2.7", "default"];
        let java = ["corretto8", "corretto11", "openjdk8", "corretto17"];
        for (alias, labels, label) in [
            ("3.x", &python[..], Some("3.10")),
            ("2.x", &python, Some("2.7")),
            ("latest", &python, Some("3.10")),
            ("4.x", &python, None),
            ("3.1.x", &python, None),
            ("corretto8.x", &java, Some("corretto8")),
            ("corretto1.x", &java, None),
            ("8.x", &java, None),
            ("latest", &java, Some("corretto17")),
            ("20.x", &["20", "200", "18"], Some("20")),
            ("3.10.x", &["3.10", "3.10.2", "3.10.12"], Some("3.10.12")),
            ("latest", &["default"], None),
        ] {
            let found = Alias::parse(alias).unwrap().newest(labels.iter().copied());
            assert_eq!(found, label, "{alias}");
        }
        for label in ["3", "3.10", "x", ".x", "lts", "lts-x", "Latest", "3.X", ""] {
            assert_eq!(Alias::parse(label), None, "{label}");
        }
    }
}
