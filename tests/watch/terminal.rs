//! A pseudo-terminal with a screen that is read like one.

use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long nothing is written between two drawings: they are a tenth of a second apart.
const QUIET: Duration = Duration::from_millis(30);

/// A command on a terminal of its own.
pub struct Terminal {
    child: Option<Box<dyn Child + Send + Sync>>,
    keys: Box<dyn std::io::Write + Send>,
    seen: Arc<Mutex<Seen>>,
    hung_up: Arc<AtomicBool>,
    master: Box<dyn MasterPty + Send>,
}

struct Seen {
    bytes: Vec<u8>,
    screen: vt100::Parser,
}

impl Terminal {
    /// Starts a command on a terminal of so many columns and rows.
    pub fn start(plain: &std::process::Command, (columns, rows): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(plain.get_program());
        command.env_clear();
        command.args(plain.get_args());
        command.cwd(plain.get_current_dir().unwrap());
        command.env("TERM", "xterm-256color");
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap());
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let screen = vt100::Parser::new(cells(rows), cells(columns), 0);
        let seen = Arc::new(Mutex::new(Seen { bytes: Vec::new(), screen }));
        let kept = Arc::clone(&seen);
        let hung_up = Arc::new(AtomicBool::new(false));
        let deaf = Arc::clone(&hung_up);
        std::thread::spawn(move || {
            let mut chunk = [0; 4_096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                let mut seen = kept.lock().unwrap();
                seen.bytes.extend_from_slice(&chunk[..count]);
                seen.screen.process(&chunk[..count]);
                if deaf.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child: Some(child), keys, seen, hung_up, master: pair.master }
    }

    /// Types keys.
    pub fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Makes the terminal larger or smaller.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.seen.lock().unwrap().screen.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// What stands on the screen.
    pub fn screen(&self) -> String {
        let seen = self.seen.lock().unwrap();
        let text = seen.screen.screen().contents();
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    /// The same with styles, for pictures.
    pub fn painted(&self) -> String {
        self.seen.lock().unwrap().screen.screen().contents_formatted()
    }

    /// Everything that was written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().bytes.clone()
    }

    /// Waits until a screen shows something; that screen.
    pub fn shows(&mut self, what: &str) -> String {
        self.until(what, |screen| screen.contains(what))
    }

    /// Waits until something holds of the screen; that screen.
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
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(
                began.elapsed() < PATIENCE && ended.is_none(),
                "never: {what} ({ended:?})\n{screen}"
            );
            sleep(Duration::from_millis(20));
        }
    }

    fn written(&self) -> usize {
        self.seen.lock().unwrap().bytes.len()
    }

    /// Id of the process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().process_id().unwrap()
    }

    /// Waits for its end; the exit code, and everything that was written.
    pub fn ends(mut self) -> (u32, String) {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end\n{}", self.screen());
            sleep(Duration::from_millis(20));
        };
        // What it wrote last may still be on its way.
        let mut last = usize::MAX;
        while last != self.written() {
            last = self.written();
            sleep(Duration::from_millis(50));
        }
        (status.exit_code(), String::from_utf8_lossy(&self.bytes()).into_owned())
    }
}

impl Terminal {
    /// Closes the terminal under the process, as a window that is closed does; the exit code of the
    /// process, which must end by itself.
    pub fn hangs_up(mut self) -> u32 {
        let mut child = self.child.take().unwrap();
        self.hung_up.store(true, Ordering::Relaxed);
        drop(self);
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.exit_code();
            }
            if began.elapsed() > PATIENCE {
                let _ = child.kill();
                panic!("it goes on without a terminal");
            }
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(number: u16) -> NonZero<u16> {
    NonZero::new(number).unwrap()
}

/// A screen without what differs from run to run: ids, clocks and spans of time.
pub fn masked(screen: &str) -> String {
    screen.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn line(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    while at < chars.len() {
        let rest: String = chars[at..].iter().collect();
        if let Some(id) = rest.strip_prefix("run_") {
            let ulid = id.chars().take_while(char::is_ascii_alphanumeric).count();
            out.push_str("run_");
            out.extend(std::iter::repeat_n('X', ulid));
            at += 4 + ulid;
            continue;
        }
        let before = at.checked_sub(1).map_or(' ', |before| chars[before]);
        let token: String = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':' | 's' | 'm' | 'h'))
            .collect();
        if !before.is_alphanumeric() && is_clock(&token) {
            out.push_str("HH:MM:SS");
            at += token.len();
        } else if !before.is_alphanumeric() && is_span(&token) {
            // In a column the end stays where it is, elsewhere the beginning.
            let column = chars[..at].ends_with(&[' ', ' ']) && !line.contains("run_");
            let wide = if column { token.len() } else { 0 };
            out.push_str(&format!("{:>wide$}", "0.0s"));
            at += token.len();
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out.trim_end().to_owned()
}

fn is_span(token: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let Some(number) = token.strip_suffix('s') else { return false };
    number.split_once(['.', 'm']).is_some_and(|(a, b)| digits(a) && digits(b))
}

fn is_clock(token: &str) -> bool {
    token.len() == 8 && token.split(':').filter(|part| part.len() == 2).count() == 3
}
