//! Lines of standard input, as a person writes them.

use std::io::BufRead;

use tokio::sync::mpsc;

/// Lines that may wait to be taken.
const WAITING_MAX: usize = 16;

/// Standard input, which is not read before the first question.
#[derive(Default)]
pub struct Lines {
    lines: Option<mpsc::Receiver<String>>,
    ended: bool,
}

impl Lines {
    /// Begins to read. A read cannot be taken back, so that it has a thread of its own, which ends with
    /// the process.
    pub fn open(&mut self) {
        if self.lines.is_some() || self.ended {
            return;
        }
        let (line, lines) = mpsc::channel(WAITING_MAX);
        std::thread::spawn(move || {
            for read in std::io::stdin().lock().lines() {
                let Ok(read) = read else { break };
                if line.blocking_send(read).is_err() {
                    break;
                }
            }
        });
        self.lines = Some(lines);
    }

    /// Whether lines may come.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.lines.is_some()
    }

    /// The next line; none: no more will come.
    pub async fn next(&mut self) -> Option<String> {
        let line = match &mut self.lines {
            Some(lines) => lines.recv().await,
            None => None,
        };
        if line.is_none() {
            self.lines = None;
            self.ended = true;
        }
        line
    }
}
