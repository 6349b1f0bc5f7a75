//! How a batch gets on, line by line.

use std::io::Write;
use std::time::{Duration, Instant};

use baton_core::gate::GateSpec;
use baton_core::record::Pause;
use baton_engine::RunReport;
use baton_journal::rows::State;

use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::output::{self, can_draw, note, stdout};
use crate::pause::PauseShape;
use crate::text::{duration, plural};
use crate::{result, shapes};

/// Time between two counts drawn in place.
const DRAW_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two counts on lines of their own.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// How a batch gets on: prints result lines, counts them, shows the counts.
pub(super) struct Tally {
    all: u64,
    done: u64,
    failed: u64,
    paused: u64,
    /// Runs that wait for people.
    waiting: u64,
    began: Instant,
    shown: Option<Instant>,
    in_place: bool,
}

impl Tally {
    pub(super) fn new(all: u64, plain: bool) -> Self {
        let in_place = can_draw(plain);
        let began = Instant::now();
        Self { all, done: 0, failed: 0, paused: 0, waiting: 0, began, shown: None, in_place }
    }

    /// `asked`: what the gate asks that the run waits for, if it waits for one.
    pub(super) fn take(
        &mut self,
        line: u64,
        mut report: RunReport,
        asked: Option<&GateSpec>,
    ) -> Result<()> {
        // An interrupted run has no result yet: `resume` brings it.
        let interrupted = report.error.is_none()
            && report.outcome.is_none()
            && matches!(report.pause, None | Some(Pause::Interrupted));
        if interrupted {
            return Ok(());
        }
        let error = result::verdict(&mut report);
        match report.state {
            State::Done if error.is_none() => self.done += 1,
            State::Paused | State::Waiting if report.outcome.is_none() => match report.pause {
                Some(Pause::Gate { .. } | Pause::Message | Pause::Person { .. }) => {
                    self.waiting += 1;
                }
                _ => self.paused += 1,
            },
            _ => self.failed += 1,
        }
        self.clear();
        let mut shape = result::shape(&report, error.as_ref(), Some(line));
        shape.pause =
            report.pause.as_ref().map(|reason| PauseShape::new(&report.run, reason, asked));
        stdout(&shapes::line(&shape)?)?;
        self.show();
        Ok(())
    }

    /// Shows the counts, if enough time has passed since they were last shown.
    fn show(&mut self) {
        let interval = if self.in_place { DRAW_INTERVAL } else { LINE_INTERVAL };
        if self.shown.unwrap_or(self.began).elapsed() < interval {
            return;
        }
        self.shown = Some(Instant::now());
        let counts = self.counts();
        if self.in_place {
            let _ = write!(anstream::stderr().lock(), "\r\x1b[K{counts}");
        } else {
            note(&counts);
        }
    }

    pub(super) fn clear(&self) {
        if self.in_place && self.shown.is_some() {
            let _ = write!(anstream::stderr().lock(), "\r\x1b[K");
        }
    }

    fn counts(&self) -> String {
        let ended = self.done + self.failed + self.paused + self.waiting;
        format!("{ended} of {}: {} ok, {} failed", plural(self.all, "line"), self.done, self.failed)
    }

    pub(super) fn close(self, id: &str) -> Result<Exit> {
        self.clear();
        let took = duration(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX));
        let counts = self.counts();
        note(&crate::text::paint(output::DIM, &format!("{counts} in {took} · {id}")));
        let open = self.all - self.done - self.failed - self.paused - self.waiting;
        if open > 0 {
            return Err(CliError::new(
                Code::Interrupted,
                format!("the batch was interrupted: {} without a result", plural(open, "line")),
            )
            .hint(format!("`baton resume {id}` goes on")));
        }
        if self.failed > 0 {
            return Err(CliError::new(
                Code::BatchFailed,
                format!("{} of {} failed", self.failed, plural(self.all, "run")),
            )
            .hint(format!("`baton ls --batch {id} --state failed,cancelled` lists them")));
        }
        if self.paused > 0 {
            return Err(CliError::new(
                Code::CapReached,
                format!("{} of {} are paused", self.paused, plural(self.all, "run")),
            )
            .hint(format!("`baton resume {id} --max-…` goes on with higher caps")));
        }
        if self.waiting > 0 {
            let runs = plural(self.all, "run");
            return Err(CliError::new(
                Code::Paused,
                format!("{} of {runs} wait for people", self.waiting),
            )
            .hint(format!(
                "`baton ls --waiting --batch {id}` lists what is asked; `baton resume {id}` goes on"
            )));
        }
        Ok(Exit::Done)
    }
}
