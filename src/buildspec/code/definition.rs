//! What is said of a kind of problem, wherever it occurs.

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// CodeBuild refuses the buildspec.
    Error,
    /// CodeBuild takes the buildspec, but does something else than it seems to say.
    Warning,
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
    /// What it means, in one line.
    pub summary: &'static str,
    /// Why it is a problem and what to do, in a paragraph.
    pub explanation: &'static str,
    /// A buildspec that has it.
    pub bad: &'static str,
    /// The same without it.
    pub good: &'static str,
}
