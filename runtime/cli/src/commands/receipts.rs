//! `baton receipts`: what is always allowed.

use serde::Serialize;

use crate::args::ReceiptsArgs;
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::output::{BOLD, DIM, note, stdout};
use crate::project::places::Places;
use crate::receipts::{Receipt, Receipts};
use crate::shapes;
use crate::text::{one_line, paint, plural};

/// A receipt, of `receipts --json`.
#[derive(Serialize)]
struct ReceiptShape<'a> {
    workflow: &'a str,
    root: Option<String>,
    at: &'a str,
    program: String,
    flags: &'a [String],
    may: &'a [String],
}

/// Lists the receipts, or forgets some.
///
/// # Errors
/// When they cannot be read or removed, or there is none to forget.
pub fn run(args: &ReceiptsArgs) -> Result<Exit> {
    let receipts = Receipts::of(&Places::find()?).ok_or_else(|| {
        CliError::new(Code::File, "there is no directory that is only yours")
            .hint("set HOME or XDG_CONFIG_HOME")
    })?;
    let all = receipts.all()?;
    if args.forget_all {
        let mut names: Vec<&str> = all.iter().map(|kept| kept.workflow.as_str()).collect();
        names.dedup();
        for workflow in names {
            receipts.forget(workflow)?;
        }
        note(&format!("forgot {}", plural(all.len() as u64, "receipt")));
        return Ok(Exit::Done);
    }
    if let Some(name) = &args.forget {
        return forget(&receipts, &all, name);
    }
    if args.json {
        let lines = all.iter().map(|kept| shapes::line(&shape(kept)));
        stdout(&lines.collect::<Result<String>>()?)?;
    } else {
        stdout(&text(&all))?;
    }
    Ok(Exit::Done)
}

/// Forgets the receipts of a workflow as a person names it: a file that may be gone, a built-in
/// workflow, or the name that a program gives itself.
fn forget(receipts: &Receipts, all: &[Receipt], name: &str) -> Result<Exit> {
    let path = std::path::absolute(name).ok();
    let full = path.as_ref().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()));
    let full = full.map(|path| path.display().to_string());
    let mut meant: Vec<&str> = all
        .iter()
        .filter(|kept| {
            Some(&kept.workflow) == full.as_ref()
                || kept.workflow == name
                || kept.program.name == name
        })
        .map(|kept| kept.workflow.as_str())
        .collect();
    meant.dedup();
    if meant.is_empty() {
        let message = format!("nothing is always allowed to `{name}`");
        return Err(CliError::new(Code::NoWorkflow, message)
            .hint("`baton receipts` lists what is always allowed"));
    }
    for workflow in meant {
        let count = receipts.forget(workflow)?;
        note(&format!("forgot {} of {}", plural(count as u64, "receipt"), one_line(workflow)));
    }
    Ok(Exit::Done)
}

fn shape(kept: &Receipt) -> ReceiptShape<'_> {
    ReceiptShape {
        workflow: &kept.workflow,
        root: kept.root.as_ref().map(|root| root.display().to_string()),
        at: &kept.at,
        program: kept.program.digest().to_string(),
        flags: &kept.flags,
        may: &kept.may,
    }
}

fn text(all: &[Receipt]) -> String {
    if all.is_empty() {
        return "nothing is always allowed: every run asks first\n".into();
    }
    let mut out = String::new();
    for kept in all {
        let root = match &kept.root {
            Some(root) => format!(" in {}", one_line(&root.display().to_string())),
            None => String::new(),
        };
        let facts = format!("{} since {}", kept.program.digest().short(), kept.at);
        out.push_str(&format!(
            "{}{} {}\n",
            paint(BOLD, &one_line(&kept.workflow)),
            root,
            paint(DIM, &facts)
        ));
        for may in kept.flags.iter().chain(&kept.may) {
            out.push_str(&format!("  {}\n", one_line(may)));
        }
    }
    out
}
