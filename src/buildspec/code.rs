//! The lint codes: every kind of problem that cobuild finds in a buildspec, in one table.
//!
//! Codes are stable: comments in people's files name them. CodeBuild refuses a buildspec for those
//! below `bs100`; the others are warnings. What is said of a code is its page in `docs/lints`.

mod page;

pub use page::Page;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// CodeBuild refuses the buildspec.
    Error,
    /// CodeBuild takes the buildspec, but does something else than it seems to say.
    Warning,
}

impl Severity {
    /// Returns the word for it: `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Its stable number, such as `bs101`.
    pub id: &'static str,
    /// Its stable name, such as `unknown-key`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Its page, in Markdown.
    pub markdown: &'static str,
}

impl Code {
    /// Returns the code with this number or name, found without regard to case.
    pub fn find(text: &str) -> Option<&'static Self> {
        CODES
            .iter()
            .copied()
            .find(|code| code.id.eq_ignore_ascii_case(text) || code.name.eq_ignore_ascii_case(text))
    }

    /// Returns the parts of its page.
    pub fn page(&self) -> Page {
        // A test reads every page.
        Page::parse(self.markdown).unwrap_or_default()
    }
}

/// Defines the codes, each with the page `docs/lints/ID-NAME.md`, and the list of them.
macro_rules! codes {
    ($($constant:ident $severity:ident $id:literal $name:literal)+) => {
        $(
            pub(super) static $constant: Code = Code {
                id: $id,
                name: $name,
                severity: Severity::$severity,
                markdown: include_str!(concat!("../../docs/lints/", $id, "-", $name, ".md")),
            };
        )+

        /// Every code there is, by number.
        pub static CODES: &[&Code] = &[$(&$constant),+];
    };
}

codes! {
    SYNTAX Error "bs001" "syntax"
    NO_BUILDSPEC Error "bs002" "no-buildspec"
    VERSION Error "bs003" "version"
    PHASE_NAME Error "bs004" "phase-name"
    COMMAND_TYPE Error "bs005" "command-type"
    KIND Error "bs006" "kind"
    UNKNOWN_KEY Warning "bs101" "unknown-key"
    KEY_CASE Warning "bs102" "key-case"
    DUPLICATE_KEY Warning "bs103" "duplicate-key"
    EMPTY_PHASE Warning "bs104" "empty-phase"
    EMPTY_ITEM Warning "bs105" "empty-item"
    IGNORED_KIND Warning "bs106" "ignored-kind"
    ON_FAILURE Warning "bs107" "on-failure"
    REPORT_FORMAT Warning "bs108" "report-format"
    SHELL Warning "bs109" "shell"
    BOOLEAN Warning "bs110" "boolean"
    RUNTIME Warning "bs111" "runtime"
    UNKNOWN_CODE Warning "bs112" "unknown-code"
    STEPS Warning "bs113" "steps"
    SECRET Warning "bs201" "secret-reference"
    RESERVED_NAME Warning "bs202" "reserved-name"
    LITERAL_VARIABLE Warning "bs203" "literal-variable"
    CREDENTIALS Warning "bs204" "plain-credentials"
    UNSET_EXPORT Warning "bs205" "unset-export"
    UNUSABLE_NAME Warning "bs206" "unusable-name"
    GLOB Warning "bs301" "glob"
    NO_FILES Warning "bs302" "no-files"
    FALLBACK Warning "bs303" "fallback-without-key"
    IDENTIFIER Warning "bs401" "identifier"
    DUPLICATE_IDENTIFIER Warning "bs402" "duplicate-identifier"
    DEPENDENCY Warning "bs403" "unknown-dependency"
    CYCLE Warning "bs404" "dependency-cycle"
    BATCH_KIND Warning "bs405" "batch-kind"
    QUOTED_VERSION Warning "bs406" "quoted-version"
    FLEET Warning "bs407" "fleet-and-compute-type"
    UNPRIVILEGED Warning "bs408" "docker-unprivileged"
    PARALLELISM Warning "bs409" "parallelism"
    LOST_DEFINITION Warning "bs501" "lost-definition"
    LOST_OPTION Warning "bs502" "lost-option"
    BASHISM Warning "bs503" "bashism"
    LOST_STATUS Warning "bs504" "lost-status"
    LOST_STATE Warning "bs505" "lost-state"
    MASKED_FAILURE Warning "bs506" "masked-failure"
    DOCKER_DAEMON Warning "bs507" "docker-daemon"
    UNCHECKED_FAILURE Warning "bs508" "unchecked-failure"
    SHELL_SYNTAX Warning "bs509" "shell-syntax"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;
    use std::fs;
    use std::path::Path;

    use expect_test::expect_file;

    use super::*;
    use crate::buildspec::check;

    #[test]
    fn numbers_rise_and_names_are_unique() {
        assert!(CODES.windows(2).all(|pair| pair[0].id < pair[1].id));
        for code in CODES {
            let same = CODES.iter().filter(|other| other.name == code.name);
            assert_eq!(same.count(), 1, "{}", code.name);
            assert_eq!(Code::find(code.id), Some(*code));
            assert_eq!(Code::find(&code.name.to_uppercase()), Some(*code));
            assert_eq!(
                code.severity == Severity::Error,
                code.id < "bs100",
                "{}",
                code.id
            );
        }
        assert_eq!(Code::find("bs999"), None);
    }

    #[test]
    fn every_page_can_be_read_and_is_that_of_its_code() {
        for code in CODES {
            let page = Page::parse(code.markdown).unwrap_or_else(|| panic!("{}", code.id));
            assert_eq!(page.title, format!("{} {}", code.id, code.name));
            assert_eq!(page.severity, code.severity.as_str(), "{}", code.id);
            assert!(page.summary.ends_with('.') && !page.summary.contains('\n'));
            assert!(!page.explanation.contains("```"), "{}", code.id);
        }
    }

    #[test]
    fn the_wrong_buildspec_of_each_page_has_its_code_alone_and_the_right_one_has_none() {
        for code in CODES {
            let page = code.page();
            let wrong = check(page.wrong.as_bytes());
            assert!(!wrong.is_empty(), "{}", code.id);
            assert!(
                wrong.iter().all(|one| one.code == *code),
                "{}: {wrong:#?}",
                code.id
            );
            let right = check(page.right.as_bytes());
            assert!(right.is_empty(), "{}: {right:#?}", code.id);
        }
    }

    /// `UPDATE_EXPECT=1 cargo test --lib code` writes the index anew.
    #[test]
    fn the_index_lists_every_page_and_there_is_no_other() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lints");
        let mut index = "\
# Lints

What `cobuild check` finds in buildspecs. `cobuild check --explain CODE` shows a page in the terminal.

CodeBuild refuses a buildspec with an error. It takes a buildspec with a warning, but does something
else than the buildspec seems to say. `# cobuild: allow(CODE)` on a line, or on the line above it,
silences a warning; above everything else in the file, it silences the warning in the whole file.

| code | name | severity | what it means |
| --- | --- | --- | --- |
"
        .to_owned();
        let mut files = BTreeSet::from(["README.md".to_owned()]);
        for code in CODES {
            let file = format!("{}-{}.md", code.id, code.name);
            let (id, name, severity) = (code.id, code.name, code.severity.as_str());
            let summary = code.page().summary;
            writeln!(
                index,
                "| [{id}]({file}) | [{name}]({file}) | {severity} | {summary} |"
            )
            .unwrap();
            files.insert(file);
        }
        expect_file![directory.join("README.md")].assert_eq(&index);
        let there: BTreeSet<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(there, files);
    }
}
