//! A pseudo-terminal with a screen that is read like one.

use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

use crate::process::{PATIENCE, signal, until};

/// How long nothing is written between two drawings: they are a tenth of a second apart.
const QUIET: Duration = Duration::from_millis(30);

/// How long nothing more comes from a command that has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A command on a terminal of its own. Dropped, it is killed.
pub struct Terminal {
    child: Option<Box<dyn Child + Send + Sync>>,
    keys: Box<dyn std::io::Write + Send>,
    seen: Arc<Mutex<Seen>>,
    hung_up: Arc<AtomicBool>,
    /// Reads what is written, until nobody can write any more.
    reader: JoinHandle<()>,
    master: Box<dyn MasterPty + Send>,
}

struct Seen {
    bytes: Vec<u8>,
    screen: vt100::Parser,
}

impl Terminal {
    /// Starts a command on a terminal of so many columns and rows, `xterm-256color` unless its
    /// environment says otherwise.
    ///
    /// # Panics
    /// When there is no such command, or no terminal to be had.
    #[must_use]
    pub fn start(plain: &Command, (columns, rows): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a terminal");
        let mut command = CommandBuilder::new(plain.get_program());
        command.env_clear();
        command.args(plain.get_args());
        if let Some(directory) = plain.get_current_dir() {
            command.cwd(directory);
        }
        command.env("TERM", "xterm-256color");
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            }
        }
        let child = pair.slave.spawn_command(command).expect("the command starts");
        let mut reader = pair.master.try_clone_reader().expect("what it writes");
        let screen = vt100::Parser::new(cells(rows), cells(columns), 0);
        let seen = Arc::new(Mutex::new(Seen { bytes: Vec::new(), screen }));
        let kept = Arc::clone(&seen);
        let hung_up = Arc::new(AtomicBool::new(false));
        let deaf = Arc::clone(&hung_up);
        let reading = std::thread::spawn(move || {
            let mut chunk = [0; 4_096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                let Some(written) = chunk.get(..count) else { break };
                let mut seen = kept.lock().unwrap_or_else(PoisonError::into_inner);
                seen.bytes.extend_from_slice(written);
                seen.screen.process(written);
                if deaf.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let keys = pair.master.take_writer().expect("its keys");
        Self { child: Some(child), keys, seen, hung_up, reader: reading, master: pair.master }
    }

    /// Types keys.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("keys are taken");
        self.keys.flush().expect("keys are taken");
    }

    /// Types a line and Enter.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn enters(&mut self, line: &str) {
        self.types(&format!("{line}\n"));
    }

    /// Makes the terminal larger or smaller.
    ///
    /// # Panics
    /// When it cannot be.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.seen().screen.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).expect("another size");
    }

    /// What stands on the screen.
    #[must_use]
    pub fn screen(&self) -> String {
        let text = self.seen().screen.screen().contents();
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    /// The same with styles, for pictures.
    #[must_use]
    pub fn painted(&self) -> String {
        self.seen().screen.screen().contents_formatted()
    }

    /// Everything that was written so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.seen().bytes.clone()
    }

    /// The same as text, without what steers the terminal.
    #[must_use]
    pub fn text(&self) -> String {
        plain(&String::from_utf8_lossy(&self.bytes()))
    }

    /// Waits until the screen shows something; that screen.
    ///
    /// # Panics
    /// When it never does.
    #[track_caller]
    pub fn shows(&mut self, what: &str) -> String {
        self.until(what, |screen| screen.contains(what))
    }

    /// Waits until something was written so many times, wherever it stands now.
    ///
    /// # Panics
    /// When it never is.
    #[track_caller]
    pub fn writes(&self, what: &str, times: usize) {
        let began = Instant::now();
        while self.text().matches(what).count() < times {
            let text = self.text();
            assert!(began.elapsed() < PATIENCE, "never written {times} times: {what}\n{text}");
            sleep(Duration::from_millis(10));
        }
    }

    /// Waits until something holds of the screen; that screen.
    ///
    /// # Panics
    /// When it never does, or the command ends.
    #[track_caller]
    pub fn until(&mut self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let before = self.written();
            let screen = self.screen();
            if holds(&screen) {
                // Nothing of it is still on its way.
                sleep(QUIET);
                if before == self.written() {
                    return screen;
                }
                continue;
            }
            let ended = self.ended();
            assert!(
                began.elapsed() < PATIENCE && ended.is_none(),
                "never: {what} ({ended:?})\n{screen}"
            );
            sleep(Duration::from_millis(20));
        }
    }

    /// Id of the process.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().and_then(|child| child.process_id()).expect("a process")
    }

    /// Waits for its end; the exit code, and everything that was written.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn ends(mut self) -> (u32, String) {
        let mut status = None;
        until("it ends", || {
            status = self.ended();
            status.is_some()
        });
        // What it wrote last may still be on its way. Others that it started may keep the terminal.
        let mut last = (self.written(), Instant::now());
        while !self.reader.is_finished() && last.1.elapsed() < LAST_WORDS {
            sleep(Duration::from_millis(5));
            if last.0 != self.written() {
                last = (self.written(), Instant::now());
            }
        }
        let code = status.map_or(u32::MAX, |status| status.exit_code());
        (code, String::from_utf8_lossy(&self.bytes()).into_owned())
    }

    /// The same, without what steers the terminal.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn says(self) -> (u32, String) {
        let (code, written) = self.ends();
        (code, plain(&written))
    }

    /// The window is closed while the terminal stays, which hangs up; the exit code.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn goes_away(self) -> u32 {
        signal("-HUP", self.pid());
        self.ends().0
    }

    /// Closes the terminal under the process, as a window that is closed does; the exit code of the
    /// process, which must end by itself.
    ///
    /// # Panics
    /// When it goes on without a terminal.
    #[track_caller]
    pub fn hangs_up(mut self) -> u32 {
        let mut child = self.child.take().expect("a process");
        self.hung_up.store(true, Ordering::Relaxed);
        drop(self);
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("a child") {
                return status.exit_code();
            }
            if began.elapsed() > PATIENCE {
                let _ = child.kill();
                panic!("it goes on without a terminal");
            }
            sleep(Duration::from_millis(20));
        }
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().expect("a child"))
    }

    fn written(&self) -> usize {
        self.seen().bytes.len()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // One that has ended is not there to be killed.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(number: u16) -> NonZero<u16> {
    NonZero::new(number).expect("a terminal has cells")
}

/// A text without escape sequences.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
        } else if chars.next() == Some('[') {
            for c in chars.by_ref() {
                if ('@'..='~').contains(&c) {
                    break;
                }
            }
        }
    }
    out
}
