//! A command on a terminal of its own.

use std::io::{Read as _, Write};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::place::{PATIENCE, signal, until};

/// Its size.
const SIZE: PtySize = PtySize { rows: 24, cols: 100, pixel_width: 0, pixel_height: 0 };

/// A command, and what it has written.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    /// The terminal is there as long as this.
    _master: Box<dyn MasterPty + Send>,
    seen: Arc<Mutex<vt100::Parser>>,
}

impl Terminal {
    /// Starts it.
    pub fn start(plain: &Command) -> Self {
        let pair = native_pty_system().openpty(SIZE).unwrap();
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
        let screen =
            vt100::Parser::new(SIZE.rows.try_into().unwrap(), SIZE.cols.try_into().unwrap(), 500);
        let seen = Arc::new(Mutex::new(screen));
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut chunk = [0; 4_096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                kept.lock().unwrap().process(&chunk[..count]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, keys, _master: pair.master, seen }
    }

    /// Waits until the screen is so.
    #[track_caller]
    pub fn until(&self, what: &str, mut so: impl FnMut(&str) -> bool) {
        until(what, || so(&self.seen.lock().unwrap().screen().contents()));
    }

    /// Types keys.
    pub fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// The window is closed, which hangs up. How the command ends then.
    pub fn goes_away(mut self) -> u32 {
        signal("-HUP", self.child.process_id().unwrap());
        self.wait()
    }

    /// How it ends by itself.
    pub fn ends(mut self) -> u32 {
        self.wait()
    }

    fn wait(&mut self) -> u32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(began.elapsed() < PATIENCE, "it hangs");
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // One that has ended is not there to be ended.
        let _ = self.child.kill();
    }
}
