//! Does what was decided: letters to owners of runs, commands, and the pager.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use baton_core::ids::RunId;
use baton_journal::store::{Control, Journal};

use super::state::{Effect, Mode, Sent, State, Tone};
use crate::control::unread;
use crate::error::Result;
use crate::gates;
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
    /// The runs that were watched when it began.
    before: Vec<RunId>,
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
                if !fits(&control, state).await {
                    return;
                }
                let sent = match self.journal() {
                    Ok(journal) => send(&*journal, &run, control).await,
                    Err(error) => Err(error),
                };
                match sent {
                    Ok(Ok(letter)) => state.sent(Sent { letter, run, words }),
                    Ok(Err(before)) => state.tell(Tone::Bad, format!("{words}: {before}")),
                    Err(error) => state.tell(Tone::Bad, format!("{words}: {}", error.told())),
                }
            }
            Effect::Command { arguments, words } => {
                let mut command = tokio::process::Command::new(SELF);
                command.args(&arguments).arg("--home").arg(self.home.dir());
                command.stdin(Stdio::null());
                state.tell(Tone::Plain, format!("{words}: begins"));
                let task = tokio::spawn(async move { command.output().await });
                let before = state.runs.iter().map(|run| run.row.run.clone()).collect();
                self.commands.push(Running { words, before, task });
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
        for command in std::mem::take(&mut self.commands) {
            if !command.task.is_finished() {
                left.push(command);
                continue;
            }
            let Running { words, before, task } = command;
            let (tone, text) = match task.await {
                Ok(Ok(output)) => {
                    if let Some(run) = run_of(&output) {
                        state.named(run, &before);
                    }
                    ended(&output)
                }
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

/// Whether an answer fits the schema of its gate. Where it does not, the form is open again as it was,
/// and says why.
async fn fits(control: &Control, state: &mut State) -> bool {
    let Control::Answer { answer, .. } = control else { return true };
    let Some(mut form) = state.answered.take() else { return true };
    let Err(error) = gates::check(&form.spec, answer).await else { return true };
    form.problem = Some(error.sentence());
    state.mode = Mode::Answer(form);
    false
}

/// The run that a command named on standard output, if it ended well.
fn run_of(output: &std::process::Output) -> Option<RunId> {
    let shown = String::from_utf8_lossy(&output.stdout);
    shown.trim().parse().ok().filter(|_| output.status.success())
}

/// Sends an order, unless somebody said before what nobody has read yet: then that, in words.
async fn send(
    journal: &dyn Journal,
    run: &RunId,
    control: Control,
) -> Result<std::result::Result<u64, String>> {
    if let Some(before) = unread::before(journal, run, &control).await? {
        return Ok(Err(before));
    }
    Ok(Ok(journal.send(run, &session::who(), control).await?))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use std::os::unix::process::ExitStatusExt;

    use baton_core::gate::{GateAnswer, GateOptions, GateSpec, Verdict};
    use baton_core::json::Json;

    use super::*;
    use crate::watch::key::Key;
    use crate::watch::state::answer::AnswerForm;

    #[tokio::test]
    async fn data_that_does_not_fit_the_schema_leaves_the_form_open() {
        let schema = serde_json::json!({ "type": "object", "required": ["version"] });
        let options = GateOptions { schema: Some(schema.into()), ..GateOptions::default() };
        let spec = GateSpec { question: "Ship it?".into(), options };
        for (typed, fitting) in [("{\"a\":1}", false), ("{\"version\":1}", true)] {
            let task: baton_core::ids::TaskPath = "1".parse().unwrap();
            let mut form = AnswerForm::new(task.clone(), spec.clone(), Verdict::Approved);
            typed.chars().for_each(|letter| form.key(&Key::Char(letter)));
            let mut state = State { answered: Some(form), ..State::default() };
            let data = Some(Json::parse(typed, 99, 9).unwrap());
            let answer = GateAnswer { data, ..GateAnswer::approved() };
            assert_eq!(fits(&Control::Answer { task, answer }, &mut state).await, fitting);
            match &state.mode {
                Mode::Answer(form) => {
                    assert!(!fitting);
                    assert_eq!(form.data.text(), typed, "what was typed stays");
                    let problem = form.problem.as_deref().unwrap();
                    assert!(problem.contains("schema") && problem.contains("version"), "{problem}");
                }
                Mode::Tree => assert!(fitting),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_run_that_a_command_began_is_taken_from_what_it_shows() {
        const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
        let ended = |status: i32, shown: &str| std::process::Output {
            status: std::process::ExitStatus::from_raw(status << 8),
            stdout: format!("{shown}\n").into_bytes(),
            stderr: Vec::new(),
        };
        assert_eq!(run_of(&ended(0, RUN)), Some(RUN.parse().unwrap()));
        assert_eq!(run_of(&ended(0, "obeyed")), None);
        assert_eq!(run_of(&ended(1, RUN)), None);
    }
}
