//! Opening a session, and setting what the task asks for.

use baton_core::handoff::FailureKind;
use baton_core::report::Level;
use serde_json::Value;

use super::{Acp, Stage, TakesUp, read};
use crate::acp::wire::{Ask, InitializeResponse, SessionId, SessionModeState, is_known};
use crate::backend::Activity;

/// Modes in which agents ask before they act, the best first.
const ASKING_MODES: &[&str] = &["default", "ask", "read-only"];

/// Categories of options, and whether a task fails whose wish is not among those offered.
const CATEGORIES: [(&str, bool); 2] = [("model", true), ("thought_level", false)];

impl Acp {
    pub(super) fn initialized(&mut self, result: &Value) -> Vec<String> {
        let Some(said) = read::<InitializeResponse>(result) else { return self.bad("initialize") };
        if !is_known(&said) {
            let message = "the agent does not speak version 1 of the Agent Client Protocol".into();
            return self.fail(FailureKind::Failed, "protocol-version", message);
        }
        if let Some(info) = &said.agent_info {
            let name = info.title.as_deref().unwrap_or(&info.name);
            let agent = format!("{name} {}", info.version);
            self.watch.log(Level::Info, &agent);
            self.heard.agent = Some(agent);
        }
        let resumes = result.pointer("/agentCapabilities/sessionCapabilities/resume");
        self.takes_up = match (said.agent_capabilities.load_session, resumes) {
            (_, Some(resumes)) if !resumes.is_null() => TakesUp::Resume,
            (true, _) => TakesUp::Load,
            _ => TakesUp::Not,
        };
        let again = self.begin.again.as_ref().map(|(id, _)| SessionId::new(id.as_str()));
        let directory = self.begin.directory.clone();
        let directory = directory.as_path();
        match (again, self.takes_up) {
            (Some(session), TakesUp::Load) => {
                let id = self.next(Stage::Again);
                let line = Ask::Load { session: &session, directory }.line(id);
                self.session = Some(session);
                vec![line]
            }
            (Some(session), TakesUp::Resume) => {
                let id = self.next(Stage::Again);
                let line = Ask::Resume { session: &session, directory }.line(id);
                self.session = Some(session);
                vec![line]
            }
            _ => {
                if self.begin.again.take().is_some() {
                    self.book.lost();
                }
                let id = self.next(Stage::New);
                vec![Ask::New { directory }.line(id)]
            }
        }
    }

    /// A session is open: it is made to ask, and given the model that was chosen.
    pub(super) fn opened(
        &mut self,
        result: &Value,
        modes: Option<&SessionModeState>,
    ) -> Vec<String> {
        if let Some(modes) = modes {
            let offered = |mode: &&&str| {
                modes.available_modes.iter().any(|offered| offered.id.to_string() == ***mode)
            };
            let best = ASKING_MODES.iter().find(offered);
            if let Some(best) = best.filter(|best| modes.current_mode_id.to_string() != **best) {
                self.to_set.push((String::new(), (*best).to_owned()));
            }
        }
        let options = result.get("configOptions").and_then(Value::as_array);
        for (category, must) in CATEGORIES {
            let wanted = if must { &self.begin.model } else { &self.begin.effort };
            let Some(wanted) = wanted.clone() else { continue };
            let of_category =
                |option: &&Value| option.get("category").and_then(Value::as_str) == Some(category);
            let option = options.into_iter().flatten().find(of_category);
            let values = option.map(values).unwrap_or_default();
            let id = option.and_then(|option| option.get("id")).and_then(Value::as_str);
            match id.filter(|_| values.contains(&wanted)) {
                Some(id) => self.to_set.push((id.to_owned(), wanted)),
                None if must => {
                    let offered = if values.is_empty() { "none".into() } else { values.join(", ") };
                    let message =
                        format!("the agent offers no model `{wanted}`; it offers: {offered}");
                    return self.fail(FailureKind::Failed, "unknown-model", message);
                }
                None => {
                    let text = format!("the agent offers no effort `{wanted}`; it uses its own");
                    self.watch.log(Level::Warn, &text);
                }
            }
        }
        self.settle()
    }

    /// Sets what is still to be set, and then gives it its task.
    pub(super) fn settle(&mut self) -> Vec<String> {
        let Some(session) = self.session.clone() else { return self.bad("session/new") };
        if let Some((option, value)) = self.to_set.pop() {
            let id = self.next(Stage::Settle);
            let ask = match option.as_str() {
                "" => Ask::Mode { session: &session, mode: &value },
                option => Ask::Option { session: &session, option, value: &value },
            };
            return vec![ask.line(id)];
        }
        let id = self.next(Stage::Prompt);
        self.watch.activity(|_| Activity::Waiting, "");
        let text = self.begin.again.as_ref().map_or(&self.begin.task, |(_, again)| again);
        self.watch.heard(self.begin.told);
        self.book.saying(self.begin.told);
        vec![Ask::Prompt { session: &session, text }.line(id)]
    }
}

/// The values that an option offers.
fn values(option: &Value) -> Vec<String> {
    let options = option.get("options").and_then(Value::as_array);
    let flat = options.into_iter().flatten().flat_map(|offered| {
        match offered.get("options").and_then(Value::as_array) {
            Some(group) => group.iter().collect(),
            None => vec![offered],
        }
    });
    flat.filter_map(|offered| offered.get("value")?.as_str().map(ToOwned::to_owned)).collect()
}
