//! Progress of a run on standard error: a tree redrawn in place on a terminal, plain lines
//! elsewhere.

pub mod draw;
pub mod model;
mod stage;
pub mod words;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use baton_agents::backend::Activity;
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::Record;
use baton_engine::{Observer, Watcher};
use baton_journal::store::Journal;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::output;
use crate::totals::Totals;
use model::Model;
use stage::Cue;
pub use stage::Stage;

/// Time between two drawings: ten a second are as many as an eye needs.
const DRAW_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two plain lines of counts, so that a log of a long run stays readable.
const COUNT_INTERVAL: Duration = Duration::from_secs(5);

/// What is seen of a run that is driven.
pub struct Feeds {
    records: mpsc::UnboundedReceiver<Arc<Record>>,
    activities: mpsc::UnboundedReceiver<(TaskPath, Activity)>,
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
    let (watcher, activities) = mpsc::unbounded_channel();
    let (stage, cues) = Stage::new();
    let also = Vec::new();
    (observer, watcher, Feeds { records, activities, continues: None, also, stage, cues })
}

/// Progress that is being shown.
pub struct Live {
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<Totals>,
}

impl Live {
    /// Begins to show the records that come. Shows nothing before the first one.
    #[must_use]
    pub fn start(journal: Arc<dyn Journal>, feeds: Feeds, plain: bool) -> Self {
        let (stop, stopped) = oneshot::channel();
        let screen = Screen { in_place: output::can_draw(plain), ..Screen::default() };
        Self { stop, task: tokio::spawn(show(journal, feeds, screen, stopped)) }
    }

    /// Shows what has come by now, removes what was drawn in place, and ends with what the records
    /// that were seen sum up to.
    pub async fn finish(self) -> Totals {
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
    let Feeds { mut records, mut activities, continues, also, stage: _stage, mut cues } = feeds;
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
            Some(cue) = cues.recv() => match cue {
                Cue::Hold(held) => {
                    screen.erase();
                    screen.held = true;
                    let _ = held.send(());
                }
                Cue::Release => screen.release(),
            },
            record = records.recv(), if open => match record {
                Some(record) => {
                    tell(&record);
                    totals.take(&record);
                    screen.lines(&draw::lines(&model.apply(&record)));
                }
                None => open = false,
            },
            _ = ticks.tick() => {
                if screen.in_place {
                    if !screen.held {
                        screen.redraw(&model, journal.now());
                    }
                } else if counted.0.elapsed() >= COUNT_INTERVAL {
                    let line = draw::counts(&model);
                    if line != counted.1 {
                        screen.lines(std::slice::from_ref(&line));
                    }
                    counted = (Instant::now(), line);
                }
            }
            // Last: an agent that talks much must not keep anybody from seeing it.
            activity = activities.recv(), if watching => match activity {
                Some((task, activity)) => model.active(&task, activity),
                None => watching = false,
            },
        }
    }
    while let Ok(record) = records.try_recv() {
        tell(&record);
        totals.take(&record);
        screen.lines(&draw::lines(&model.apply(&record)));
    }
    screen.erase();
    screen.release();
    totals
}

/// Lines that are kept at the most while somebody else writes.
const KEPT_MAX: usize = 1_000;

/// Standard error, and how many lines of it are drawn in place at its end.
#[derive(Default)]
struct Screen {
    drawn: usize,
    in_place: bool,
    /// Somebody else writes.
    held: bool,
    /// Lines to be written when nobody else does any more.
    kept: Vec<String>,
}

impl Screen {
    /// Lines that stay, above what is drawn in place.
    fn lines(&mut self, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        if self.held {
            let room = KEPT_MAX.saturating_sub(self.kept.len());
            self.kept.extend(lines.iter().take(room).cloned());
            return;
        }
        self.erase();
        for line in lines {
            output::note(line);
        }
    }

    /// Writes what was kept, and goes on.
    fn release(&mut self) {
        self.held = false;
        let kept = std::mem::take(&mut self.kept);
        self.lines(&kept);
    }

    fn redraw(&mut self, model: &Model, now: Timestamp) {
        let lines = draw::screen(model, now, output::columns(), output::rows());
        let text = format!(
            "{}{}",
            self.erasing(),
            lines.iter().map(|line| format!("{line}\n")).collect::<String>()
        );
        self.drawn = lines.len();
        let _ = anstream::stderr().lock().write_all(text.as_bytes());
    }

    fn erase(&mut self) {
        let text = self.erasing();
        self.drawn = 0;
        let _ = anstream::stderr().lock().write_all(text.as_bytes());
    }

    /// What moves back to the first drawn line and clears from there.
    fn erasing(&self) -> String {
        if self.drawn == 0 { String::new() } else { format!("\x1b[{}F\x1b[J", self.drawn) }
    }
}
