//! What the build changed in its sources, after the summary.

use std::io::{self, Write};

use super::Sink;
use crate::event::{BuildEvent, ChangeKind, Event, SourceChanges, SourceEvent, Timestamped};
use crate::phase::Status;
use crate::terminal::Out;

/// Lists changes as `git status --short` does: `A`, `M` or `D`, and the path.
pub struct Changes<W: Write> {
    out: Out<W>,
    /// How many lines are shown of each source; all without it.
    most: Option<usize>,
    sources: Vec<SourceChanges>,
}

impl<W: Write> std::fmt::Debug for Changes<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}

impl<W: Write> Changes<W> {
    /// Makes a sink that writes to `out`, at the most `most` changes of each source.
    pub fn new(out: Out<W>, most: Option<usize>) -> Self {
        Self {
            out,
            most,
            sources: Vec::new(),
        }
    }

    fn write(&mut self, source: &SourceChanges) -> io::Result<()> {
        let name = match &source.identifier {
            None => "the source".to_owned(),
            Some(identifier) => format!("the source `{identifier}`"),
        };
        for problem in &source.problems {
            writeln!(self.out, "changes in {name}: {problem}")?;
        }
        let Some(changes) = &source.changes else {
            return Ok(());
        };
        if changes.is_empty() {
            return writeln!(self.out, "changes in {name}: none");
        }
        writeln!(self.out, "changes in {name}:")?;
        let most = self.most.unwrap_or(usize::MAX);
        for change in changes.iter().take(most) {
            writeln!(self.out, "{} {}", letter(change.kind), change.path)?;
        }
        match changes.len().saturating_sub(most) {
            0 => Ok(()),
            more => writeln!(self.out, "… and {more} more"),
        }
    }
}

impl<W: Write + Send> Sink for Changes<W> {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        match &event.event {
            Event::Source(SourceEvent::Changed(changes)) => self.sources.push(changes.clone()),
            Event::Build(BuildEvent::Finished { status }) if *status != Status::Fault => {
                for source in std::mem::take(&mut self.sources) {
                    self.write(&source)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Returns the letter that git has for a change.
fn letter(kind: ChangeKind) -> char {
    match kind {
        ChangeKind::Added => 'A',
        ChangeKind::Modified => 'M',
        ChangeKind::Deleted => 'D',
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::event::Change;

    fn shown(changes: Option<usize>, most: Option<usize>) -> String {
        let mut bytes = Vec::new();
        let mut sink = Changes::new(Out::file(&mut bytes), most);
        let change = |number| Change {
            kind: ChangeKind::Added,
            path: format!("file{number}"),
        };
        let events = [
            Event::from(SourceEvent::Changed(SourceChanges {
                identifier: None,
                directory: "/src".into(),
                changes: changes.map(|count| (0..count).map(change).collect()),
                problems: Vec::new(),
            })),
            Event::from(BuildEvent::Finished {
                status: Status::Failed,
            }),
        ];
        for event in events {
            let time = Timestamp::UNIX_EPOCH;
            sink.event(&Timestamped { time, event }).unwrap();
        }
        drop(sink);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_terminal_is_not_flooded() {
        assert_eq!(shown(Some(0), Some(1)), "changes in the source: none\n");
        assert_eq!(
            shown(Some(3), Some(1)),
            "changes in the source:\nA file0\n… and 2 more\n"
        );
        assert_eq!(shown(Some(300), None).lines().count(), 301);
        assert_eq!(shown(None, None), "");
    }
}
