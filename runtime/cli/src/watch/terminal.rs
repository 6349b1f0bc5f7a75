//! The terminal while the view has it: raw, on its other screen, and given back in every case.

use std::io::{self, IsTerminal, Stdout, Write};
use std::sync::Once;
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event, poll, read};
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};

use super::draw::{Theme, draw};
use super::key::Key;
use super::state::State;
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};

/// Time between two looks whether the terminal is still there.
const WATCHDOG: Duration = Duration::from_millis(500);

/// A terminal that is drawn on.
pub struct Terminal {
    inner: Screen,
}

/// What is drawn, held against what was drawn before.
type Screen = ratatui::Terminal<CrosstermBackend<Stdout>>;

/// What came from the terminal.
pub enum Typed {
    /// A key.
    Key(Key),
    /// Its size changed.
    Resized,
}

impl Terminal {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When it cannot be steered.
    pub fn open() -> Result<Self> {
        give_back_on_panic();
        end_without_terminal();
        take().map_err(|error| failed(&error))?;
        match blank() {
            Ok(inner) => Ok(Self { inner }),
            Err(error) => {
                give_back();
                Err(failed(&error))
            }
        }
    }

    /// Draws what has changed.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, state: &mut State, theme: Theme) -> Result<()> {
        let mut metrics = state.metrics;
        let drawn = self.inner.draw(|frame| {
            let (shown, cursor) = draw(frame.buffer_mut(), state, theme);
            metrics = shown;
            if let Some(cursor) = cursor {
                frame.set_cursor_position(cursor);
            }
        });
        drawn.map_err(|error| failed(&error))?;
        state.drawn(metrics);
        Ok(())
    }

    /// What was typed within a time: at once if something was, and not more than so many keys.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn typed(&mut self, within: Duration, most: usize) -> Result<Vec<Typed>> {
        let mut typed = Vec::new();
        let mut patience = within;
        if is_gone() {
            return Err(CliError::BrokenPipe);
        }
        while typed.len() < most && poll(patience).map_err(|error| failed(&error))? {
            match read().map_err(|error| failed(&error))? {
                Event::Key(key) => typed.extend(Key::of(&key).map(Typed::Key)),
                Event::Paste(text) => typed.push(Typed::Key(Key::Paste(text))),
                Event::Resize(..) => typed.push(Typed::Resized),
                _ => {}
            }
            patience = Duration::ZERO;
        }
        Ok(typed)
    }

    /// Lets somebody else use the terminal for a while.
    ///
    /// # Errors
    /// When it cannot be taken again.
    pub fn lend<T>(&mut self, to: impl FnOnce() -> T) -> Result<T> {
        give_back();
        let result = to();
        self.inner = take().and_then(|()| blank()).map_err(|error| failed(&error))?;
        Ok(result)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// A screen on which nothing was drawn yet. Asks the terminal for nothing but its size.
fn blank() -> io::Result<Screen> {
    ratatui::Terminal::new(CrosstermBackend::new(io::stdout()))
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
}

/// Leaves the terminal as it was. Does no harm where that has happened already.
fn give_back() {
    let mut stream = io::stdout();
    let _ = execute!(stream, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
    let _ = stream.flush();
}

/// A panic is told on the terminal as it was before.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            told(panic);
        }));
    });
}

/// Whether nobody is at the other end of the terminal any more.
fn is_gone() -> bool {
    rustix::termios::tcgetattr(io::stdin()).is_err()
}

/// Ends the process soon after its terminal went away. Reading keys of one that goes away meanwhile
/// would try for ever.
fn end_without_terminal() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::thread::spawn(|| {
            while !is_gone() {
                std::thread::sleep(WATCHDOG);
            }
            // Whoever still can ends in good order.
            std::thread::sleep(WATCHDOG);
            std::process::exit(Exit::Done as i32);
        });
    });
}

/// Whether there is a terminal to draw on, and keys can come.
///
/// # Errors
/// What is missing, and what shows the same without it.
pub fn check() -> Result<()> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    let why = if !io::stdout().is_terminal() {
        "standard output is no terminal"
    } else if !io::stdin().is_terminal() {
        "standard input is no terminal"
    } else if dumb {
        "this terminal cannot be steered (TERM is not set, or `dumb`)"
    } else {
        return Ok(());
    };
    Err(CliError::new(Code::NoTerminal, format!("`baton watch` draws on a terminal: {why}"))
        .hint("`baton show -f RUN` tells the same line by line, `baton tree RUN` once"))
}

fn failed(error: &io::Error) -> CliError {
    CliError::new(Code::NoTerminal, "the terminal cannot be used").because(error)
}
