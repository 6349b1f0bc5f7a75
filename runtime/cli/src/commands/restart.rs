//! `baton restart`: let an agent that is at work begin anew.

use baton_core::ids::TaskId;
use baton_journal::store::Control;

use crate::args::{Common, RestartArgs};
use crate::codes::{Code, Exit};
use crate::control::{TEXT_BYTES_MAX, Told, order};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::select;

/// Sends the order, and waits for a living owner to obey.
///
/// # Errors
/// When there is no such agent, it has answered, or the journal cannot be written.
pub fn run(args: &RestartArgs, common: &Common) -> Result<Exit> {
    if args.note.as_ref().is_some_and(|note| note.len() as u64 > TEXT_BYTES_MAX) {
        return Err(CliError::new(Code::Message, "the note has more than 64 KiB"));
    }
    let home = Home::find(common)?;
    home.read_existing()?;
    let journal = home.write()?;
    block_on(async {
        let (row, path) = select::task(&*journal, &args.task).await?;
        let id = TaskId { run: row.run.clone(), path: path.clone() };
        if path.is_root() {
            return Err(CliError::new(Code::Argument, format!("{id} is a run, not a task")).hint(
                format!("`baton tree {id}` lists its tasks; `baton fork` begins a run anew"),
            ));
        }
        let tasks = journal.tasks(&row.run).await?;
        let Some(task) = tasks.iter().find(|task| task.path == path) else {
            return Err(select::no_task(&row.run, &path));
        };
        if task.kind != "agent" {
            let message = format!("{id} is no agent but a {}", task.kind);
            return Err(CliError::new(Code::Argument, message)
                .hint(format!("`baton tree {}` shows its agents", row.run)));
        }
        if task.state.is_final() || row.state.is_final() {
            let message = format!("{id} has already ended: {}", task.state.as_str());
            return Err(CliError::new(Code::Ended, message)
                .hint(format!("`baton retry {id}` does it again, in a fork of the run")));
        }
        let control = Control::Restart { task: path.clone(), note: args.note.clone() };
        let fate = order(&*journal, &row.run, control).await?;
        let told = Told {
            done: format!("{id} begins anew"),
            later: format!("/{path} begins anew"),
            next: Some(format!("`baton show -f {id}` follows it")),
            ..Told::new(&row.run, Some(&path), "restart", fate)
        };
        told.show(args.json)
    })
}
