//! Standard output and standard error.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anstyle::{AnsiColor, Style};

use crate::codes::Code;
use crate::error::{CliError, Coded, Result};
use crate::text::{clean, hang, paint};

/// Something good.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Something bad.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Something to look at.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// Something at work.
pub const BUSY: Style = AnsiColor::Cyan.on_default();
/// Something of less weight.
pub const DIM: Style = Style::new().dimmed();
/// A heading.
pub const BOLD: Style = Style::new().bold();

/// Refuses to put a file in the place of what is none, such as a device, a pipe or a link.
///
/// # Errors
/// When something is there that is no plain file.
pub fn replaceable(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok_and(|about| !about.is_file()) {
        let message = format!("{} is there, and is no plain file", path.display());
        return Err(CliError::new(Code::NotNew, message)
            .hint("nothing was written; name another place, or - for standard output"));
    }
    Ok(())
}

/// Writes text to standard output at once and whole. Styles are stripped where it is no terminal.
///
/// # Errors
/// [`CliError::BrokenPipe`] if nobody reads any more.
pub fn stdout(text: &str) -> Result<()> {
    let mut stream = anstream::stdout().lock();
    stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).map_err(|error| {
        if error.kind() == io::ErrorKind::BrokenPipe {
            CliError::BrokenPipe
        } else {
            CliError::new(crate::codes::Code::File, "cannot write to standard output")
                .because(&error)
        }
    })
}

/// What lines for standard error are handed to; none: they are written.
type Writer = Box<dyn Fn(&str) + Send>;

static DIVERTED: Mutex<Option<Writer>> = Mutex::new(None);

/// As long as this is there, lines for standard error go elsewhere.
pub struct Diverted(());

impl Drop for Diverted {
    fn drop(&mut self) {
        *diverted() = None;
    }
}

/// Hands the lines of [`note`] to whoever draws on standard error, so that it knows of them.
#[must_use]
pub fn divert(to: impl Fn(&str) + Send + 'static) -> Diverted {
    *diverted() = Some(Box::new(to));
    Diverted(())
}

fn diverted() -> MutexGuard<'static, Option<Writer>> {
    // It is replaced whole.
    DIVERTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes one line to standard error. Nothing depends on whether anybody reads it.
pub fn note(line: &str) {
    if let Some(to) = &*diverted() {
        return to(line);
    }
    let mut stream = anstream::stderr().lock();
    let _ = writeln!(stream, "{line}");
}

/// Columns at which lines for standard error are broken; none: it is no terminal, and nobody breaks them.
#[must_use]
pub fn note_columns() -> Option<usize> {
    io::stderr().is_terminal().then(columns)
}

/// Writes one line behind a lead to standard error; on a terminal on as many as it takes, broken between
/// words, each below the text of the first.
pub fn note_behind(lead: &str, line: &str) {
    hang(lead, line, note_columns()).iter().for_each(|line| note(line));
}

/// Tells an error on standard error.
pub fn tell(error: &CliError) {
    if let CliError::Coded(coded) = error {
        note(render(coded).trim_end());
    }
}

/// An error for people.
fn render(error: &Coded) -> String {
    let mut text = format!(
        "{} {}\n",
        paint(BAD, &format!("error[{}]:", error.code.name())),
        clean(&error.message)
    );
    for cause in &error.causes {
        for (index, line) in clean(cause).lines().enumerate() {
            let lead = if index == 0 { "  because: " } else { "           " };
            text.push_str(&format!("{}{line}\n", paint(DIM, lead)));
        }
    }
    for line in error.frame.iter().flat_map(|frame| frame.lines()) {
        text.push_str(format!("  {}", clean(line)).trim_end());
        text.push('\n');
    }
    if let Some(hint) = &error.hint {
        text.push_str(&format!("{} {}\n", paint(GOOD, "  hint:"), clean(hint)));
    }
    let explain = format!("  `baton explain {}` says more", error.code.name());
    text.push_str(&paint(DIM, &explain));
    text
}

/// Columns of the terminal, or of the variable `COLUMNS`, or 100.
#[must_use]
pub fn columns() -> usize {
    let named = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let measured = || {
        let size = rustix::termios::tcgetwinsize(io::stdout())
            .or_else(|_| rustix::termios::tcgetwinsize(io::stderr()));
        size.ok().map(|size| usize::from(size.ws_col))
    };
    named.or_else(measured).filter(|&columns| columns >= 20).unwrap_or(100)
}

/// Rows of the terminal behind standard error, or 24.
#[must_use]
pub fn rows() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stderr());
    size.ok().map(|size| usize::from(size.ws_row)).filter(|&rows| rows > 0).unwrap_or(24)
}

/// Whether the terminal may show colours: nobody asked for none, and it is not one that has none.
#[must_use]
pub fn has_colours() -> bool {
    let term = std::env::var("TERM").unwrap_or_default();
    let none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let plain = ["vt100", "vt102", "vt220", "linux-m"].iter().any(|name| term.starts_with(name));
    !none && !plain && !term.contains("mono")
}

/// Whether progress may be drawn in place: standard error is a terminal that can be steered and
/// nobody asked for plain lines.
#[must_use]
pub fn can_draw(plain: bool) -> bool {
    may_draw(plain) && io::stderr().is_terminal()
}

/// The same of standard output.
#[must_use]
pub fn can_draw_on_stdout(plain: bool) -> bool {
    may_draw(plain) && io::stdout().is_terminal()
}

fn may_draw(plain: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    !plain && !set("NO_COLOR") && !set("CI") && !dumb
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Code;

    #[test]
    fn an_error_is_told_with_its_causes_and_its_hint() {
        let error = Coded {
            code: Code::File,
            message: "cannot read \x1b[31mx".into(),
            causes: vec!["first\nsecond".into(), "deeper".into()],
            frame: Some("> 1 | a\n\n  2 | \x1b[mb\n".into()),
            hint: Some("try again".into()),
        };
        insta::assert_snapshot!(anstream::adapter::strip_str(&render(&error)).to_string(), @r"
        error[B0004]: cannot read [31mx
          because: first
                   second
          because: deeper
          > 1 | a

            2 | [mb
          hint: try again
          `baton explain B0004` says more
        ");
    }
}
