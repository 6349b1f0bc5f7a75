//! `baton explain`: what an error code means.

use crate::args::ExplainArgs;
use crate::codes::{Code, Exit, TABLE, find};
use crate::error::{CliError, Result};
use crate::output::{BOLD, DIM, stdout};
use crate::text::paint;

/// Prints one page, or the list of all codes.
///
/// # Errors
/// When there is no such code.
pub fn run(args: &ExplainArgs) -> Result<Exit> {
    match &args.code {
        None => {
            let list = TABLE.iter().map(|row| {
                let exit = paint(DIM, &format!("exit {:<3}", row.exit as i32));
                format!("{}  {exit}  {}\n", paint(BOLD, row.name), row.title)
            });
            stdout(&list.collect::<String>())?;
        }
        Some(text) => {
            let row = find(text).ok_or_else(|| {
                CliError::new(Code::Unexplained, format!("there is no error code `{text}`"))
                    .hint("`baton explain` lists all codes")
            })?;
            stdout(row.page)?;
        }
    }
    Ok(Exit::Done)
}
