//! The curated images for people.

use std::io::{self, Write};

use super::listed::Listed;
use crate::project::image::System;
use crate::sinks::size;
use crate::terminal::{Out, Style};

/// How far what belongs to an image is indented.
const INDENT: usize = 4;

/// Lines shorter than this have no use; then the terminal breaks them as it likes.
const NARROWEST: usize = 20;

/// Writes one paragraph for each image, in lines of `width` characters when there is one.
pub(super) fn write(
    out: &mut Out<impl Write>,
    listed: &[Listed],
    width: Option<usize>,
) -> io::Result<()> {
    let bold = Style::BOLD;
    for listed in listed {
        let image = &listed.image;
        writeln!(out, "{bold}{}{bold:#}", image.name())?;
        let kind = match (image.system, image.is_published) {
            (System::Linux, true) => "published on public.ecr.aws",
            (System::Linux, false) => "not published: build it from its Dockerfile",
            (System::Windows, _) => "Windows",
            (System::MacOs, _) => "macOS",
        };
        let facts = format!("{}, {kind}{}", image.architecture.name(), local(listed));
        paragraph(out, &[facts], "", width)?;
        let runtimes: Vec<String> = image
            .runtimes
            .iter()
            .map(|(runtime, labels)| format!("{runtime} {}", labels.join(" ")))
            .collect();
        paragraph(out, &runtimes, "; ", width)?;
        paragraph(
            out,
            &image
                .note
                .map(str::to_owned)
                .into_iter()
                .collect::<Vec<_>>(),
            "",
            width,
        )?;
    }
    if listed.is_empty() {
        writeln!(out, "no curated image has that runtime")?;
    }
    Ok(())
}

/// What is local of an image.
fn local(listed: &Listed) -> String {
    match listed.local.as_deref() {
        None | Some([]) => String::new(),
        Some(locals) => {
            let names: Vec<String> = locals
                .iter()
                .map(|local| format!("`{}` ({})", local.name, size(local.facts.size)))
                .collect();
            format!(", local as {}", names.join(" and "))
        }
    }
}

/// Writes words in indented lines that fit, or in one line.
fn paragraph(
    out: &mut Out<impl Write>,
    parts: &[String],
    separator: &str,
    width: Option<usize>,
) -> io::Result<()> {
    let text = parts.join(separator);
    let room = width.map_or(usize::MAX, |width| width.max(NARROWEST) - INDENT);
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            writeln!(out, "{:INDENT$}{line}", "")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.is_empty() {
        return Ok(());
    }
    writeln!(out, "{:INDENT$}{line}", "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::images::listed::Local;
    use crate::engine::ImageFacts;
    use crate::project::image::curated;

    fn shown(width: Option<usize>) -> String {
        let listed: Vec<Listed> = curated()
            .take(2)
            .map(|image| Listed {
                local: Some(vec![Local {
                    name: image.name(),
                    facts: ImageFacts {
                        size: 9_000_000_000,
                        ..ImageFacts::default()
                    },
                }]),
                image,
            })
            .collect();
        let mut out = Out::file(Vec::new());
        write(&mut out, &listed, width).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn lines_fit_into_the_terminal() {
        for width in [1, 40, 80, 200] {
            let text = shown(Some(width));
            let most = width.max(60);
            assert!(text.lines().all(|line| line.len() <= most), "{text}");
            let words: Vec<&str> = text.split_whitespace().collect();
            let whole = shown(None);
            assert_eq!(words, whole.split_whitespace().collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_local_is_told_with_its_size() {
        let text = shown(None);
        assert!(
            text.contains("local as `aws/codebuild/standard:8.0` (9.0 GB)"),
            "{text}"
        );
    }
}
