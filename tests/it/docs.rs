//! The book and the pages at the root of the repository: links lead somewhere, samples are accepted,
//! flags exist, and the contract has the sections that the code names.

mod page;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use page::Page;

/// How many lines the README may have.
const README_LINES: usize = 150;

/// Flags that pages name by themselves and that belong to the programs of a build.
const FLAGS_OF_PROGRAMS: [&str; 3] = ["--test-command", "--files-search", "--sharding-strategy"];

/// A folder that the pages name and that a program makes.
const MADE: &str = "fuzz/artifacts";

/// The folder of the contract, which names flags of many programs and none of cobuild's.
const CONTRACT: &str = "docs/contract";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cobuild(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cobuild"));
    command.args(arguments).current_dir(root());
    command
}

/// The paths of all files below a folder that have this extension, relative to the repository.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = walkdir::WalkDir::new(root().join(folder))
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|kind| kind == extension))
        .map(|path| path.strip_prefix(root()).unwrap().to_owned())
        .collect();
    paths.sort();
    paths
}

/// Every page: those of the book, and those at the root.
fn pages() -> Vec<Page> {
    let mut paths = files("docs", "md");
    assert!(paths.len() > 30, "{paths:?}");
    paths.extend(
        [
            "README.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
            "CHANGELOG.md",
        ]
        .map(PathBuf::from),
    );
    paths.iter().map(|path| Page::read(root(), path)).collect()
}

fn page<'a>(pages: &'a [Page], path: &str) -> &'a Page {
    pages
        .iter()
        .find(|page| page.path == Path::new(path))
        .unwrap_or_else(|| panic!("there is no {path}"))
}

/// Fails with all findings at once.
fn none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

/// What is wrong with a link of a page, if anything.
fn wrong_link(pages: &[Page], page: &Page, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() {
        page.path.clone()
    } else {
        page::beside(&page.path, path)
    };
    if !root().join(&target).exists() {
        return Some(format!("{}: {link}: no such file", page.path.display()));
    }
    let heading = pages
        .iter()
        .find(|page| page.path == target)
        .is_none_or(|page| page.anchors.contains(anchor));
    (!anchor.is_empty() && !heading)
        .then(|| format!("{}: {link}: no such heading", page.path.display()))
}

#[test]
fn links_lead_to_files_and_headings_that_exist() {
    let pages = pages();
    let links: usize = pages.iter().map(|page| page.links.len()).sum();
    assert!(links > 200, "{links}");
    let wrong: Vec<String> = pages
        .iter()
        .flat_map(|page| page.links.iter().map(move |link| (page, link)))
        .filter_map(|(page, link)| wrong_link(&pages, page, link))
        .collect();
    none(&wrong);
}

#[test]
fn every_page_of_the_book_is_in_its_summary() {
    let pages = pages();
    let listed = |index: &str| -> BTreeSet<PathBuf> {
        let index = page(&pages, index);
        index
            .links
            .iter()
            .map(|link| page::beside(&index.path, link))
            .collect()
    };
    let summary = listed("docs/SUMMARY.md");
    let missing: Vec<String> = files("docs", "md")
        .into_iter()
        .filter(|path| path != Path::new("docs/SUMMARY.md") && !summary.contains(path))
        // The index of a folder may list its pages for the summary.
        .filter(|path| {
            let index = path.with_file_name("README.md");
            let index = index.to_str().unwrap();
            !(summary.contains(Path::new(index)) && listed(index).contains(path))
        })
        .map(|path| path.display().to_string())
        .collect();
    none(&missing);
}

/// What `cobuild check` says of a text, and whether it accepts it without a warning.
fn checked(buildspec: &str) -> (bool, String) {
    let mut check = cobuild(&["check", "--deny-warnings", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = check.stdin.take().unwrap();
    stdin.write_all(buildspec.as_bytes()).unwrap();
    drop(stdin);
    let output = check.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), said)
}

#[test]
fn buildspecs_of_the_pages_are_accepted_unless_they_are_marked_as_wrong() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        for block in page
            .blocks
            .iter()
            .filter(|block| block.language() == "yaml")
        {
            if !block.text.lines().any(|line| line.starts_with("version:")) {
                continue;
            }
            seen += 1;
            let (accepted, said) = checked(&block.text);
            if accepted == block.is_marked("wrong") {
                wrong.push(format!("{}:\n{}{said}", page.path.display(), block.text));
            }
        }
    }
    assert!(seen > 0);
    none(&wrong);
}

/// The sections of the contract that a text names: `§1.4`, `contract §1.3 to §1.10`.
fn named_sections(text: &str) -> impl Iterator<Item = String> {
    text.split('§').skip(1).filter_map(|rest| {
        let number: String = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        let number = number.trim_end_matches('.');
        (!number.is_empty()).then(|| number.to_owned())
    })
}

#[test]
fn sections_of_the_contract_that_the_code_names_have_headings() {
    let pages = pages();
    let headings: BTreeSet<String> = pages
        .iter()
        .filter(|page| page.path.starts_with(CONTRACT))
        .flat_map(|page| &page.headings)
        .filter_map(|heading| heading.split(' ').next())
        .map(|number| number.trim_end_matches('.').to_owned())
        .collect();
    let mut seen = 0;
    let mut missing = Vec::new();
    for folder in ["src", "crates", "tests"] {
        for path in files(folder, "rs").into_iter().chain(files(folder, "sh")) {
            if path == Path::new("tests/it/docs.rs") {
                continue;
            }
            let text = fs::read_to_string(root().join(&path)).unwrap();
            for number in named_sections(&text) {
                seen += 1;
                if !headings.contains(&number) {
                    missing.push(format!("{}: §{number}", path.display()));
                }
            }
        }
    }
    assert!(seen > 80, "{seen}");
    none(&missing);
}

#[test]
fn files_of_the_repository_that_the_pages_name_exist() {
    let mut seen = 0;
    let mut missing = Vec::new();
    for page in pages() {
        if page.path.starts_with(CONTRACT) {
            continue;
        }
        for name in page.files() {
            seen += 1;
            if name != MADE && !root().join(name).exists() {
                missing.push(format!("{}: {name}", page.path.display()));
            }
        }
    }
    assert!(seen > 50, "{seen}");
    none(&missing);
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string(root().join("README.md")).unwrap();
    let lines = lines.lines().count();
    assert!(lines <= README_LINES, "{lines}");
}

/// The long flags of the help of a command, and those of its subcommands.
fn flags(command: &mut Vec<String>, flags: &mut BTreeSet<String>) {
    let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
    arguments.push("--help");
    let output = cobuild(&arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    let help = String::from_utf8(output.stdout).unwrap();
    flags.extend(page::flags_of(&help));
    let (_, rest) = help.split_once("Commands:\n").unwrap_or_default();
    let subcommands = rest
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next());
    for subcommand in subcommands.filter(|name| *name != "help") {
        command.push(subcommand.to_owned());
        self::flags(command, flags);
        command.pop();
    }
}

#[test]
fn flags_that_the_pages_name_exist() {
    let mut exist = BTreeSet::new();
    flags(&mut Vec::new(), &mut exist);
    assert!(exist.contains("--show-changes"), "{exist:?}");
    assert!(exist.contains("--dry-run"), "{exist:?}");
    exist.extend(FLAGS_OF_PROGRAMS.map(str::to_owned));
    let mut seen = 0;
    let mut unknown = Vec::new();
    for page in pages() {
        if page.path.starts_with(CONTRACT) {
            continue;
        }
        for flag in page.flags() {
            seen += 1;
            if !exist.contains(&flag) {
                unknown.push(format!("{}: {flag}", page.path.display()));
            }
        }
    }
    assert!(seen > 150, "{seen}");
    none(&unknown);
}
