//! Selects cases by the arguments.

/// Whether the command line asks for a case: its arguments are parts of names.
pub(crate) fn is_selected(name: &str) -> bool {
    let mut parts = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    parts.peek().is_none() || parts.any(|part| name.contains(&part))
}
