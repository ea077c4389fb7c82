//! The reference page of the command line, in Markdown, from the definitions that the help is made of.

use std::fmt::Write as _;

use clap::{Arg, Command};

use super::args::heading;

/// How the page is renewed.
const HEAD: &str = "\
# Command line

<!-- Made from the definitions in src/cli. To renew it: UPDATE_EXPECT=1 cargo test --test it reference -->

`cobuild COMMAND -h` prints the common flags of a command, `cobuild COMMAND --help` all of them.
";

/// The groups of flags that every command takes, which are told once.
const GLOBAL: &str = heading::GLOBAL;

/// Returns the page of a command line.
pub(super) fn page(presented: Command) -> String {
    let mut definition = presented.disable_help_subcommand(true);
    definition.build();
    let mut page = HEAD.to_owned();
    write_groups(&mut page, &definition, |group| group == GLOBAL);
    if let Some(status) = definition.get_after_long_help() {
        write_block(&mut page, &status.to_string());
    }
    for command in definition.get_subcommands() {
        write_command(&mut page, command);
    }
    page
}

fn write_command(page: &mut String, command: &Command) {
    if command.is_hide_set() {
        return;
    }
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let _ = writeln!(page, "\n## {name}");
    let about = command.get_long_about().or_else(|| command.get_about());
    if let Some(about) = about {
        write_about(page, &about.to_string());
    }
    let usage = command.clone().render_usage().to_string();
    write_block(page, usage.trim_start_matches("Usage: "));
    write_groups(page, command, |group| group != GLOBAL);
    if let Some(status) = command.get_after_long_help() {
        write_block(page, &status.to_string());
    }
    for below in command.get_subcommands() {
        write_command(page, below);
    }
}

/// Lines that are indented are shown as they are.
fn write_about(page: &mut String, about: &str) {
    for paragraph in about.split("\n\n") {
        if paragraph.starts_with("  ") {
            write_block(page, paragraph);
        } else {
            let _ = writeln!(page, "\n{}", one_line(paragraph));
        }
    }
}

fn write_block(page: &mut String, text: &str) {
    let _ = writeln!(page, "\n```text");
    for line in text.trim_end().lines() {
        let _ = writeln!(page, "{}", line.trim_end());
    }
    page.push_str("```\n");
}

/// A table for each group of flags that is wanted, in the order of the help.
fn write_groups(page: &mut String, command: &Command, is_wanted: impl Fn(&str) -> bool) {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let arguments: Vec<&Arg> = shown.collect();
    let mut groups: Vec<&str> = Vec::new();
    for arg in &arguments {
        let group = group(arg);
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    for name in groups.into_iter().filter(|group| is_wanted(group)) {
        let _ = writeln!(page, "\n**{name}**\n\n| | |\n| --- | --- |");
        for arg in arguments.iter().filter(|arg| group(arg) == name) {
            let _ = writeln!(page, "| {} | {} |", written(arg), meaning(arg));
        }
    }
}

fn group(arg: &Arg) -> &str {
    let usual = if arg.is_positional() {
        "Arguments"
    } else {
        "Options"
    };
    arg.get_help_heading().unwrap_or(usual)
}

/// An argument as it is written.
fn written(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let takes_value = arg.get_num_args().is_some_and(|count| count.takes_values());
    let names: Vec<&str> = names.iter().map(clap::builder::Str::as_str).collect();
    let value = names.join(" ");
    let value = match (
        takes_value,
        arg.is_positional(),
        arg.is_require_equals_set(),
    ) {
        (false, ..) => String::new(),
        (true, true, _) => value,
        (true, false, true) => format!("[={value}]"),
        (true, false, false) => format!(" {value}"),
    };
    let letter = arg.get_short().map(|letter| format!("-{letter}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names: Vec<String> = letter.into_iter().chain(long).collect();
    let text = cell(&format!("{}{value}", names.join(", ")));
    format!("`{text}`")
}

/// What an argument means, with its default and the words that it takes.
fn meaning(arg: &Arg) -> String {
    let text = arg.get_long_help().or_else(|| arg.get_help());
    let text = text.map(ToString::to_string).unwrap_or_default();
    let mut text = one_line(&text);
    if !text.ends_with('.') {
        text.push('.');
    }
    if !arg.is_hide_possible_values_set() {
        let values = arg.get_possible_values();
        let told: Vec<String> = values
            .iter()
            .filter(|value| !value.is_hide_set())
            .map(|value| match value.get_help() {
                Some(help) => format!("`{}` ({help})", value.get_name()),
                None => format!("`{}`", value.get_name()),
            })
            .collect();
        if !told.is_empty() {
            let _ = write!(text, " One of {}.", told.join(", "));
        }
    }
    let takes_value = arg.get_num_args().is_some_and(|count| count.takes_values());
    let default = arg.get_default_values().first();
    if let Some(default) = default.filter(|_| takes_value) {
        let _ = write!(text, " Default: `{}`.", default.to_string_lossy());
    }
    cell(&text)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as it stands in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
