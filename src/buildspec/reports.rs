//! The `reports` section: which files report groups take (contract §1.7).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One group under `reports`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportGroup {
    /// Globs relative to the base directory.
    pub files: Vec<String>,
    /// What the files are.
    #[serde(rename = "fileFormat")]
    pub format: ReportFormat,
    /// `base-directory`; may hold shell expansions.
    pub base_directory: Option<String>,
    /// Whether the raw files go flat into one directory.
    pub discard_paths: bool,
}

/// The `file-format` of a report group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub enum ReportFormat {
    /// Cucumber's JSON.
    CucumberJson,
    /// JUnit's XML; what a group takes that does not say.
    #[default]
    JunitXml,
    /// NUnit's XML before version 3.
    NunitXml,
    /// NUnit's XML since version 3.
    Nunit3Xml,
    /// TestNG's XML.
    TestngXml,
    /// Visual Studio's TRX.
    VisualStudioTrx,
    /// Clover's coverage XML.
    CloverXml,
    /// Cobertura's coverage XML.
    CoberturaXml,
    /// JaCoCo's coverage XML.
    JacocoXml,
    /// SimpleCov's coverage JSON.
    SimpleCov,
    /// What CodeBuild has no name for, as written.
    Unknown(String),
}

/// Every format with its name, in the order of the reference.
const FORMATS: [(&str, ReportFormat); 10] = [
    ("CUCUMBERJSON", ReportFormat::CucumberJson),
    ("JUNITXML", ReportFormat::JunitXml),
    ("NUNITXML", ReportFormat::NunitXml),
    ("NUNIT3XML", ReportFormat::Nunit3Xml),
    ("TESTNGXML", ReportFormat::TestngXml),
    ("VISUALSTUDIOTRX", ReportFormat::VisualStudioTrx),
    ("CLOVERXML", ReportFormat::CloverXml),
    ("COBERTURAXML", ReportFormat::CoberturaXml),
    ("JACOCOXML", ReportFormat::JacocoXml),
    ("SIMPLECOV", ReportFormat::SimpleCov),
];

impl ReportFormat {
    /// Reads a `file-format`, without regard to case.
    pub(super) fn from_text(text: &str) -> Self {
        FORMATS
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text.trim()))
            .map_or_else(|| Self::Unknown(text.to_owned()), |(_, format)| format)
    }

    /// Returns the name that CodeBuild has for it, or what was written when there is none.
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown(written) => written,
            known => FORMATS
                .iter()
                .find(|(_, format)| format == known)
                .map_or("", |(name, _)| name),
        }
    }
}

impl From<String> for ReportFormat {
    fn from(text: String) -> Self {
        Self::from_text(&text)
    }
}

impl From<ReportFormat> for String {
    fn from(format: ReportFormat) -> Self {
        format.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::{Section, Shape};
    use super::super::model::Version;
    use super::super::parse::parse;
    use super::super::refusal::Refusal;
    use super::*;

    fn reports(reports: &str) -> Result<Vec<(String, ReportGroup)>, Refusal> {
        parse(format!("version: 0.2\nreports: {reports}\n").as_bytes()).map(|it| it.reports)
    }

    #[test]
    fn every_key_of_a_group_is_read() {
        let groups = reports(
            "{unit: {files: ['**/*.xml', a], file-format: CucumberJson, base-directory: out, \
             discard-paths: yes}, 'arn:aws:codebuild:r:1:report-group/g': {files: a}, $GROUP: }",
        )
        .unwrap();
        let unit = ReportGroup {
            files: vec!["**/*.xml".to_owned(), "a".to_owned()],
            format: ReportFormat::CucumberJson,
            base_directory: Some("out".to_owned()),
            discard_paths: true,
        };
        let by_arn = ReportGroup {
            files: vec!["a".to_owned()],
            ..ReportGroup::default()
        };
        assert_eq!(
            groups,
            [
                ("unit".to_owned(), unit),
                ("arn:aws:codebuild:r:1:report-group/g".to_owned(), by_arn),
                ("$GROUP".to_owned(), ReportGroup::default()),
            ]
        );
    }

    #[test]
    fn the_table_of_keys_lists_the_formats() {
        let key = Section::Report.key("file-format", Version::V0_2).unwrap();
        let names = FORMATS.map(|(name, _)| name);
        assert!(matches!(key.shape, Shape::Choice(listed) if listed == names));
    }

    #[test]
    fn formats_have_names() {
        for (written, format, name) in [
            ("junitxml", ReportFormat::JunitXml, "JUNITXML"),
            (
                "VisualStudioTrx",
                ReportFormat::VisualStudioTrx,
                "VISUALSTUDIOTRX",
            ),
            ("", ReportFormat::JunitXml, "JUNITXML"),
            ("lcov", ReportFormat::Unknown("lcov".to_owned()), "lcov"),
        ] {
            let groups = reports(&format!("{{a: {{file-format: '{written}'}}}}")).unwrap();
            assert_eq!(groups[0].1.format, format);
            assert_eq!(groups[0].1.format.name(), name);
        }
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused() {
        for (written, message) in [
            ("junit.xml", "Cannot unmarshal string to map"),
            ("[a]", "Cannot unmarshal list to map"),
            ("{a: junit.xml}", "Cannot unmarshal string to map"),
            ("{a: {files: {b: c}}}", "Cannot unmarshal map to list"),
            (
                "{a: {discard-paths: [yes]}}",
                "Cannot unmarshal list to bool",
            ),
        ] {
            assert_eq!(reports(written).unwrap_err().message, message, "{written}");
        }
    }
}
