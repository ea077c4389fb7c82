//! One page of Markdown, and what tests want to know of it.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// How the names of files of the repository begin.
const FOLDERS: [&str; 8] = [
    "src/",
    "crates/",
    "tests/",
    "examples/",
    "buildspecs/",
    "benches/",
    "fuzz/",
    "scripts/",
];

/// A page.
pub(super) struct Page {
    /// Relative to the repository.
    pub(super) path: PathBuf,
    /// The targets of its links and pictures, as written.
    pub(super) links: Vec<String>,
    /// The texts of its headings.
    pub(super) headings: Vec<String>,
    /// The anchors of its headings, as code hosts and mdBook make them.
    pub(super) anchors: BTreeSet<String>,
    /// Its code blocks.
    pub(super) blocks: Vec<Block>,
    /// Its code spans.
    spans: Vec<String>,
}

/// A code block.
pub(super) struct Block {
    /// The words behind the fence: the language, then marks.
    info: String,
    /// The code.
    pub(super) text: String,
}

impl Block {
    pub(super) fn language(&self) -> &str {
        self.info.split(',').next().unwrap_or_default()
    }

    pub(super) fn is_marked(&self, mark: &str) -> bool {
        self.info.split(',').skip(1).any(|word| word == mark)
    }
}

impl Page {
    pub(super) fn read(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(root.join(path))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut page = Self {
            path: path.to_owned(),
            links: Vec::new(),
            headings: Vec::new(),
            anchors: BTreeSet::new(),
            blocks: Vec::new(),
            spans: Vec::new(),
        };
        page.gather(&text);
        page
    }

    fn gather(&mut self, text: &str) {
        let mut heading: Option<String> = None;
        let mut block: Option<Block> = None;
        let mut counts = HashMap::new();
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let text = heading.take().unwrap();
                    self.anchors.insert(anchor(&text, &mut counts));
                    self.headings.push(text);
                }
                // A chapter without a page yet has no target.
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. })
                    if !dest_url.is_empty() =>
                {
                    self.links.push(dest_url.into_string());
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let info = match kind {
                        CodeBlockKind::Fenced(info) => info.into_string(),
                        CodeBlockKind::Indented => String::new(),
                    };
                    let text = String::new();
                    block = Some(Block { info, text });
                }
                Event::End(TagEnd::CodeBlock) => self.blocks.extend(block.take()),
                Event::Code(code) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&code);
                    }
                    self.spans.push(code.into_string());
                }
                Event::Text(text) => {
                    if let Some(block) = &mut block {
                        block.text.push_str(&text);
                    } else if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                _ => {}
            }
        }
    }

    /// The files and folders of the repository that its code spans name.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.spans.iter().map(String::as_str).filter(|span| {
            FOLDERS.iter().any(|folder| span.starts_with(folder)) && !span.contains(' ')
        })
    }

    /// The long flags of cobuild that it names: in spans that begin with a flag or with `cobuild`, and in
    /// lines of blocks that begin with `cobuild`.
    pub(super) fn flags(&self) -> impl Iterator<Item = String> {
        let lines = self.blocks.iter().flat_map(|block| block.text.lines());
        let lines = lines.map(|line| line.trim_start_matches("$ "));
        let spans = self.spans.iter().map(String::as_str);
        spans
            .filter(|span| span.starts_with('-'))
            .chain(lines.filter(|line| line.starts_with("cobuild ")))
            .chain(
                self.spans
                    .iter()
                    .map(String::as_str)
                    .filter(|span| span.starts_with("cobuild ")),
            )
            .flat_map(flags_of)
    }
}

/// The long flags in a text.
pub(super) fn flags_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| c.is_whitespace() || "[],|'\"".contains(c))
        .filter(|word| word.starts_with("--"))
        .map(|word| {
            word.chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
                .collect::<String>()
        })
        .filter(|flag| flag.len() > 2)
}

/// The anchor of a heading; the second of one name gets a number.
fn anchor(heading: &str, counts: &mut HashMap<String, usize>) -> String {
    let anchor: String = heading
        .trim()
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect();
    let count = counts.entry(anchor.clone()).or_insert(0);
    *count += 1;
    match *count {
        1 => anchor,
        more => format!("{anchor}-{}", more - 1),
    }
}

/// Where a link of a page leads, relative to the repository.
pub(super) fn beside(page: &Path, link: &str) -> PathBuf {
    let link = link.split('#').next().unwrap_or_default();
    let mut target = page.parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => {
                target.pop();
            }
            Component::Normal(name) => target.push(name),
            _ => {}
        }
    }
    target
}
