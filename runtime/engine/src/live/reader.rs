//! Reads what is said in a run, from another process.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use baton_core::ids::RunId;

use super::{Said, line, newest, older};

/// Bytes that are read of what was said before somebody began to look.
const TAIL_BYTES: u64 = 512 << 10;
/// Bytes that are read at once.
const READ_BYTES_MAX: usize = 1 << 20;
/// Bytes of a line; a longer one is none.
const LINE_BYTES_MAX: usize = 2 << 20;
/// Does not follow a link, nor wait for whoever writes into a pipe.
const CAREFULLY: i32 =
    (rustix::fs::OFlags::NOFOLLOW.bits() | rustix::fs::OFlags::NONBLOCK.bits()).cast_signed();

/// Follows what the agents of one run say. Never waits for who writes it, nor keeps them from writing.
#[derive(Debug)]
pub struct Reader {
    newest: PathBuf,
    older: PathBuf,
    file: Option<Open>,
    /// Something was read: what follows is read from its beginning.
    begun: bool,
    /// The beginning of a line whose end has not been read.
    rest: Vec<u8>,
    /// The line that is read has no beginning, or none worth reading.
    skips: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    id: (u64, u64),
}

impl Reader {
    /// A reader of what is said in a run, in this folder, from now on and shortly before.
    #[must_use]
    pub fn new(dir: &Path, run: &RunId) -> Self {
        Self {
            newest: newest(dir, run),
            older: older(dir, run),
            file: None,
            begun: false,
            rest: Vec::new(),
            skips: false,
        }
    }

    /// What was said since the last look, as far as it is there. Nothing, where there is nothing or
    /// nothing can be read.
    pub fn read(&mut self) -> Vec<Said> {
        let mut said = Vec::new();
        if self.file.is_none() && !self.begin(&mut said) {
            return said;
        }
        loop {
            let bytes = self.take(READ_BYTES_MAX, &mut said);
            if bytes > 0 {
                // The rest is there at the next look.
                return said;
            }
            let now = std::fs::symlink_metadata(&self.newest).ok().map(|about| id(&about));
            if self.file.as_ref().map(|open| open.id) == now {
                return said;
            }
            // Another file has taken its place: what was written last into this one comes first.
            while self.take(READ_BYTES_MAX, &mut said) > 0 {}
            self.leave();
            if now.is_none() || !self.begin(&mut said) {
                return said;
            }
        }
    }

    /// Begins with the newest file: at its end, where nothing was read before. Whether there is one.
    fn begin(&mut self, said: &mut Vec<Said>) -> bool {
        let Some((file, about)) = open(&self.newest) else { return false };
        let mut from = 0;
        if !self.begun {
            let before = TAIL_BYTES.saturating_sub(about.len());
            from = about.len().saturating_sub(TAIL_BYTES);
            if before > 0
                && let Some((older, past)) = open(&self.older)
            {
                let id = id(&past);
                self.enter(older, id, past.len().saturating_sub(before));
                while self.take(READ_BYTES_MAX, said) > 0 {}
                self.leave();
            }
        }
        self.begun = true;
        self.enter(file, id(&about), from);
        true
    }

    fn enter(&mut self, mut file: File, id: (u64, u64), from: u64) {
        // Within a line: what is left of it is none.
        self.skips = from > 0 && file.seek(SeekFrom::Start(from)).is_ok();
        self.file = Some(Open { file, id });
    }

    fn leave(&mut self) {
        self.file = None;
        self.rest.clear();
        self.skips = false;
    }

    /// Reads on; how many bytes there were.
    fn take(&mut self, most: usize, said: &mut Vec<Said>) -> usize {
        let Some(open) = &mut self.file else { return 0 };
        let before = self.rest.len();
        let read = (&mut open.file).take(most as u64).read_to_end(&mut self.rest);
        let bytes = self.rest.len() - before;
        if read.is_err() && bytes == 0 {
            return 0;
        }
        let mut done = 0;
        while let Some(end) =
            self.rest.get(done..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n'))
        {
            let line = self.rest.get(done..done + end).unwrap_or_default();
            if !std::mem::take(&mut self.skips) {
                said.extend(line::read(line));
            }
            done += end + 1;
        }
        self.rest.drain(..done);
        if self.rest.len() > LINE_BYTES_MAX {
            self.rest.clear();
            self.skips = true;
        }
        bytes
    }
}

fn open(path: &Path) -> Option<(File, Metadata)> {
    let file = OpenOptions::new().read(true).custom_flags(CAREFULLY).open(path).ok()?;
    let about = file.metadata().ok().filter(Metadata::is_file)?;
    Some((file, about))
}

/// What tells a file from every other one.
fn id(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}
