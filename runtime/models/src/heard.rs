//! What is heard of an answer while it comes.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::api::Activity;
use crate::tokens;

/// Signs of life of a call whose input is long, at most so often.
const SIGN: Duration = Duration::from_secs(1);

/// What was heard of an answer so far.
pub(crate) struct Heard {
    activity: mpsc::UnboundedSender<Activity>,
    /// Its text.
    pub text: String,
    thinking: u64,
    /// Length of the inputs of calls, by call.
    calls: Vec<(Option<String>, usize)>,
    sign: Instant,
}

impl Heard {
    pub(crate) fn new(activity: mpsc::UnboundedSender<Activity>) -> Self {
        Self { activity, text: String::new(), thinking: 0, calls: Vec::new(), sign: Instant::now() }
    }

    /// Tokens of all that was heard.
    pub(crate) fn tokens(&self) -> u64 {
        let calls: usize = self.calls.iter().map(|(_, length)| length).sum();
        // As for other ASCII: a token for every two and a half bytes.
        tokens::of_text(&self.text) + self.thinking + (calls as u64 * 2).div_ceil(5)
    }

    pub(crate) fn text(&mut self, text: String) {
        self.text.push_str(&text);
        self.tell(Activity::Text(text));
    }

    pub(crate) fn thinking(&mut self, text: String) {
        self.thinking += tokens::of_text(&text);
        self.tell(Activity::Thinking(text));
    }

    /// A call, or more of one that is known by its id.
    pub(crate) fn call(&mut self, id: Option<&str>, name: &str, length: usize) {
        let known = self.calls.iter_mut().find(|(known, _)| id.is_some() && known.as_deref() == id);
        match known {
            Some((_, known)) => {
                *known = length.max(*known);
                if self.sign.elapsed() >= SIGN {
                    self.tell(Activity::Thinking(String::new()));
                }
            }
            None => {
                self.calls.push((id.map(str::to_owned), length));
                self.tell(Activity::Calling(name.to_owned()));
            }
        }
    }

    fn tell(&mut self, activity: Activity) {
        self.sign = Instant::now();
        let _ = self.activity.send(activity);
    }
}
