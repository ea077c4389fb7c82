//! Writes the program that the worker reads: calls of its functions, every word quoted.

use std::path::Path;

use crate::plan::is_variable_name;
use crate::source::git;

/// Calls of the worker, one after the other.
#[derive(Debug, Default)]
pub(in crate::runner) struct Program {
    text: String,
}

impl Program {
    /// Adds a call of `function` with these words.
    pub(in crate::runner) fn call(&mut self, function: &str, words: &[&str]) {
        self.text.push_str(function);
        for word in words {
            self.text.push(' ');
            self.text.push_str(&quote(word));
        }
        self.text.push('\n');
    }

    /// Lets git as root use a tree of another owner.
    pub(in crate::runner) fn trust(&mut self, directory: &Path) {
        let directory = git::quote(&directory.to_string_lossy());
        let trust = format!("[safe]\n\tdirectory = {directory}\n");
        self.call("cobuild_system", &["mkdir", "-p", "/root"]);
        self.call("cobuild_append", &["/root/.gitconfig", &trust]);
    }

    pub(in crate::runner) fn text(&self) -> &str {
        &self.text
    }
}

/// Variables that shells keep for themselves: an assignment is refused, and ends a script.
const READ_ONLY: [&str; 6] = [
    "BASHOPTS",
    "BASH_VERSINFO",
    "EUID",
    "PPID",
    "SHELLOPTS",
    "UID",
];

/// Writes the assignments of exported variables, one a line, for a shell to read; a name that no
/// shell can assign is left out.
pub(in crate::runner) fn exports<'a>(
    variables: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        if is_variable_name(name) && !READ_ONLY.contains(&name) {
            text.push_str("export ");
            text.push_str(name);
            text.push('=');
            text.push_str(&quote(value));
            text.push('\n');
        }
    }
    text
}

/// Whether a variable can be unset: the shell does not refuse it, and the worker does not need it.
pub(in crate::runner) fn can_be_unset(name: &str) -> bool {
    is_variable_name(name)
        && !READ_ONLY.contains(&name)
        && name != "OPTIND"
        && !name.starts_with("cobuild_")
}

/// Quotes a text so that a POSIX shell reads it as one word. The NUL byte, which no shell can hold,
/// is left out.
pub(in crate::runner) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for part in text.split_inclusive('\'') {
        match part.strip_suffix('\'') {
            Some(before) => {
                quoted.push_str(before);
                quoted.push_str("'\\''");
            }
            None => quoted.push_str(part),
        }
    }
    quoted.push('\'');
    quoted.retain(|c| c != '\0');
    quoted
}

/// Removes comments and indentation: shells read the program byte by byte. A literal text of
/// several lines must have neither.
pub(in crate::runner) fn compact<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for line in lines {
        let line = line.trim_start();
        if !line.is_empty() && !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_programs_have_their_commands_alone() {
        let program = "#!/bin/sh\n# why\nif true; then\n    a='\n'\n\n    # how\n    echo \"# $a\" # end\nfi\n";
        assert_eq!(
            compact(program.lines()),
            "if true; then\na='\n'\necho \"# $a\" # end\nfi\n"
        );
    }

    #[test]
    fn quoting_survives_a_shell() {
        for text in [
            "",
            "plain",
            "it's",
            "''",
            "a\nb\n",
            "$HOME `x` \\ \"",
            "é\u{81}",
        ] {
            let shell = std::process::Command::new("sh")
                .arg("-c")
                .arg(format!("printf %s {}", quote(text)))
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&shell.stdout), text);
        }
    }
}
