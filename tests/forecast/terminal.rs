//! A command on a terminal of its own.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::place::Place;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn std::io::Write + Send>,
    shown: Arc<Mutex<Vec<u8>>>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    pub fn new(place: &Place, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 50, cols: 160, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let plain = place.command(arguments);
        let mut command = CommandBuilder::new(plain.get_program());
        command.env_clear();
        command.args(plain.get_args());
        command.cwd(plain.get_current_dir().unwrap());
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap());
        }
        for (name, value) in environment {
            command.env(name, value);
        }
        command.env("TERM", "dumb");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut chunk = [0; 4_096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                kept.lock().unwrap().extend_from_slice(&chunk[..count]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, keys, shown, _master: pair.master }
    }

    /// Everything that was written so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// Waits until a text was written so many times.
    pub fn shows(&self, what: &str, times: usize) {
        let began = Instant::now();
        while self.text().matches(what).count() < times {
            assert!(
                began.elapsed() < PATIENCE,
                "{what} is not shown {times} times\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn types(&mut self, line: &str) {
        self.keys.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The exit code, and everything that was written.
    pub fn ends(mut self) -> (u32, String) {
        let code = self.child.wait().unwrap().exit_code();
        // The last words arrive after the end of who said them.
        std::thread::sleep(Duration::from_millis(50));
        (code, self.text())
    }
}
