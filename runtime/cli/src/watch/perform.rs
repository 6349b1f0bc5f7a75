//! Does what was decided: letters to owners of runs, commands, and the pager.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use baton_journal::store::Journal;

use super::state::{Effect, Sent, State, Tone};
use crate::error::Result;
use crate::home::Home;
use crate::session;
use crate::text::one_line;

/// This program, whatever was put in its place since it began.
const SELF: &str = "/proc/self/exe";
/// The pager where nobody names one.
const PAGER: &str = "less -R";

/// Does what was decided, without waiting for it.
pub struct Performer {
    home: Home,
    /// The journal for writing, once something was sent.
    journal: Option<Arc<dyn Journal>>,
    commands: Vec<Running>,
}

/// A command that was started.
struct Running {
    words: String,
    task: tokio::task::JoinHandle<std::io::Result<std::process::Output>>,
}

impl Performer {
    /// Nothing was done yet.
    #[must_use]
    pub fn new(home: Home) -> Self {
        Self { home, journal: None, commands: Vec::new() }
    }

    /// Does it, or begins to. What goes wrong is told.
    pub async fn perform(&mut self, effect: Effect, state: &mut State) {
        match effect {
            Effect::Send { run, control, words } => {
                let sent = match self.journal() {
                    Ok(journal) => {
                        let letter = journal.send(&run, &session::who(), control).await;
                        letter.map_err(Into::into)
                    }
                    Err(error) => Err(error),
                };
                match sent {
                    Ok(letter) => state.sent(Sent { letter, run, words }),
                    Err(error) => state.tell(Tone::Bad, format!("{words}: {}", error.told())),
                }
            }
            Effect::Command { arguments, words } => {
                let mut command = tokio::process::Command::new(SELF);
                command.args(&arguments).arg("--home").arg(self.home.dir());
                command.stdin(Stdio::null());
                state.tell(Tone::Plain, format!("{words}: begins"));
                let task = tokio::spawn(async move { command.output().await });
                self.commands.push(Running { words, task });
            }
            Effect::Page | Effect::Quit => {}
        }
    }

    /// Looks what became of what was begun.
    pub async fn look(&mut self, state: &mut State) {
        if let Some(journal) = &self.journal {
            for letter in state.sent.iter().map(|sent| sent.letter).collect::<Vec<_>>() {
                match journal.letter(letter).await {
                    Ok(became) => state.became(letter, became),
                    Err(error) => state.tell(Tone::Bad, error.to_string()),
                }
            }
        }
        let mut left = Vec::new();
        for Running { words, task } in std::mem::take(&mut self.commands) {
            if !task.is_finished() {
                left.push(Running { words, task });
                continue;
            }
            let (tone, text) = match task.await {
                Ok(Ok(output)) => ended(&output),
                Ok(Err(error)) => (Tone::Bad, error.to_string()),
                Err(error) => (Tone::Bad, error.to_string()),
            };
            state.tell(tone, format!("{words}: {text}"));
        }
        self.commands = left;
    }

    fn journal(&mut self) -> Result<Arc<dyn Journal>> {
        if let Some(journal) = &self.journal {
            return Ok(journal.clone());
        }
        let journal = self.home.write()?;
        self.journal = Some(journal.clone());
        Ok(journal)
    }
}

/// How a command ended, in the words that it said last; of an error, those that it said first.
fn ended(output: &std::process::Output) -> (Tone, String) {
    let told = String::from_utf8_lossy(&output.stderr);
    let shown = String::from_utf8_lossy(&output.stdout);
    let mut lines = told.lines().chain(shown.lines()).map(one_line).filter(|line| !line.is_empty());
    if output.status.success() {
        (Tone::Good, lines.next_back().unwrap_or_else(|| "done".into()))
    } else {
        let how = output.status.to_string();
        (Tone::Bad, lines.find(|line| line.starts_with("error")).unwrap_or(how))
    }
}

/// Shows a text in the person's pager.
///
/// # Errors
/// Why it could not be shown, in words.
pub fn page(text: &str) -> std::result::Result<(), String> {
    let named = std::env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let pager = named.unwrap_or_else(|| PAGER.to_owned());
    let failed = |why: String| format!("the pager `{pager}`: {why}");
    let words = shell_words::split(&pager).map_err(|error| failed(error.to_string()))?;
    let (program, arguments) = words.split_first().ok_or_else(|| failed("is empty".into()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // Whoever leaves the pager early has seen enough.
        let _ = stdin.write_all(text.as_bytes());
    }
    child.wait().map_err(|error| failed(error.to_string()))?;
    Ok(())
}
