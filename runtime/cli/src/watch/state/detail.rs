//! What is known of the selected task beside its line in the tree.

use baton_core::handoff::Outcome;
use baton_core::ids::Timestamp;
use baton_core::record::{Body, Record, Work};
use baton_core::reuse::request_name;

use super::calls::Calls;
use crate::transcript::{Content, Entry, What};

/// Entries of a transcript that are kept; `baton show --full` has all of them.
pub const ENTRIES_MAX: usize = 2_000;
/// Files that are listed.
pub const FILES_MAX: usize = 2_000;

/// The parts of what is known, one of which is shown at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tab {
    /// What was asked, and how far it is.
    #[default]
    Overview,
    /// What was said and done.
    Transcript,
    /// The tools it called.
    Tools,
    /// The files it read.
    Files,
    /// What it handed over.
    Handoff,
    /// What people told it.
    Messages,
}

impl Tab {
    /// All of them, in order.
    pub const ALL: &[Self] = &[
        Self::Overview,
        Self::Transcript,
        Self::Tools,
        Self::Files,
        Self::Handoff,
        Self::Messages,
    ];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Transcript => "transcript",
            Self::Tools => "tools",
            Self::Files => "files",
            Self::Handoff => "handoff",
            Self::Messages => "messages",
        }
    }

    /// The one so many further, around the end.
    #[must_use]
    pub fn step(self, by: isize) -> Self {
        let all = Self::ALL.len().cast_signed();
        let at = Self::ALL.iter().position(|tab| *tab == self).unwrap_or_default().cast_signed();
        let next = (at + by).rem_euclid(all).cast_unsigned();
        Self::ALL.get(next).copied().unwrap_or_default()
    }

    /// Whether the end is what matters, because more comes there.
    #[must_use]
    pub fn grows(self) -> bool {
        matches!(self, Self::Transcript | Self::Messages)
    }
}

/// A message of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Number of its record.
    pub seq: u64,
    /// When it was sent.
    pub at: Timestamp,
    /// Who.
    pub sender: String,
    /// What.
    pub text: String,
    /// Whether it was to interrupt.
    pub urgent: bool,
}

/// What is known of one task.
#[derive(Debug, Default)]
pub struct Detail {
    /// The task, by its place; none: nothing is selected that has records.
    pub of: Option<usize>,
    /// How many of its records were read.
    pub read: usize,
    /// What was asked.
    pub work: Option<Box<Work>>,
    /// What was said and done, the newest last.
    pub entries: Vec<Entry>,
    /// Entries that are no longer kept.
    pub cut: usize,
    /// The tools it called.
    pub tools: Calls,
    /// The files it read, each once, in order.
    pub files: Vec<String>,
    /// Whether there were more.
    pub more_files: bool,
    /// What people told it.
    pub mail: Vec<Mail>,
    /// Record of the last message that it was told.
    pub heard: u64,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

impl Detail {
    /// Of a task of which nothing was read yet.
    #[must_use]
    pub fn new(of: Option<usize>) -> Self {
        Self { of, ..Self::default() }
    }

    /// Takes in a record that tells of the task, and what it says of the transcript.
    pub fn take(&mut self, record: &Record, entries: Vec<Entry>) {
        match &record.body {
            Body::Spawned { work, .. } => self.work = Some(work.clone()),
            Body::Called { task, work } => match &**work {
                // Either the task itself, or a tool that it called: the first is its first record.
                Work::Tool { spec, tool, .. } if self.read > 0 => {
                    self.tools.began(format!("/{task}"), tool.clone(), &spec.input);
                }
                _ => self.work = Some(work.clone()),
            },
            Body::Completed { task, outcome, .. }
                if self.tools.ended(&format!("/{task}"), outcome) => {}
            Body::Completed { outcome, .. } | Body::Finished { outcome, .. } => {
                self.outcome = Some(outcome.clone());
            }
            Body::AgentRead { reads, .. } => {
                for seen in reads {
                    self.file(request_name(&seen.request));
                }
            }
            Body::Observed { request, .. } => self.file(request_name(request)),
            Body::Messaged { sender, text, urgent, .. } => self.mail.push(Mail {
                seq: record.seq,
                at: record.at,
                sender: sender.clone(),
                text: text.clone(),
                urgent: *urgent,
            }),
            Body::Heard { upto, .. } => self.heard = *upto,
            Body::RestartOrdered { .. } => {
                self.tools = Calls::default();
                self.files.clear();
            }
            _ => {}
        }
        for entry in &entries {
            match &entry.what {
                What::Calling { .. } => self.tools.asked(),
                What::Turned { call, content: Content::Said(turn), .. } => {
                    self.tools.turned(*call, turn).into_iter().for_each(|file| self.file(file));
                }
                _ => {}
            }
        }
        self.entries.extend(entries);
        let over = self.entries.len().saturating_sub(ENTRIES_MAX);
        self.entries.drain(..over);
        self.cut += over;
        self.read += 1;
    }

    fn file(&mut self, name: String) {
        if self.files.contains(&name) {
            return;
        }
        if self.files.len() < FILES_MAX {
            self.files.push(name);
        } else {
            self.more_files = true;
        }
    }
}
