//! What the user has limited stays so: a file that nobody trusts does not loosen it.

use super::Entry;

/// Flags that limit a build, or keep things out of it, and what would undo them.
const GUARDS: &[(&str, &[&str])] = &[
    // A size of one's own takes the place of that of the compute type.
    ("compute-type", &["compute-type", "cpus", "memory"]),
    ("cpus", &["cpus"]),
    ("memory", &["memory"]),
    // The kind decides whether `.git` comes in; an initiator implies a kind.
    ("as", &["as", "initiator"]),
    ("initiator", &["as", "initiator"]),
    ("git-clone-depth", &["git-clone-depth"]),
    ("pids-limit", &["pids-limit"]),
    ("shm-size", &["shm-size"]),
    ("ulimit", &["ulimit"]),
    ("network", &["network"]),
    ("timeout", &["timeout"]),
    ("grace", &["grace"]),
    ("pull", &["pull"]),
    ("respect-gitignore", &["respect-gitignore"]),
];

/// Takes away what a file that nobody trusts says of a limit that the user sets: in a file of his own, by a
/// variable, or on the command line.
pub fn keep_guards(of_project: &mut Vec<Entry>, of_user: &[Entry]) {
    of_project.retain(|entry| {
        let mut set = of_user.iter().map(|entry| entry.name.as_str());
        !set.any(|name| {
            let mut guards = GUARDS.iter().filter(|(guard, _)| *guard == name);
            guards.any(|(_, undone_by)| undone_by.contains(&entry.name.as_str()))
        })
    });
}

#[cfg(test)]
mod tests {
    use super::super::Origin;
    use super::*;

    fn entries(names: &[&str]) -> Vec<Entry> {
        let entry = |name: &&str| Entry {
            name: (*name).to_owned(),
            value: "1".into(),
            origin: Origin::Flag((*name).to_owned()),
        };
        names.iter().map(entry).collect()
    }

    #[test]
    fn what_the_user_limits_stays_limited() {
        let mut of_project = entries(&["image", "memory", "network", "timeout", "exclude"]);
        keep_guards(
            &mut of_project,
            &entries(&["image", "compute-type", "network"]),
        );
        assert_eq!(of_project, entries(&["image", "timeout", "exclude"]));
        let mut of_project = entries(&["cpus", "memory"]);
        keep_guards(&mut of_project, &entries(&["cpus"]));
        assert_eq!(of_project, entries(&["memory"]));
    }
}
