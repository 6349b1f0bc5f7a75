//! Progress of a run on standard error: a tree redrawn in place on a terminal, plain lines
//! elsewhere.

pub mod draw;
pub mod model;
mod screen;
mod stage;
pub mod words;

use std::sync::Arc;
use std::time::Duration;

use baton_core::ids::Timestamp;
use baton_core::record::Record;
use baton_engine::live::Said;
use baton_engine::{Observer, Watcher};
use baton_journal::store::Journal;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::output;
use crate::totals::Totals;
use model::Model;
use screen::Screen;
use stage::Cue;
pub use stage::{Question, Stage};

/// Time between two drawings: ten a second are as many as an eye needs.
const DRAW_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two plain lines of counts, so that a log of a long run stays readable.
const COUNT_INTERVAL: Duration = Duration::from_secs(5);

/// What is seen of a run that is driven.
pub struct Feeds {
    records: mpsc::UnboundedReceiver<Arc<Record>>,
    words: mpsc::UnboundedReceiver<Said>,
    continues: Option<bool>,
    /// Who sees the records as well.
    also: Vec<Observer>,
    stage: Stage,
    cues: mpsc::UnboundedReceiver<Cue>,
}

impl Feeds {
    /// The same of a run that waits for providers, or does not, whatever it was started with.
    #[must_use]
    pub fn continuing(self, continues: Option<bool>) -> Self {
        Self { continues, ..self }
    }

    /// The same, with somebody else who sees the records.
    #[must_use]
    pub fn also(mut self, also: Option<Observer>) -> Self {
        self.also.extend(also);
        self
    }

    /// What lets somebody else write on the terminal.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage.clone()
    }
}

/// Where the engine tells what happens, and what comes out there.
#[must_use]
pub fn feeds() -> (Observer, Watcher, Feeds) {
    let (observer, records) = mpsc::unbounded_channel();
    let (watcher, words) = mpsc::unbounded_channel();
    let (stage, cues) = Stage::new();
    let also = Vec::new();
    (observer, watcher, Feeds { records, words, continues: None, also, stage, cues })
}

/// Progress that is being shown.
pub struct Live {
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<Totals>,
    /// What others tell stands above what is drawn, as long as anything is.
    notes: Option<output::Diverted>,
}

impl Live {
    /// Begins to show the records that come. Shows nothing before the first one.
    #[must_use]
    pub fn start(journal: Arc<dyn Journal>, feeds: Feeds, plain: bool) -> Self {
        let (stop, stopped) = oneshot::channel();
        let screen = Screen::new(output::can_draw(plain));
        let stage = feeds.stage();
        stage.set_draws(screen.in_place());
        let notes = screen.in_place().then(|| output::divert(move |line| stage.say(line)));
        Self { stop, task: tokio::spawn(show(journal, feeds, screen, stopped)), notes }
    }

    /// Shows what has come by now, removes what was drawn in place, and ends with what the records
    /// that were seen sum up to.
    pub async fn finish(self) -> Totals {
        // What is told from now on is written at once: nothing is drawn when it comes.
        drop(self.notes);
        let _ = self.stop.send(());
        self.task.await.unwrap_or_default()
    }
}

async fn show(
    journal: Arc<dyn Journal>,
    feeds: Feeds,
    mut screen: Screen,
    mut stopped: oneshot::Receiver<()>,
) -> Totals {
    let Feeds { mut records, mut words, continues, also, stage: _stage, mut cues } = feeds;
    let tell = |record: &Arc<Record>| {
        for also in &also {
            // Who looks no longer holds nobody up.
            let _ = also.send(Arc::clone(record));
        }
    };
    let (mut model, mut totals) = (Model::new(continues), Totals::default());
    let mut ticks = interval(DRAW_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut counted = (Instant::now(), String::new());
    let (mut open, mut watching) = (true, true);
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            Some(cue) = cues.recv() => take(cue, &mut screen, &model, journal.now()),
            record = records.recv(), if open => match record {
                Some(record) => {
                    tell(&record);
                    totals.take(&record);
                    let lines = draw::lines(&model.apply(&record));
                    screen.lines(&lines);
                    if screen.is_asking() && !lines.is_empty() {
                        screen.redraw(&model, journal.now());
                    }
                }
                None => open = false,
            },
            _ = ticks.tick() => {
                if screen.in_place() {
                    screen.redraw(&model, journal.now());
                } else if counted.0.elapsed() >= COUNT_INTERVAL {
                    let line = draw::counts(&model);
                    if line != counted.1 {
                        screen.lines(std::slice::from_ref(&line));
                    }
                    counted = (Instant::now(), line);
                }
            }
            // Last: an agent that talks much must not keep anybody from seeing it.
            said = words.recv(), if watching => match said {
                Some(said) => model.hear(said),
                None => watching = false,
            },
        }
    }
    while let Ok(record) = records.try_recv() {
        tell(&record);
        totals.take(&record);
        screen.lines(&draw::lines(&model.apply(&record)));
    }
    while let Ok(cue) = cues.try_recv() {
        take(cue, &mut screen, &model, journal.now());
    }
    screen.release();
    screen.erase();
    totals
}

fn take(cue: Cue, screen: &mut Screen, model: &Model, now: Timestamp) {
    match cue {
        Cue::Say(line) => {
            screen.lines(&[line]);
            screen.redraw(model, now);
        }
        Cue::Ask(question) => screen.ask(question, model, now),
        Cue::Release => screen.release(),
    }
}
