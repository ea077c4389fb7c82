//! What was removed, for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::report::Report;
use crate::cli::age::age;
use crate::leftovers::{Leftover, LeftoverKind};
use crate::sinks::size;
use crate::terminal::Page;

/// Writes the report.
pub(super) fn text(report: &Report) -> Page {
    let mut text = Page::default();
    let verb = if report.dry_run {
        "would remove"
    } else {
        "removed"
    };
    for leftover in &report.gone {
        let _ = writeln!(text, "{verb} {}", described(leftover));
    }
    for (leftover, reason) in &report.stuck {
        let _ = writeln!(text, "cannot remove {}: {reason}", described(leftover));
        if leftover.kind == LeftoverKind::Directory {
            let _ = writeln!(text, "  `sudo rm -r {}` removes it", leftover.name);
        }
    }
    if report.gone.is_empty() && report.stuck.is_empty() {
        let _ = writeln!(text, "nothing was left");
    }
    if !report.living.is_empty() {
        let living = counted(report.living.iter());
        let _ = writeln!(
            text,
            "left alone, since their runs live or may live: {living}; `--all` takes them too"
        );
    }
    if !report.unproven.is_empty() {
        let unproven = counted(report.unproven.iter());
        let _ = writeln!(
            text,
            "left alone, since nothing proves that your cobuild made them: {unproven}; what is yours goes with"
        );
        for leftover in &report.unproven {
            let verb = removal(leftover.kind);
            let _ = writeln!(text, "  {} {verb} {}", report.client, short(leftover));
        }
    }
    if report.of_other_hosts > 0 {
        let count = report.of_other_hosts;
        let _ = writeln!(text, "left alone, as other hosts': {count} in the engine");
    }
    if let Some(engine) = &report.not_looked_at {
        let kept = match engine.directories {
            0 => String::new(),
            count => format!(", nor at the directories of kept containers ({count})"),
        };
        let _ = writeln!(text, "the engine was not looked at{kept}");
    }
    text
}

/// Says what of living runs goes.
pub(super) fn warning<'a>(living: impl Iterator<Item = &'a Leftover>, dry_run: bool) -> Page {
    let living: Vec<&Leftover> = living.collect();
    let builds: BTreeSet<&str> = living
        .iter()
        .filter(|leftover| leftover.kind == LeftoverKind::Container)
        .filter_map(|leftover| leftover.build.as_deref())
        .collect();
    let verb = if dry_run { "would lose" } else { "lose" };
    let mut text = Page::default();
    let _ = writeln!(
        text,
        "warning: runs that live or may live {verb} {}",
        counted(living.iter().copied())
    );
    for build in builds {
        let _ = writeln!(text, "  {build}");
    }
    text
}

/// How many there are of each kind.
fn counted<'a>(leftovers: impl Iterator<Item = &'a Leftover>) -> String {
    let mut kinds: Vec<LeftoverKind> = leftovers.map(|leftover| leftover.kind).collect();
    kinds.sort();
    kinds
        .chunk_by(|one, other| one == other)
        .filter_map(|group| {
            let plural = match (group.first()?, group.len()) {
                (kind, 1) => kind.as_str().to_owned(),
                (LeftoverKind::Directory, _) => "directories".to_owned(),
                (kind, _) => format!("{}s", kind.as_str()),
            };
            Some(format!("{} {plural}", group.len()))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// What the client of the engine calls the removal of such a thing.
fn removal(kind: LeftoverKind) -> &'static str {
    match kind {
        LeftoverKind::Container => "rm --force --volumes",
        LeftoverKind::Volume => "volume rm",
        LeftoverKind::Network => "network rm",
        LeftoverKind::Image | LeftoverKind::Directory | LeftoverKind::Cache => "rmi",
    }
}

fn short(leftover: &Leftover) -> &str {
    match leftover.kind {
        LeftoverKind::Container => leftover.name.get(..12).unwrap_or(&leftover.name),
        LeftoverKind::Volume
        | LeftoverKind::Network
        | LeftoverKind::Image
        | LeftoverKind::Directory
        | LeftoverKind::Cache => &leftover.name,
    }
}

fn described(leftover: &Leftover) -> String {
    let name = short(leftover);
    let mut text = format!("{} {name}", leftover.kind.as_str());
    if let Some(build) = &leftover.build {
        let _ = write!(text, " of {build}");
    }
    let mut details = Vec::new();
    if let Some(seconds) = leftover.created {
        let age = age(seconds.saturating_mul(1000), Timestamp::now());
        details.push(format!("{age} old"));
    }
    if let Some(bytes) = leftover.size {
        details.push(size(bytes));
    }
    if !details.is_empty() {
        let _ = write!(text, " ({})", details.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_counted() {
        let leftover = |kind| Leftover {
            kind,
            name: String::new(),
            build: None,
            created: None,
            size: None,
        };
        let leftovers = [
            LeftoverKind::Directory,
            LeftoverKind::Container,
            LeftoverKind::Directory,
        ]
        .map(leftover);
        assert_eq!(counted(leftovers.iter()), "1 container, 2 directories");
    }
}
