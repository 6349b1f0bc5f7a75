//! `baton new`: write a new script, or a new component as a Rust package.

mod package;
mod sdk;
#[cfg(test)]
mod tests;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use self::package::Kind;
use crate::args::NewArgs;
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::output::{WARN, note, stdout};
use crate::project::places::Places;
use crate::text::paint;

/// The starter, with the places of its name and path marked.
const STARTER: &str = include_str!("starter.js");
/// Name of the file of types for editors.
const TYPES: &str = "baton.d.ts";
/// Longest name in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Writes what was asked for.
///
/// # Errors
/// When the name cannot be used, something is there already, or a link leads away.
pub fn run(args: &NewArgs) -> Result<Exit> {
    let named =
        [(Kind::Tool, &args.tool), (Kind::Workflow, &args.workflow), (Kind::Agent, &args.agent)];
    let package = named.into_iter().find_map(|(kind, name)| Some((kind, name.as_deref()?)));
    match (&args.script, package) {
        (Some(name), _) => script(usable(name, "a script")?, args),
        (None, Some((kind, name))) => package::write(kind, usable(name, "a component")?, args),
        (None, None) => Err(CliError::new(Code::Argument, "nothing is named that shall be new")),
    }
}

fn usable<'a>(name: &'a str, what: &str) -> Result<&'a str> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let usable = name.len() <= NAME_BYTES_MAX
        && name.bytes().all(fits)
        && name.bytes().next().is_some_and(|byte| byte != b'-');
    if !usable {
        let message = format!("`{name}` cannot be the name of {what}");
        return Err(CliError::new(Code::Argument, message)
            .hint("lower case letters, digits and `-`, a letter or digit first"));
    }
    Ok(name)
}

/// Writes the script and the types beside it.
fn script(name: &str, args: &NewArgs) -> Result<Exit> {
    let places = Places::find()?;
    let folder = match &args.dir {
        Some(dir) => dir.clone(),
        None => {
            let folder = places.save();
            // What came with a project must not lead the writing out of it.
            for path in [folder.path.parent(), Some(folder.path.as_path())].into_iter().flatten() {
                no_link(path)?;
            }
            folder.path
        }
    };
    fs::create_dir_all(&folder).map_err(|error| CliError::file("make", &folder, &error))?;
    let file = folder.join(format!("{name}.js"));
    let shown = places.shown(&file);
    create(&file, &STARTER.replace("__NAME__", name).replace("__PATH__", &shown))?;
    stdout(&format!("{shown}\n"))?;
    types(&folder.join(TYPES), &places)?;
    note(&format!("`baton check {shown}` looks into it; `baton run {shown}` runs it"));
    Ok(Exit::Done)
}

fn types(path: &Path, places: &Places) -> Result<()> {
    let wanted = baton_plugins::script_types();
    let same = fs::read(path).is_ok_and(|there| there == wanted.as_bytes());
    let is_there = path.symlink_metadata().is_ok();
    let shown = places.shown(path);
    if !is_there {
        create(path, wanted)?;
        stdout(&format!("{shown}\n"))?;
    } else if !same {
        note(&format!(
            "{} {shown} is there already and differs from that of this release; it stays as it is",
            paint(WARN, "note:")
        ));
    }
    Ok(())
}

/// Writes a file that is not there yet. A link in its place counts as there.
fn create(path: &Path, text: &str) -> Result<()> {
    no_link(path)?;
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(CliError::new(
                Code::NotNew,
                format!("{} is already there", path.display()),
            )
            .hint("choose another name, or move the file away"));
        }
        Err(error) => return Err(CliError::file("write", path, &error)),
    };
    file.write_all(text.as_bytes()).map_err(|error| CliError::file("write", path, &error))
}

fn no_link(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
        let message = format!("{} is a link: nothing is written through it", path.display());
        return Err(CliError::new(Code::NotNew, message)
            .hint("--dir DIR names the directory to write into"));
    }
    Ok(())
}
