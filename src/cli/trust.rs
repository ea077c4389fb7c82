//! `cobuild trust`: lets a project's cobuild.toml ask for what reaches beyond the container.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, ColorChoice, Command};

use super::config::project_of;
use super::failure::Failure;
use super::output::CommandOutput;
use crate::exit::ExitStatus;
use crate::settings::layers::{Breach, Origin};
use crate::settings::{CONFIG_FILE, Environment, TrustedFiles, find_project_config};
use crate::terminal::Page;

/// How many bytes a value has at the most that can be trusted: all of it is shown.
const TOLD_OF_VALUE: usize = 1000;

/// Let a project's cobuild.toml ask for what reaches beyond the container, as your own may.
///
/// What it asks for is shown. It is trusted at its place and as it is now: when it changes, it has to be
/// trusted anew.
#[derive(Debug, Args)]
pub(super) struct TrustArgs {
    /// The project: its directory, or one below it [default: .].
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,

    /// List the files that are trusted.
    #[arg(long, conflicts_with_all = ["directory", "revoke"])]
    list: bool,

    /// Stop trusting the project's file.
    #[arg(long)]
    revoke: bool,
}

/// Does what was asked, and says so.
pub(super) fn run(
    args: &TrustArgs,
    definition: &Command,
    environment: &Environment,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let trusted = TrustedFiles::new(&environment.state_directory());
    let directory = args.directory.as_deref().unwrap_or(Path::new("."));
    let page = if args.list {
        list(&trusted)?
    } else if args.revoke {
        revoke(&trusted, directory)?
    } else {
        return trust(&trusted, directory, definition, color);
    };
    CommandOutput::Text(page).write(color)?;
    Ok(ExitStatus::Succeeded)
}

fn list(trusted: &TrustedFiles) -> Result<Page, Failure> {
    let mut page = Page::default();
    let paths = trusted.paths().map_err(unusable)?;
    if paths.is_empty() {
        let _ = writeln!(page, "no file is trusted");
    }
    for path in paths {
        let _ = writeln!(page, "{}", path.display());
    }
    Ok(page)
}

fn revoke(trusted: &TrustedFiles, directory: &Path) -> Result<Page, Failure> {
    let found = find_project_config(directory).ok().and_then(|it| it.file);
    let path = match found {
        Some(file) => file.path,
        // It may be gone, or be something else by now.
        None => std::path::absolute(directory)
            .and_then(|path| path.canonicalize().or(Ok(path)))
            .map_err(|error| Failure::usage(anyhow!(error)))?
            .join(CONFIG_FILE),
    };
    if !trusted.remove(&path).map_err(unusable)? {
        let error = anyhow!("`{}` is not trusted", path.display());
        return Err(Failure::usage(error).hint("`cobuild trust --list` lists what is"));
    }
    let mut page = Page::default();
    let _ = writeln!(page, "{} is trusted no longer", path.display());
    Ok(page)
}

/// What the file asks for is shown before it is trusted.
fn trust(
    trusted: &TrustedFiles,
    directory: &Path,
    definition: &Command,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let (project, flags) = project_of(directory, definition)?;
    let Some(project) = project else {
        let error = anyhow!("there is no {CONFIG_FILE} in `{}`", directory.display());
        return Err(Failure::usage(error).hint(
            "it is looked for in the directory and above it, up to the root of the repository",
        ));
    };
    let path = project.file.path.display();
    let mut page = Page::default();
    let breaches = project.all_breaches(&flags);
    if breaches.is_empty() {
        let _ = writeln!(page, "{path} asks for nothing beyond the container");
    } else {
        let _ = writeln!(page, "{path} asks for more than the container:");
    }
    for breach in &breaches {
        if breach.value.len() > TOLD_OF_VALUE {
            let (name, origin) = (&breach.name, &breach.origin);
            let error = anyhow!("{origin}: the value of `{name}` is too long to be shown");
            return Err(Failure::usage(error).hint("what is trusted has to be seen: shorten it"));
        }
        let _ = writeln!(page, "  {}", line(breach));
    }
    CommandOutput::Text(page).write(color)?;
    trusted.add(&project.file).map_err(unusable)?;
    let mut page = Page::default();
    let _ = writeln!(
        page,
        "it is trusted as it is now, and counts more than your own cobuild.toml; `cobuild trust --revoke` takes that back"
    );
    CommandOutput::Text(page).write(color)?;
    Ok(ExitStatus::Succeeded)
}

fn line(breach: &Breach) -> String {
    let Breach { name, why, .. } = breach;
    // As one line, whatever is in it.
    let value = format!("{:?}", breach.value);
    match &breach.origin {
        Origin::File {
            line,
            profile: Some(profile),
            ..
        } => format!("line {line}, profile {profile}: {name} = {value}  ({why})"),
        Origin::File { line, .. } => format!("line {line}: {name} = {value}  ({why})"),
        other => format!("{other}: {name} = {value}  ({why})"),
    }
}

fn unusable(error: std::io::Error) -> Failure {
    let error = anyhow!(error).context("cannot use the list of trusted files");
    Failure::usage(error)
}
