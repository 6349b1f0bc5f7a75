//! Which tasks are shown.

use baton_journal::rows::State;

use crate::live::model::{Kind, Model, Task};

/// What a filter of states begins with.
const STATE: &str = "is:";
/// Filters that one key goes through.
pub const CYCLE: &[&str] = &["", "is:open", "is:failed", "is:waiting", "is:done"];

/// Words that must all be found in a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// As it was written.
    pub text: String,
    words: Vec<String>,
    states: Vec<String>,
}

impl Filter {
    /// From a line such as `audit is:failed`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        let (states, words): (Vec<&str>, Vec<&str>) =
            lower.split_whitespace().partition(|word| word.starts_with(STATE));
        Self {
            text: text.to_owned(),
            words: words.into_iter().map(ToOwned::to_owned).collect(),
            states: states
                .into_iter()
                .map(|word| word.trim_start_matches(STATE).to_owned())
                .filter(|state| !state.is_empty())
                .collect(),
        }
    }

    /// Whether everything is shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.states.is_empty()
    }

    /// Whether a task fits: each word stands in its path, name, kind, backend or phase, and it is in
    /// one of the states.
    #[must_use]
    pub fn fits(&self, model: &Model, task: &Task) -> bool {
        self.states_fit(task) && self.words.iter().all(|word| word_fits(word, model, task))
    }

    fn states_fit(&self, task: &Task) -> bool {
        self.states.is_empty() || self.states.iter().any(|state| state_fits(state, task))
    }
}

fn state_fits(word: &str, task: &Task) -> bool {
    match word {
        "open" => task.ended.is_none(),
        "ended" => task.ended.is_some(),
        // A workflow waits whenever it does nothing: what is meant is a question.
        "waiting" => task.kind == Kind::Gate && task.state == State::Waiting,
        word => task.state.as_str().starts_with(word),
    }
}

fn word_fits(word: &str, model: &Model, task: &Task) -> bool {
    let phase = task.phase.and_then(|phase| model.phases.get(phase));
    let texts = [
        Some(task.label.as_str()),
        Some(task.kind.word()),
        task.backend.as_deref(),
        phase.map(|phase| phase.title.as_str()),
    ];
    texts.into_iter().flatten().any(|text| text.to_lowercase().contains(word))
        || format!("/{}", task.path).contains(word)
}
