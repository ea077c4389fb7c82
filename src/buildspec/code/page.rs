//! The page of a code: a Markdown file of a fixed shape, taken apart.

/// The parts of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Page {
    /// Number and name of the code.
    pub title: &'static str,
    /// The word for the severity.
    pub severity: &'static str,
    /// What the problem is, in one line.
    pub summary: &'static str,
    /// Why it is a problem and what to do: paragraphs with blank lines between them.
    pub explanation: &'static str,
    /// A buildspec that has the problem, and no other.
    pub wrong: &'static str,
    /// A buildspec without it.
    pub right: &'static str,
}

impl Page {
    /// Takes a page apart; `None` when it does not have the shape of one.
    pub(super) fn parse(markdown: &'static str) -> Option<Self> {
        let (title, rest) = markdown.strip_prefix("# ")?.split_once("\n\n")?;
        let (header, rest) = rest.split_once("\n\n")?;
        let (severity, summary) = header.strip_prefix("**")?.split_once("**: ")?;
        let (explanation, rest) = rest.split_once("\n\n## Wrong\n\n```yaml,wrong\n")?;
        let (wrong, rest) = rest.split_once("```\n\n## Right\n\n```yaml\n")?;
        Some(Self {
            title,
            severity,
            summary,
            explanation,
            wrong,
            right: rest.strip_suffix("```\n")?,
        })
    }

    /// Returns the paragraphs of the explanation, each on one line.
    pub fn paragraphs(&self) -> impl Iterator<Item = String> {
        let paragraphs = self.explanation.split("\n\n");
        paragraphs.map(|paragraph| paragraph.replace('\n', " "))
    }
}
