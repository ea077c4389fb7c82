//! What an exit status means.

/// Says in a few words what the exit status of a command means, where it has a meaning of its own.
///
/// Shells give 126 and 127 themselves, and 128 plus its number for a signal.
pub(super) fn meaning(exit_status: i32) -> Option<String> {
    let known = match exit_status {
        124 => "timeout(1) ended it",
        126 => "not executable: a file that was to run lacks the permission or is no program",
        127 => "not found: a command does not exist in the image",
        130 => "interrupted (SIGINT)",
        132 => "illegal instruction (SIGILL): a program for another processor?",
        134 => "aborted (SIGABRT)",
        135 => "bus error (SIGBUS)",
        136 => "arithmetic error (SIGFPE)",
        137 => "killed (SIGKILL): out of memory, or somebody killed it",
        139 => "segmentation fault (SIGSEGV)",
        141 => "broken pipe (SIGPIPE): nobody read what it wrote",
        143 => "terminated (SIGTERM)",
        129..=192 => return Some(format!("ended by signal {}", exit_status - 128)),
        _ => return None,
    };
    Some(known.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_with_a_meaning_have_words() {
        for (status, words) in [
            (126, Some("not executable")),
            (127, Some("not found")),
            (137, Some("out of memory")),
            (138, Some("ended by signal 10")),
            (1, None),
            (0, None),
            (255, None),
        ] {
            let meaning = meaning(status);
            match words {
                Some(words) => assert!(meaning.unwrap().contains(words), "{status}"),
                None => assert_eq!(meaning, None, "{status}"),
            }
        }
    }
}
