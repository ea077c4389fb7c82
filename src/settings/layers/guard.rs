//! What the user has limited stays so: a file that nobody trusts does not loosen it.

use super::Entry;

/// Flags that limit a build, or keep things out of it. Those of one group say the same in several ways.
const GUARDS: &[&[&str]] = &[
    &["compute-type", "cpus", "memory"],
    &["pids-limit"],
    &["shm-size"],
    &["ulimit"],
    &["network"],
    &["timeout"],
    &["grace"],
    &["pull"],
    &["respect-gitignore"],
];

/// Takes away what a file that nobody trusts says of a limit that the user's own file sets.
pub fn keep_guards(of_project: &mut Vec<Entry>, of_user: &[Entry]) {
    of_project.retain(|entry| {
        let mut groups = GUARDS.iter().filter(|it| it.contains(&entry.name.as_str()));
        !groups.any(|group| {
            let mut set = of_user.iter().map(|entry| entry.name.as_str());
            set.any(|name| group.contains(&name))
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
    }
}
