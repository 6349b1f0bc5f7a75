//! `baton save`: the program of a run as a named workflow.

mod definition;
mod files;
mod parts;

use std::path::PathBuf;

use baton_core::record::{Program, RunStarted};
use baton_journal::store::Journal;
use serde::Serialize;

use crate::args::{Common, SaveArgs};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::output::{WARN, note, stdout};
use crate::program::models::Wanted;
use crate::program::{Bundle, ScriptWishes, gather};
use crate::project::Project;
use crate::project::models::ModelSettings;
use crate::project::places::{Folder, Place, Places};
use crate::project::policy::Policy;
use crate::text::{one_line, paint};
use crate::value::AgentArg;
use crate::{records, select, shapes};

use self::files::{Kept, State};
use self::parts::Parts;

/// Bytes of a name.
const NAME_BYTES_MAX: usize = 64;
/// Who performs agents while it is looked whether the name stands for the program: nobody, so that
/// neither a key nor a model of this machine matters.
const NOBODY: &str = "command:true";

/// What `--json` prints.
#[derive(Serialize)]
struct Saved<'a> {
    name: &'a str,
    program: String,
    same_program: bool,
    files: Vec<FileShape>,
    not_kept: &'a [String],
}

#[derive(Serialize)]
struct FileShape {
    path: PathBuf,
    state: State,
}

/// Keeps a program.
///
/// # Errors
/// When there is no such run, the name cannot be used, something else is in the way, or the name
/// would stand for another program.
pub fn run(args: &SaveArgs, common: &Common) -> Result<Exit> {
    let name = usable(&args.name)?;
    let home = Home::find(common)?;
    let journal = home.read_existing()?;
    let started = block_on(async {
        let row = select::run(&*journal, &args.run).await?;
        records::started(&*journal, &row.run).await
    })?;
    let mut project = Project::open(home.clone())?;
    let folder = folder(&project.places, args.user)?;
    let program = &started.program;
    let mut parts = Parts { journal: &*journal, project: &mut project, program, folder: &folder };
    let (wanted, mut not_kept) = parts.files(name)?;
    let renamed = program.name != name;
    let kept = Kept::write(&wanted, args.force)?;
    let same = match stands_for(name, &started, &home, &folder, renamed) {
        Ok(differences) => {
            not_kept.extend(differences);
            not_kept.is_empty()
        }
        Err(error) => {
            // The name must not stand for anything else than what was asked for.
            kept.take_back();
            return Err(error);
        }
    };
    let shown: Vec<String> =
        kept.files.iter().map(|(path, _)| project.places.shown(path)).collect();
    if args.json {
        let files =
            kept.files.iter().map(|(path, state)| FileShape { path: path.clone(), state: *state });
        stdout(&shapes::line(&Saved {
            name,
            program: program.digest().to_string(),
            same_program: same,
            files: files.collect(),
            not_kept: &not_kept,
        })?)?;
    } else {
        stdout(&shown.iter().map(|path| format!("{path}\n")).collect::<String>())?;
    }
    for line in &not_kept {
        note(&format!("{} {}", paint(WARN, "not kept:"), one_line(line)));
    }
    if folder.place == Place::Project {
        note(&format!("to share it: `git add {}`", shown.join(" ")));
    }
    let script = started.script.as_deref();
    let flags = [
        (script.is_some_and(|script| script.extensions), " --extensions"),
        (script.is_some_and(|script| script.lenient), " --lenient"),
    ];
    let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, flag)| *flag).collect();
    note(&format!("`baton run {name}{flags}` runs it"));
    Ok(Exit::Done)
}

fn usable(name: &str) -> Result<&str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if first && name.len() <= NAME_BYTES_MAX && name.bytes().all(fits) {
        return Ok(name);
    }
    let message = format!("`{name}` cannot be the name of a workflow");
    Err(CliError::new(Code::Argument, message).hint(format!(
        "letters, digits, `-` and `_`, a letter or digit first, {NAME_BYTES_MAX} of them at the most"
    )))
}

/// Where it is kept.
fn folder(places: &Places, user: bool) -> Result<Folder> {
    if !user {
        return Ok(places.save());
    }
    let person = places.person().ok_or_else(|| {
        CliError::new(
            Code::NotSaved,
            "there is no directory of your own: neither HOME nor \
                                       XDG_CONFIG_HOME is set",
        )
    })?;
    Ok(Folder {
        path: person.join("workflows"),
        place: Place::User,
        fence: person.parent().map(ToOwned::to_owned),
        plugin: None,
    })
}

/// What is different of the program that a name stands for now, in words.
///
/// # Errors
/// When it stands for something else, or nothing.
fn stands_for(
    name: &str,
    started: &RunStarted,
    home: &Home,
    folder: &Folder,
    renamed: bool,
) -> Result<Vec<String>> {
    let mut project = Project::open(home.clone())?;
    let policy = Policy::load(&project.places, &[], &[])?;
    let settings = ModelSettings::load(&project.places, &|_| None)?;
    let nobody = [AgentArg { agent_type: None, backend: NOBODY.into() }];
    let wanted = Wanted { agents: &nobody, settings: &settings };
    let options = started.script.as_deref().cloned().unwrap_or_default();
    let wishes = ScriptWishes {
        lenient: options.lenient,
        extensions: options.extensions,
        schema_attempts: options.schema_attempts,
    };
    let Bundle { program: found, path, .. } = gather(name, &wanted, wishes, &policy, &mut project)?;
    let recorded = &started.program;
    let ours = path.as_deref().is_some_and(|path| path.parent() == Some(folder.path.as_path()));
    let same_root = renamed
        || (found.script == recorded.script
            && (found.script.is_some() || found.component == recorded.component));
    if !ours || !same_root {
        let place = path.map_or_else(|| "built in".to_owned(), |path| project.places.shown(&path));
        let message = format!("`{name}` stands for another workflow: {place}");
        return Err(CliError::new(Code::NotSaved, message)
            .hint("it comes first; move it away, or choose another name with --as"));
    }
    let mut differences = differences(recorded, &found);
    if renamed {
        differences.insert(
            0,
            format!(
                "its name, which was {} and is part of its text: it is another program",
                recorded.name
            ),
        );
    }
    Ok(differences)
}

/// What a name stands for, held against what ran.
fn differences(recorded: &Program, found: &Program) -> Vec<String> {
    let mut lines = Vec::new();
    if recorded.script.is_some() && recorded.component != found.component {
        lines.push("the interpreter of scripts: that of another release ran it".to_owned());
    }
    let mut of = |what: &str, names: Vec<&String>| {
        lines.extend(names.into_iter().map(|name| format!("{what} {name}")));
    };
    let workflows = recorded.workflows.keys().chain(found.workflows.keys());
    let mut workflows: Vec<&String> = workflows
        .filter(|name| match (recorded.scripts.get(*name), found.scripts.get(*name)) {
            (None, None) => recorded.workflows.get(*name) != found.workflows.get(*name),
            (one, other) => one != other,
        })
        .collect();
    workflows.dedup();
    of("the workflow", workflows);
    let tools = recorded.tools.keys().chain(found.tools.keys());
    let mut tools: Vec<&String> =
        tools.filter(|name| recorded.tools.get(*name) != found.tools.get(*name)).collect();
    tools.sort_unstable();
    tools.dedup();
    of("the tools", tools);
    let types = recorded.agent_types.keys().chain(found.agent_types.keys());
    let mut types: Vec<&String> = types
        .filter(|name| recorded.agent_types.get(*name) != found.agent_types.get(*name))
        .collect();
    types.sort_unstable();
    types.dedup();
    of("the agent type", types);
    if !recorded.instructions.is_empty() || !recorded.skills.is_empty() {
        lines.push("instructions and skills: they belong to the directory that is granted".into());
    }
    lines
}

/// Bytes of a part of a program.
fn bytes(journal: &dyn Journal, digest: &baton_core::digest::Digest) -> Result<Vec<u8>> {
    block_on(async { Ok(journal.blob(digest).await?.to_vec()) })
}

#[cfg(test)]
mod tests;
