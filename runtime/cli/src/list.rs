//! Lists in the person's directory of settings: a line for each thing, the latest at the end, added and
//! read by several processes at once.
//!
//! Whoever writes holds the lock of the file; without it lines are still added, and nothing is taken away.
//! One that is too long is written anew without its oldest lines, so that what is remembered of all runs
//! there ever were takes no more than some megabytes.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{
    self, BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _,
};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A list that gets longer than so many bytes loses its older half.
const BYTES_MAX: u64 = 4 << 20;

/// What a new one is called before it takes the place of the old.
const DRAFT: &str = "new";

/// How long the lock is tried. Others have it for milliseconds, but for one that stands still.
const LOCK_TIME: Duration = Duration::from_secs(10);
/// Between two tries.
const LOCK_INTERVAL: Duration = Duration::from_millis(5);

/// One list.
#[derive(Clone, Debug)]
pub struct List {
    path: PathBuf,
    bytes_max: u64,
    lock_time: Duration,
}

impl List {
    /// The list in this file, which need not be there.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path, bytes_max: BYTES_MAX, lock_time: LOCK_TIME }
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells each line, the oldest first. One that cannot be read has none.
    pub fn each(&self, tell: impl FnMut(&str)) {
        if let Ok(file) = File::open(&self.path) {
            lines(&file, tell);
        }
    }

    /// Adds lines, each with its end; makes the file, for this person alone, and its directory where they
    /// are not there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, lines: &str) -> io::Result<()> {
        if let Some(dir) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let (mut file, locked) = self.held(true)?;
        let size = file.metadata()?.len();
        let mut last = [b'\n'];
        if size > 0 {
            file.seek(SeekFrom::Start(size - 1))?;
            file.read_exact(&mut last)?;
        }
        // A line that a full disk cut short is not to be the beginning of the next one.
        let whole = if last == *b"\n" { lines.to_owned() } else { format!("\n{lines}") };
        file.write_all(whole.as_bytes())?;
        if locked && size + whole.len() as u64 > self.bytes_max {
            // What is too long serves as well: the next one tries again.
            let _ = self.replace(&file, |_| true);
        }
        Ok(())
    }

    /// Keeps only these lines. Does nothing if there is no list, or its lock cannot be had.
    ///
    /// # Errors
    /// When it cannot be written; then it is as it was.
    pub fn retain(&self, keep: impl FnMut(&str) -> bool) -> io::Result<()> {
        match self.held(false) {
            Ok((file, true)) => self.replace(&file, keep),
            Ok((_, false)) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The file that is there when its lock is had, and whether it is: not every disk knows locks.
    fn held(&self, create: bool) -> io::Result<(File, bool)> {
        loop {
            let mut options = OpenOptions::new();
            let file =
                options.read(true).append(true).create(create).mode(0o600).open(&self.path)?;
            if !self.lock(&file) {
                return Ok((file, false));
            }
            let (held, there) = (file.metadata()?, std::fs::metadata(&self.path));
            match there {
                Ok(there) if (held.dev(), held.ino()) == (there.dev(), there.ino()) => {
                    return Ok((file, true));
                }
                // Another process has put a new one in its place meanwhile.
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Locks it, unless that cannot be done in time.
    fn lock(&self, file: &File) -> bool {
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return true,
                Err(TryLockError::WouldBlock) if began.elapsed() < self.lock_time => {
                    std::thread::sleep(LOCK_INTERVAL);
                }
                Err(_) => return false,
            }
        }
    }

    /// Puts a new file in the place of the one that is held.
    fn replace(&self, held: &File, mut keep: impl FnMut(&str) -> bool) -> io::Result<()> {
        let mut kept: Vec<String> = Vec::new();
        let mut reading = held;
        reading.seek(SeekFrom::Start(0))?;
        let mut all = 0_u64;
        lines(held, |line| {
            all += 1;
            if keep(line) {
                kept.push(format!("{line}\n"));
            }
        });
        let mut bytes: u64 = kept.iter().map(|line| line.len() as u64).sum();
        let mut oldest = 0;
        if bytes > self.bytes_max {
            while bytes > self.bytes_max / 2 {
                bytes -= kept.get(oldest).map_or(bytes, |line| line.len() as u64);
                oldest += 1;
            }
        }
        if oldest == 0 && kept.len() as u64 == all {
            return Ok(());
        }
        // Where people keep their settings elsewhere, links lead there and stay.
        let place = self.path.canonicalize()?;
        let draft = place.with_extension(DRAFT);
        // Left by a process that died: whoever holds the lock is the only one to write it.
        let _ = std::fs::remove_file(&draft);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(kept.get(oldest..).unwrap_or_default().concat().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&draft, &place)
    }
}

/// Tells the lines of a file from where it is. One that is no text is none.
fn lines(file: &File, mut tell: impl FnMut(&str)) {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if let Ok(text) = std::str::from_utf8(&line) {
            tell(text.strip_suffix('\n').unwrap_or(text));
        }
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn all(list: &List) -> Vec<String> {
        let mut all = Vec::new();
        list.each(|line| all.push(line.to_owned()));
        all
    }

    #[test]
    fn lines_are_added_and_taken_away() {
        let temp = tempfile::tempdir().unwrap();
        let list = List::at(temp.path().join("settings/list"));
        list.retain(|_| false).unwrap();
        assert!(!list.path().exists() && all(&list).is_empty());
        list.add("one\ntwo\n").unwrap();
        list.add("three\n").unwrap();
        assert_eq!(all(&list), ["one", "two", "three"]);
        list.retain(|line| line != "two").unwrap();
        assert_eq!(all(&list), ["one", "three"]);
        assert_eq!(list.path().metadata().unwrap().mode() & 0o777, 0o600);
        // A line that was cut short spoils no other.
        let cut = std::fs::read_to_string(list.path()).unwrap() + "fo";
        std::fs::write(list.path(), cut).unwrap();
        list.add("five\n").unwrap();
        assert_eq!(all(&list), ["one", "three", "fo", "five"]);
        list.retain(|_| false).unwrap();
        assert!(all(&list).is_empty());
    }

    #[test]
    fn a_list_does_not_grow_for_ever() {
        let temp = tempfile::tempdir().unwrap();
        let list = List { bytes_max: 100, ..List::at(temp.path().join("list")) };
        for number in 0..200 {
            list.add(&format!("line {number}\n")).unwrap();
            let size = list.path().metadata().unwrap().len();
            assert!(size <= 100, "{size} bytes");
        }
        let left = all(&list);
        // The latest are there, in their order.
        let first = 200 - left.len();
        let expected: Vec<String> = (first..200).map(|number| format!("line {number}")).collect();
        assert_eq!(left, expected);
        assert!(left.len() >= 5, "{left:?}");
    }

    #[test]
    fn one_whose_lock_is_not_to_be_had_is_only_added_to() {
        let temp = tempfile::tempdir().unwrap();
        let list = List { lock_time: Duration::ZERO, ..List::at(temp.path().join("list")) };
        list.add("one\n").unwrap();
        let held = File::open(list.path()).unwrap();
        held.lock().unwrap();
        list.add("two\n").unwrap();
        list.retain(|_| false).unwrap();
        assert_eq!(all(&list), ["one", "two"]);
        drop(held);
        list.retain(|line| line == "two").unwrap();
        assert_eq!(all(&list), ["two"]);
    }

    #[test]
    fn what_others_add_meanwhile_is_kept() {
        let temp = tempfile::tempdir().unwrap();
        let list = List::at(temp.path().join("list"));
        std::thread::scope(|scope| {
            for who in 0..4 {
                let list = &list;
                scope.spawn(move || {
                    for number in 0..20 {
                        list.add(&format!("{who} {number}\nchaff {who}\n")).unwrap();
                        list.retain(|line| !line.starts_with("chaff")).unwrap();
                    }
                });
            }
        });
        let mut left = all(&list);
        assert_eq!(left.len(), 80);
        left.sort();
        left.dedup();
        assert_eq!(left.len(), 80, "each once");
    }
}
