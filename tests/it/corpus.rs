//! Real buildspecs: everything that a folder beside the checkout holds is read, and judged as the
//! folder's own index judges it. The files themselves are no part of this repository.
//!
//! `corpus/verdicts.tsv` has a row for each file that is refused, with the line and the words, and for
//! each file with which we deal in another way than the index says, with the reason. A row that its
//! file does not bear out is a failure, and so is a file that wants for a row.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write as _;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cobuild::buildspec::{Severity, check, parse, readable};

use crate::surprises;

/// How long reading one file may take: far more than it does, so that only a hang exceeds it.
const FOREVER: Duration = Duration::from_mins(1);

/// The kinds of surprise for which the index says that CodeBuild refuses a file. An account of them
/// stands beside the files.
const REFUSED: &[&str] = &[
    "INVALID YAML",
    "commands: mapping item",
    "finally: mapping item",
    "phase list: mapping item",
    "unknown phase",
    "phase is a list",
    "phase is str",
    "build-list identifier with odd characters",
    "build-graph identifier with odd characters",
    "build-graph depend-on names an unknown task",
    "build-list duplicate identifier",
];

/// What we make of a file, by `verdicts.tsv`.
enum Verdict {
    /// It is not YAML: libyaml stops on the last of these lines, counted from 1, for this reason; on the
    /// first of them it began what it then could not end.
    Syntax(RangeInclusive<usize>, &'static str),
    /// It is YAML, and refused for what stands on this line with these words.
    Refused(usize, &'static str),
    /// It is taken, with a warning on this line: only a batch build refuses it.
    Batch(usize),
}

/// What became of a file.
struct Reading {
    refusal: Option<String>,
    /// The lines of the errors, with CodeBuild's words.
    errors: Vec<(usize, Option<String>)>,
    /// The lines of the warnings.
    warnings: Vec<usize>,
    /// The last line that has more than blanks.
    last_line: usize,
}

impl Reading {
    fn of(bytes: &[u8]) -> Self {
        let found = check(bytes);
        let text = readable(bytes);
        let (errors, warnings): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|one| one.severity() == Severity::Error);
        Self {
            refusal: parse(bytes).err().map(|refusal| refusal.message),
            errors: errors
                .into_iter()
                .map(|one| (one.span.start.line, one.note))
                .collect(),
            warnings: warnings.iter().map(|one| one.span.start.line).collect(),
            last_line: (1..)
                .zip(text.split('\n'))
                .filter(|(_, line)| !line.trim().is_empty())
                .last()
                .map_or(1, |(number, _)| number),
        }
    }

    /// Reads a file, but neither panics with it nor waits for it forever.
    fn of_file(path: &Path) -> Result<Self, String> {
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(Self::of(&bytes)));
        receiver.recv_timeout(FOREVER).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => format!("takes more than {FOREVER:?}"),
            mpsc::RecvTimeoutError::Disconnected => "panics".to_owned(),
        })
    }

    /// Says what is wrong with what became of a file of which the index says whether it is refused.
    fn problem(&self, refused: Option<bool>, verdict: Option<&Verdict>) -> Option<String> {
        let Self {
            refusal, errors, ..
        } = self;
        let first = refusal.as_deref();
        let told = match first {
            Some(first) => errors.iter().any(|(_, note)| says(note.as_deref(), first)),
            None => errors.is_empty(),
        };
        if !told {
            return Some(format!(
                "{first:?} when it is read, {errors:?} when it is checked"
            ));
        }
        match verdict {
            Some(Verdict::Syntax(lines, problem)) => {
                let (first, last) = (*lines.start(), *lines.end());
                // CodeBuild counts from 0.
                let text = format!("{problem} at line {}", last - 1);
                // libyaml notices the end of everything on a line of its own.
                let last = last.min(self.last_line);
                self.expect(first.min(last)..=last, &text)
            }
            Some(Verdict::Refused(line, text)) => self.expect(*line..=*line, text),
            Some(Verdict::Batch(line)) => {
                let holds = first.is_none() && self.warnings.contains(line);
                (!holds || refused == Some(false))
                    .then(|| format!("{first:?}, and warnings on lines {:?}", self.warnings))
            }
            None => refused
                .is_some_and(|refused| refused != first.is_some())
                .then(|| format!("{first:?} {errors:?}, which is not what the index says")),
        }
    }

    /// Says what is wrong unless the file is refused with these words, and the error is on one of
    /// these lines.
    fn expect(&self, lines: RangeInclusive<usize>, text: &str) -> Option<String> {
        let there = |(at, note): &(usize, Option<String>)| {
            lines.contains(at) && says(note.as_deref(), text)
        };
        let holds = self.refusal.as_deref() == Some(text) && self.errors.iter().any(there);
        (!holds).then(|| {
            let Self {
                refusal, errors, ..
            } = self;
            format!("{text:?} was expected on {lines:?}, not {refusal:?}, {errors:?}")
        })
    }
}

/// Whether a note has a refusal in it, behind the name of the error.
fn says(note: Option<&str>, refusal: &str) -> bool {
    note.is_some_and(|note| note.ends_with(refusal))
}

/// Returns the folder of the real buildspecs, if there is one: `COBUILD_CORPUS`, else a place beside
/// the checkout.
fn folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("COBUILD_CORPUS") {
        let folder = PathBuf::from(folder);
        assert!(
            folder.is_dir(),
            "COBUILD_CORPUS is no directory: {}",
            folder.display()
        );
        return Some(folder);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    // Not `eprintln!`, which is not shown of a test that passes.
    let _ = writeln!(
        std::io::stderr(),
        "nothing to read: there is no {}",
        folder.display()
    );
    None
}

fn verdicts() -> BTreeMap<&'static str, Verdict> {
    let rows = include_str!("corpus/verdicts.tsv").lines().skip(1);
    rows.map(|row| {
        let [file, verdict, line, text, because] =
            row.split('\t').collect::<Vec<_>>().try_into().unwrap();
        assert!(because.ends_with('.'), "{file} needs a reason");
        let verdict = match verdict {
            "syntax" => Verdict::Syntax(surprises::line_range(line), text),
            "refused" => Verdict::Refused(line.parse().unwrap(), text),
            "batch" => Verdict::Batch(line.parse().unwrap()),
            _ => panic!("{row}"),
        };
        (file, verdict)
    })
    .collect()
}

/// Returns of each file in the index whether CodeBuild refuses it.
fn index(folder: &Path) -> HashMap<String, bool> {
    let text = fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    let mut rows = text.lines().map(|row| row.split('\t').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let column = |name| header.iter().position(|one| *one == name).unwrap();
    let [file, yaml, features, surprises] =
        ["file", "valid_yaml", "features", "surprises"].map(column);
    rows.map(|row| {
        let surprises: Vec<&str> = row[surprises].split(';').map(str::trim).collect();
        let has = |name| surprises.contains(&name);
        // A list of builds may lack the version; what has phases may not.
        let version = if has("version missing") {
            !has("no phases")
        } else {
            has("version other value")
        };
        let nothing = row[features].split(',').any(|one| one == "EMPTY-FILE");
        let refused =
            row[yaml] == "no" || nothing || version || REFUSED.iter().any(|name| has(name));
        (row[file].to_owned(), refused)
    })
    .collect()
}

/// Lists the files of the folder, relative to it.
fn files(folder: &Path) -> Vec<String> {
    ["files", "docs", "odd"]
        .into_iter()
        .flat_map(|part| {
            let entries = fs::read_dir(folder.join(part)).unwrap();
            entries.map(move |entry| format!("{part}/{}", entry.unwrap().file_name().display()))
        })
        .collect()
}

#[test]
fn every_real_buildspec_is_judged_as_codebuild_judges_it() {
    let Some(folder) = folder() else {
        return;
    };
    let verdicts = verdicts();
    let index = index(&folder);
    let files = files(&folder);
    assert!(!files.is_empty(), "{}", folder.display());
    let mut problems: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let refused = index.get(file).copied();
            let problem = match Reading::of_file(&folder.join(file)) {
                Ok(reading) => reading.problem(refused, verdicts.get(file.as_str())),
                Err(problem) => Some(problem),
            };
            problem.map(|problem| format!("{file}: {problem}"))
        })
        .collect();
    let account = fs::read_to_string(folder.join("SURPRISES.md")).unwrap();
    problems.append(&mut surprises::without_a_case(&account));
    assert!(
        problems.is_empty(),
        "{} problems with {} files:\n{}",
        problems.len(),
        files.len(),
        problems.join("\n")
    );
}
