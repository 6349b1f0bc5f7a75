//! Who writes on the terminal: the progress, or somebody who asks a person.

use tokio::sync::{mpsc, oneshot};

/// What the progress is told.
pub(super) enum Cue {
    /// Write nothing from now on, and say so.
    Hold(oneshot::Sender<()>),
    /// Go on, with everything that happened meanwhile.
    Release,
}

/// Lets somebody else write on the terminal for a time.
#[derive(Clone, Debug)]
pub struct Stage(mpsc::UnboundedSender<Cue>);

impl Stage {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Cue>) {
        let (cues, told) = mpsc::unbounded_channel();
        (Self(cues), told)
    }

    /// Waits until the progress has taken away what it drew. It writes nothing before
    /// [`Self::release`]. At once where no progress is shown.
    pub async fn hold(&self) {
        let (held, is_held) = oneshot::channel();
        if self.0.send(Cue::Hold(held)).is_ok() {
            // Whoever shows no longer draws nothing either.
            let _ = is_held.await;
        }
    }

    /// Lets the progress go on.
    pub fn release(&self) {
        let _ = self.0.send(Cue::Release);
    }
}
