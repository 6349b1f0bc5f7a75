//! `baton watch`: runs on the whole terminal, as they go on, and the keys that act on them.
//!
//! Records are folded into a [`state`], keys into the same by [`update`], and a state into cells by
//! [`draw`]: all three are pure. What is left reads the journal ([`follow`]), does what was decided
//! ([`perform`]) and owns the terminal ([`terminal`]). Nothing here drives a run: to leave never touches
//! one, and every order goes through the journal to whoever does.

mod draw;
mod follow;
mod key;
mod perform;
mod state;
#[cfg(test)]
mod story;
mod terminal;
mod update;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use baton_journal::store::Journal;
use tokio::signal::unix::{SignalKind, signal};

use self::draw::Theme;
use self::follow::Follower;
pub use self::follow::Which;
use self::perform::Performer;
use self::state::{Effect, State, Tone};
pub use self::terminal::check;
use self::terminal::{Terminal, Typed};
use crate::error::Result;
use crate::home::Home;
use crate::output;

/// Time between two looks into the journal.
const LOOK: Duration = Duration::from_millis(100);
/// Keys that are taken in before the next drawing.
const KEYS_MAX: usize = 64;

/// Shows runs until the person leaves.
///
/// # Errors
/// When the journal cannot be read, or the terminal cannot be used.
pub async fn watch(home: &Home, journal: Arc<dyn Journal>, which: Which) -> Result<()> {
    let theme = Theme { colour: output::has_colours() };
    let mut follower = Follower::new(&*journal, which, home.live());
    let mut performer = Performer::new(home.clone());
    let mut state = State::default();
    follower.look(&mut state).await?;
    let told_to_end = ending()?;

    let mut terminal = Terminal::open()?;
    let mut looked = Instant::now();
    loop {
        terminal.draw(&mut state, theme)?;
        if told_to_end.load(Ordering::Relaxed) {
            return Ok(());
        }
        let typed = terminal.typed(LOOK.saturating_sub(looked.elapsed()), KEYS_MAX)?;
        // What a key selects is read at once.
        let at_once = !typed.is_empty();
        for typed in typed {
            let Typed::Key(key) = typed else { continue };
            match update::update(&mut state, &key) {
                None => {}
                Some(Effect::Quit) => return Ok(()),
                Some(Effect::Page) => {
                    // What was selected a moment ago may not have been read yet.
                    follower.look(&mut state).await?;
                    page(&mut terminal, &mut state, theme)?;
                }
                Some(effect) => performer.perform(effect, &mut state).await,
            }
        }
        if at_once || looked.elapsed() >= LOOK {
            looked = Instant::now();
            follower.look(&mut state).await?;
            performer.look(&mut state).await;
        }
    }
}

/// Shows the details in the pager, which has the terminal for itself meanwhile.
fn page(terminal: &mut Terminal, state: &mut State, theme: Theme) -> Result<()> {
    let Some(run) = state.run() else { return Ok(()) };
    let mut text = draw::page(run, state.now);
    if !theme.colour {
        text = anstream::adapter::strip_str(&text).to_string();
    }
    if let Err(error) = terminal.lend(|| perform::page(&text))? {
        state.tell(Tone::Bad, error);
    }
    Ok(())
}

/// Becomes true when the system asks this process to end.
fn ending() -> Result<Arc<AtomicBool>> {
    let told = Arc::new(AtomicBool::new(false));
    for kind in [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()] {
        let mut signals = signal(kind).map_err(|error| {
            crate::error::CliError::new(crate::codes::Code::Internal, "cannot listen to signals")
                .because(&error)
        })?;
        let told = told.clone();
        tokio::spawn(async move {
            if signals.recv().await.is_some() {
                told.store(true, Ordering::Relaxed);
            }
        });
    }
    Ok(told)
}
