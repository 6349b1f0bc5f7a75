//! Progress of a run on standard error: a tree redrawn in place on a terminal, plain lines
//! elsewhere.

pub mod draw;
pub mod model;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use baton_core::ids::Timestamp;
use baton_core::record::Record;
use baton_journal::store::Journal;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::output;
use model::Model;

/// Time between two drawings: ten a second are as many as an eye needs.
const DRAW_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two plain lines of counts, so that a log of a long run stays readable.
const COUNT_INTERVAL: Duration = Duration::from_secs(5);

/// Progress that is being shown.
pub struct Live {
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Live {
    /// Begins to show the records that come. Shows nothing before the first one.
    #[must_use]
    pub fn start(
        journal: Arc<dyn Journal>,
        records: mpsc::UnboundedReceiver<Arc<Record>>,
        plain: bool,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let screen = Screen { drawn: 0, in_place: output::can_draw(plain) };
        Self { stop, task: tokio::spawn(show(journal, records, screen, stopped)) }
    }

    /// Shows what has come by now, removes what was drawn in place, and ends.
    pub async fn finish(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

async fn show(
    journal: Arc<dyn Journal>,
    mut records: mpsc::UnboundedReceiver<Arc<Record>>,
    mut screen: Screen,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut model = Model::default();
    let mut ticks = interval(DRAW_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut counted = (Instant::now(), String::new());
    let mut open = true;
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            record = records.recv(), if open => match record {
                Some(record) => screen.lines(&draw::lines(&model.apply(&record))),
                None => open = false,
            },
            _ = ticks.tick() => {
                if screen.in_place {
                    screen.redraw(&model, journal.now());
                } else if counted.0.elapsed() >= COUNT_INTERVAL {
                    let line = draw::counts(&model);
                    if line != counted.1 {
                        screen.lines(std::slice::from_ref(&line));
                    }
                    counted = (Instant::now(), line);
                }
            }
        }
    }
    while let Ok(record) = records.try_recv() {
        screen.lines(&draw::lines(&model.apply(&record)));
    }
    screen.erase();
}

/// Standard error, and how many lines of it are drawn in place at its end.
struct Screen {
    drawn: usize,
    in_place: bool,
}

impl Screen {
    /// Lines that stay, above what is drawn in place.
    fn lines(&mut self, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.erase();
        for line in lines {
            output::note(line);
        }
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
