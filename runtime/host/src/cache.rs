//! Compiled components on disk.
//!
//! An artifact is native code, so a file is believed only if its authentication code, made with a
//! key that only this user can read, is right for the component and engine that ask for it. What
//! cannot be read or does not fit is compiled again; the cache never fails a load.
//!
//! A file is the 32 bytes of HMAC-SHA-256 over key and artifact, then the artifact. Files are
//! written under a temporary name and renamed, never overwritten in place.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use baton_core::digest::Digest;
use hmac::{Hmac, KeyInit, Mac};
use rustix::fs::OFlags;
use sha2::Sha256;

const KEY_FILE: &str = "key";
const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 32;
/// Bytes of an artifact. Native code is a few times the component.
const ARTIFACT_BYTES_MAX: u64 = 512 << 20;

/// The artifacts of one engine.
pub(crate) struct Cache {
    directory: PathBuf,
    key: [u8; KEY_BYTES],
    code: Digest,
    temporary: AtomicU64,
}

/// An artifact whose authentication code was right.
pub(crate) struct Verified(Vec<u8>);

impl Verified {
    /// The artifact.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.get(MAC_BYTES..).unwrap_or_default()
    }
}

impl Cache {
    /// Opens the cache in a directory, making it and its key if they are not there. `code` is what
    /// compiled code depends on beside its component.
    ///
    /// # Errors
    /// When the directory or the key cannot be made private to this user. The host then works
    /// without a cache.
    pub(crate) fn open(directory: &Path, code: Digest) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        private(&fs::symlink_metadata(directory)?, true)?;
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
        let key = match read_key(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_key(directory)?;
                read_key(directory)?
            }
            read => read?,
        };
        Ok(Self { directory: directory.into(), key, code, temporary: AtomicU64::new(0) })
    }

    /// The artifact of a component, if there is one to believe.
    pub(crate) fn get(&self, component: &Digest) -> Option<Verified> {
        let bytes = read(&self.path(component), ARTIFACT_BYTES_MAX).ok()?;
        let (code, artifact) = bytes.split_at_checked(MAC_BYTES)?;
        self.mac(component, artifact)?.verify_slice(code).ok()?;
        Some(Verified(bytes))
    }

    /// Keeps an artifact.
    ///
    /// # Errors
    /// When the disk does not take it. Nothing is lost then but time.
    pub(crate) fn put(&self, component: &Digest, artifact: &[u8]) -> io::Result<()> {
        let mac = self.mac(component, artifact).ok_or_else(|| io::Error::other("no key"))?;
        let path = self.path(component);
        write_new(&self.temporary_path(), &path, 0o444, |file| {
            file.write_all(&mac.finalize().into_bytes())?;
            file.write_all(artifact)
        })?;
        File::open(&self.directory)?.sync_all()
    }

    /// Where the artifact of a component is.
    pub(crate) fn path(&self, component: &Digest) -> PathBuf {
        let name = Digest::of(&[component.bytes().as_slice(), self.code.bytes()].concat());
        self.directory.join(format!("{}.cwasm", name.hex()))
    }

    fn temporary_path(&self) -> PathBuf {
        let number = self.temporary.fetch_add(1, Ordering::Relaxed);
        self.directory.join(format!("tmp-{}-{number}", std::process::id()))
    }

    /// The code binds an artifact to its component and engine, so that one file cannot stand in
    /// for another.
    fn mac(&self, component: &Digest, artifact: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(component.bytes());
        mac.update(self.code.bytes());
        mac.update(artifact);
        Some(mac)
    }
}

fn read_key(directory: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let bytes = read(&directory.join(KEY_FILE), KEY_BYTES as u64)?;
    bytes.try_into().map_err(|_| io::Error::other("the cache's key file is damaged; delete it"))
}

/// Makes the key under a temporary name and links it, so that it appears whole and only once: of
/// two processes that start together, one makes it and both read it.
fn make_key(directory: &Path) -> io::Result<()> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let temporary = directory.join(format!("tmp-key-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let made =
        file.write_all(&key).and_then(|()| file.sync_all()).and_then(|()| {
            match fs::hard_link(&temporary, directory.join(KEY_FILE)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                linked => linked,
            }
        });
    fs::remove_file(&temporary)?;
    made?;
    File::open(directory)?.sync_all()
}

/// Reads a regular file of this user that nobody else can write, at most `max` bytes.
fn read(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let about = file.metadata()?;
    private(&about, false)?;
    if about.len() > max {
        return Err(io::Error::other("larger than it can be"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default());
    file.take(max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn private(about: &fs::Metadata, directory: bool) -> io::Result<()> {
    if about.is_dir() != directory || (!directory && !about.is_file()) {
        return Err(io::Error::other("not of the expected kind"));
    }
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
    }
    if !directory && about.mode() & 0o022 != 0 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others can write it"));
    }
    Ok(())
}

fn write_new(
    temporary: &Path,
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(temporary)?;
    let written =
        write(&mut file).and_then(|()| file.sync_all()).and_then(|()| fs::rename(temporary, path));
    if written.is_err() {
        // What is left behind is never read; the error that matters is the first.
        let _ = fs::remove_file(temporary);
    }
    written
}
