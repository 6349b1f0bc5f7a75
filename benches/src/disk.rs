//! What the disk does without a journal.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

/// Writes of one page, each made durable before the next, per second.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// With `fdatasync`, into a file of constant length.
    pub fdatasync: f64,
    /// The same with `fsync`.
    pub fsync: f64,
}

const PAGE: usize = 4_096;
const PAGES: u64 = 256;

/// Measures the rates in this folder, in about a tenth of a second.
#[must_use]
pub fn rates(folder: &Path) -> Rates {
    let file = tempfile::tempfile_in(folder).unwrap();
    let rate = |sync: fn(&File) -> std::io::Result<()>| {
        let began = Instant::now();
        for page in 0..PAGES {
            file.write_all_at(&[1; PAGE], page * PAGE as u64).unwrap();
            sync(&file).unwrap();
        }
        PAGES as f64 / began.elapsed().as_secs_f64()
    };
    // The first lap gives the file its length.
    rate(|_| Ok(()));
    file.sync_all().unwrap();
    Rates { fdatasync: rate(File::sync_data), fsync: rate(File::sync_all) }
}
