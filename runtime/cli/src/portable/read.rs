//! Reading, from whoever wrote it.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use baton_core::blobs::{Named, named};
use baton_core::digest::Digest;
use baton_core::ids::Timestamp;
use baton_core::record::{Body, FORMAT, Record, RunStarted};
use baton_core::run::Run;
use baton_journal::store::Blob;
use flate2::bufread::GzDecoder;

use super::light::light;
use super::sizes::{Beyond, Sizes};
use super::spool::{Filling, Spool};
use super::write::name;
use super::{BLOCK, Chain, KIND, MANIFEST, Manifest, RECORDS, VERSION};
use crate::codes::Code;
use crate::error::{CliError, Result};

/// Bytes of the manifest: some hundred thousand blobs.
const MANIFEST_BYTES_MAX: u64 = 32 << 20;
/// Bytes of all records. They lie on the disk beside the journal until they are in it.
const RECORDS_BYTES_MAX: u64 = 1 << 30;
/// Bytes of one record.
const RECORD_BYTES_MAX: usize = 64 << 20;
/// Bytes of one blob.
const BLOB_BYTES_MAX: u64 = 512 << 20;
/// Bytes of all blobs together.
const BLOBS_BYTES_MAX: u64 = 16 << 30;
/// How far the clock of another machine may be ahead.
const AHEAD_MS_MAX: u64 = 24 * 3_600_000;
/// Fencing epochs are counted one by one: a larger one was made up.
const EPOCH_MAX: u64 = 1 << 40;

/// A file whose records were read and checked, and whose blobs are still to come.
pub struct Reading<R: Read> {
    /// Its first part.
    pub manifest: Manifest,
    /// The facts it begins with, as they were written.
    pub started: Box<RunStarted>,
    /// All records.
    pub records: Spool,
    parts: Parts<R>,
    next: usize,
    blob_bytes: u64,
}

/// Reads a file up to its blobs. Nothing of it is kept if anything is wrong. `folder`: where there is
/// room for its records. `raised`: whether its texts and tasks may be more than usual because it says
/// so itself.
///
/// # Errors
/// When it is no such file, or was made up or damaged, or asks for more than it may.
pub fn open<R: Read>(file: R, folder: &Path, now: Timestamp, raised: bool) -> Result<Reading<R>> {
    let mut parts = Parts { file: GzDecoder::new(BufReader::new(file)) };
    let manifest = manifest(&mut parts)?;
    let (started, records) = records(&mut parts, &manifest, folder, now, raised)?;
    Ok(Reading { manifest, started, records, parts, next: 0, blob_bytes: 0 })
}

impl<R: Read> Reading<R> {
    /// The next blob, in the order of the manifest; none after the last, when the file ends as it
    /// must.
    ///
    /// # Errors
    /// When the file is damaged, or was made up.
    pub fn blob(&mut self) -> Result<Option<Blob>> {
        let Some(digest) = self.manifest.blobs.get(self.next) else {
            self.parts.finish()?;
            return Ok(None);
        };
        self.next += 1;
        let max = BLOB_BYTES_MAX.min(BLOBS_BYTES_MAX - self.blob_bytes);
        let bytes = self.parts.part(&name(digest), max)?;
        self.blob_bytes += bytes.len() as u64;
        let blob = Blob::new(bytes);
        if blob.digest != *digest {
            return Err(refused(&format!("the bytes of blob {digest} have another digest")));
        }
        Ok(Some(blob))
    }
}

fn manifest<R: Read>(parts: &mut Parts<R>) -> Result<Manifest> {
    let bytes = parts.part(MANIFEST, MANIFEST_BYTES_MAX)?;
    // The version first: what a later one looks like nobody knows.
    #[derive(serde::Deserialize)]
    struct Version {
        kind: String,
        version: u32,
    }
    let wrong =
        |error: serde_json::Error| refused(&format!("its manifest cannot be read: {error}"));
    let Version { kind, version } = serde_json::from_slice(&bytes).map_err(wrong)?;
    if kind != KIND {
        return Err(refused("its manifest is that of something else"));
    }
    if version > VERSION {
        let message = format!("the file has version {version}; this release reads up to {VERSION}");
        return Err(CliError::new(Code::TooNew, message).hint("use the newer release of baton"));
    }
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(wrong)?;
    if manifest.format > FORMAT {
        let message = format!(
            "its records have format {}; this release reads up to {FORMAT}",
            manifest.format
        );
        return Err(CliError::new(Code::TooNew, message).hint("use the newer release of baton"));
    }
    if !manifest.blobs.is_sorted_by(|one, next| one < next) {
        return Err(refused("its blobs are not in order"));
    }
    Ok(manifest)
}

/// Reads the records, puts them aside, and checks that they are those of one run and of this manifest.
fn records<R: Read>(
    parts: &mut Parts<R>,
    manifest: &Manifest,
    folder: &Path,
    now: Timestamp,
    raised: bool,
) -> Result<(Box<RunStarted>, Spool)> {
    let size = parts.begin(RECORDS)?;
    if size != manifest.bytes {
        return Err(refused("its records have another size than its manifest says"));
    }
    if size > RECORDS_BYTES_MAX {
        let message = format!("its records have {size} bytes; {RECORDS_BYTES_MAX} are the limit");
        return Err(refused(&message));
    }
    let mut lines = Lines {
        file: BufReader::new((&mut parts.file).take(size)),
        line: Vec::new(),
        spool: Filling::begin(folder).map_err(|error| aside(&error))?,
        latest: now.plus_ms(AHEAD_MS_MAX),
        last: Timestamp(0),
        count: 0,
        chain: Chain::new(),
        started: None,
        raised,
        sizes: None,
        names: Names::of(manifest),
    };
    // Whatever the engine would refuse at resume is refused here, before it is in the journal.
    let mut wrong = None;
    let run = Run::from_records(std::iter::from_fn(|| {
        lines.next().unwrap_or_else(|error| {
            wrong = Some(error);
            None
        })
    }));
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    // What is wrong with a line, or with all of them, is said first.
    while lines.next()?.is_some() {}
    let Lines { spool, count, chain, started, names, .. } = lines;
    if count != manifest.records || chain.0 != manifest.chain {
        return Err(refused("its records are not those that its manifest stands for"));
    }
    parts.end(size)?;
    let started = started.ok_or_else(|| refused("it does not begin with the start of a run"))?;
    if started.run != manifest.run {
        return Err(refused(&format!("its records are of {}", started.run)));
    }
    if let Some(fork) = &started.fork
        && (fork.run == started.run || !(1..=count).contains(&fork.records))
    {
        return Err(refused("it shares more with the run it was forked from than there is"));
    }
    names.fit(manifest)?;
    run.map_err(|error| refused(&format!("its records are no run: {error}")))?;
    Ok((started, spool.end().map_err(|error| aside(&error))?))
}

/// The records of a file, one after the other.
struct Lines<R: Read> {
    file: R,
    line: Vec<u8>,
    spool: Filling,
    /// No record is later.
    latest: Timestamp,
    last: Timestamp,
    count: u64,
    chain: Chain,
    started: Option<Box<RunStarted>>,
    /// Whether it may raise limits for itself.
    raised: bool,
    /// Known with the first record.
    sizes: Option<Sizes>,
    names: Names,
}

impl<R: BufRead> Lines<R> {
    /// The next record, without what makes it large; none after the last.
    fn next(&mut self) -> Result<Option<Record>> {
        let Self { file, line, .. } = self;
        line.clear();
        let read = file.take(RECORD_BYTES_MAX as u64).read_until(b'\n', line);
        if read.map_err(|error| broken(&error))? == 0 {
            return Ok(None);
        }
        let seq = self.count + 1;
        let wrong = |what: &str| refused(&format!("its record {seq} {what}"));
        if self.line.last() != Some(&b'\n') {
            return Err(wrong("is cut off, or too long"));
        }
        self.chain.add(&self.line);
        let record: Record = serde_json::from_slice(&self.line)
            .map_err(|error| wrong(&format!("is none: {error}")))?;
        if record.seq != seq {
            return Err(wrong(&format!("has the number {}", record.seq)));
        }
        if record.at < self.last || record.at > self.latest {
            return Err(wrong("was made before the one in front of it, or is still to be made"));
        }
        if matches!(&record.body, Body::Resumed { epoch, .. } if *epoch > EPOCH_MAX) {
            return Err(wrong("has an epoch that nobody counted to"));
        }
        if let (1, Body::RunStarted(started)) = (seq, &record.body) {
            self.started = Some(started.clone());
            self.sizes = Some(Sizes::new(started.limits.run, self.raised));
        }
        match self.sizes.as_mut().and_then(|sizes| sizes.look(&record)) {
            Some(Beyond::Own(what)) => return Err(wrong(&what)),
            Some(Beyond::Usual(what)) => return Err(beyond(seq, &what)),
            None => {}
        }
        self.names.add(&record);
        self.spool.line(&self.line).map_err(|error| aside(&error))?;
        (self.count, self.last) = (seq, record.at);
        Ok(Some(light(record)))
    }
}

/// What manifest and records say of blobs.
struct Names {
    brought: HashSet<Digest>,
    /// Those of them that a record names.
    known: HashSet<Digest>,
    /// The first one that is named and not brought, and by which record.
    missing: Option<(u64, Digest)>,
}

impl Names {
    fn of(manifest: &Manifest) -> Self {
        let brought = manifest.blobs.iter().copied().collect();
        Self { brought, known: HashSet::new(), missing: None }
    }

    fn add(&mut self, record: &Record) {
        for Named { digest, sure } in named(record) {
            if self.brought.contains(&digest) {
                self.known.insert(digest);
            } else if sure {
                self.missing.get_or_insert((record.seq, digest));
            }
        }
    }

    fn fit(&self, manifest: &Manifest) -> Result<()> {
        if let Some((seq, digest)) = &self.missing {
            return Err(refused(&format!("its record {seq} names blob {digest}, which it lacks")));
        }
        match manifest.blobs.iter().find(|digest| !self.known.contains(*digest)) {
            Some(stray) => Err(refused(&format!("none of its records names its blob {stray}"))),
            None => Ok(()),
        }
    }
}

/// The parts of an archive, one after the other.
struct Parts<R: Read> {
    file: GzDecoder<BufReader<R>>,
}

impl<R: Read> Parts<R> {
    /// A whole part of at most `max` bytes, which must be the next one.
    fn part(&mut self, name: &str, max: u64) -> Result<Vec<u8>> {
        let size = self.begin(name)?;
        if size > max {
            return Err(refused(&format!("{name} has {size} bytes; {max} are the limit")));
        }
        let mut bytes = Vec::new();
        // Grows with what is there, not with what the header says.
        (&mut self.file).take(size).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
        if bytes.len() as u64 != size {
            return Err(refused(&format!("{name} is cut off")));
        }
        self.end(size)?;
        Ok(bytes)
    }

    /// The header of the part that must come next; returns its size.
    fn begin(&mut self, name: &str) -> Result<u64> {
        let mut header = tar::Header::new_ustar();
        self.exact(header.as_mut_bytes())?;
        // Links, folders and names of any other form are nothing that is written here.
        let is_it = header.entry_type().is_file() && *header.path_bytes() == *name.as_bytes();
        if !is_it {
            return Err(refused(&format!("{name} does not come where it must")));
        }
        header.entry_size().map_err(|error| broken(&error))
    }

    fn end(&mut self, size: u64) -> Result<()> {
        let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
        let mut rest = [0; BLOCK];
        self.exact(rest.get_mut(..(BLOCK - over) % BLOCK).unwrap_or_default())
    }

    /// Two empty blocks, and nothing after them. The stream's own checksum is looked at with that.
    fn finish(&mut self) -> Result<()> {
        let mut end = [1; 2 * BLOCK];
        self.exact(&mut end)?;
        let more = self.file.read(&mut [0]).map_err(|error| broken(&error))?;
        let rest = self.file.get_mut().fill_buf().map_err(|error| broken(&error))?;
        if more > 0 || end.iter().any(|byte| *byte != 0) || !rest.is_empty() {
            return Err(refused("something follows its last blob"));
        }
        Ok(())
    }

    fn exact(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.file.read_exact(bytes).map_err(|error| broken(&error))
    }
}

fn refused(why: &str) -> CliError {
    CliError::new(Code::NotARun, format!("the file cannot be imported: {why}"))
        .hint("nothing was imported; write it again with `baton export`")
}

/// It may be an honest file of a run with raised limits: its reader decides.
fn beyond(seq: u64, what: &str) -> CliError {
    let message = format!("record {seq} of the file {what}, which the file raised for itself");
    CliError::new(Code::ConsentNeeded, message)
        .hint("nothing was imported; --yes imports it with the limits that it names")
}

/// Records could not be put aside.
fn aside(error: &std::io::Error) -> CliError {
    let full = error.kind() == std::io::ErrorKind::StorageFull;
    let code = if full { Code::DiskFull } else { Code::Journal };
    CliError::new(code, "the records of the file cannot be put beside the journal")
        .because(error)
        .hint("nothing was imported; its records need twice their size on that disk")
}

fn broken(error: &std::io::Error) -> CliError {
    refused("it is cut off, damaged, or was not written by `baton export`").because(error)
}
