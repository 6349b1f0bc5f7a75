//! `baton check`: what a workflow is and asks for. Executes nothing; a script is read inside the
//! sandbox.

mod component;
mod held;
mod script;
mod words;

use crate::args::{CheckArgs, Common};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::output::{BOLD, DIM};
use crate::program::{Target, locate};
use crate::project::Project;
use crate::text::{clean, one_line, pad, paint};

/// Columns of the names on the left.
const NAME: usize = 10;

/// Shows the workflow. The exit code says whether it would be run.
///
/// # Errors
/// When there is no such file, or it is no workflow at all.
pub fn run(args: &CheckArgs, common: &Common) -> Result<Exit> {
    let mut project = Project::open(Home::find(common)?)?;
    match locate(&args.file, &mut project)? {
        Target::Component(_) if args.portable => {
            let message = format!("{} is a component: --portable is for scripts", args.file);
            Err(CliError::new(Code::Argument, message))
        }
        Target::Component(found) => {
            let held = held::of_component(args, &found, &mut project)?;
            component::show(args, &found, held.as_ref())
        }
        Target::Script(found) if args.portable => script::show_portable(args, &found),
        Target::Script(found) => {
            let held = match found.refusal() {
                Some(_) => None,
                None => held::of_workflow(args, &mut project)?,
            };
            script::show(args, &found, held.as_ref(), &mut project)
        }
    }
}

fn fact(out: &mut String, name: &str, value: &str) {
    out.push_str(&format!("{} {}\n", paint(DIM, &pad(name, NAME)), one_line(value)));
}

fn list(out: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", paint(BOLD, title)));
    for line in lines {
        out.push_str(&format!("  {}\n", clean(line).replace(['\n', '\t'], " ")));
    }
}
