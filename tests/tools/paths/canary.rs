//! What a tool would be that trusts paths: it joins them to its directory and lets the system do the
//! rest. It is kept inside of the yard by asking before each act where that would be.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::judge::{self, Escape};
use super::yard::{Layout, Yard};

type Act = fn(&Path, &Path) -> std::io::Result<String>;

/// Acts as those of the tool, with the real path of what they act on and the granted directory.
const ACTS: &[(&str, Act)] = &[
    ("read", |path, _| {
        let mut text = String::new();
        fs::File::open(path)?.read_to_string(&mut text)?;
        Ok(text)
    }),
    ("list", |path, _| {
        let names = fs::read_dir(path)?.flatten();
        Ok(names.map(|entry| entry.file_name().to_string_lossy().into_owned() + "\n").collect())
    }),
    ("write", |path, _| {
        fs::File::create(path)?.write_all(b"written")?;
        Ok(String::new())
    }),
    ("make-directory", |path, _| fs::create_dir(path).map(|()| String::new())),
    ("rename-file-to", |path, base| fs::rename(base.join("file.md"), path).map(|()| String::new())),
    ("rename-from", |path, base| fs::rename(path, base.join("taken")).map(|()| String::new())),
    ("hard-link-from", |path, base| {
        fs::hard_link(path, base.join("taken"))?;
        fs::read_to_string(base.join("taken"))
    }),
    ("soft-link-from", |path, base| symlink(path, base.join("taken")).map(|()| String::new())),
    ("remove-file", |path, _| fs::remove_file(path).map(|()| String::new())),
    ("remove-tree", |path, _| fs::remove_dir_all(path).map(|()| String::new())),
    ("stat", |path, _| Ok(format!("size={}", fs::metadata(path)?.len()))),
    ("canonicalise", |path, _| Ok(fs::canonicalize(path)?.to_string_lossy().into_owned())),
];

/// Every act with every path; what got out.
pub fn attack(layout: Layout) -> Vec<Escape> {
    let mut yard = Yard::new(layout);
    let mut escapes = Vec::new();
    for path in super::corpus() {
        for (act, perform) in ACTS {
            let path = yard.seen(&path);
            let Some(target) = trusted(&yard, &path) else { continue };
            let told = perform(&target, &yard.path("in"));
            let told = told.as_deref().map_err(|_| "failed");
            let escape = judge::escape(&yard, act, &path, told);
            if judge::changes(act, told) {
                yard.rebuild();
            }
            escapes.extend(escape);
        }
    }
    escapes
}

/// Where a path leads, if that is something in the outside of the yard or in its granted part: not
/// the yard as a whole, and nothing of the machine.
fn trusted(yard: &Yard, path: &str) -> Option<PathBuf> {
    let joined = yard.root().join(path.trim_start_matches('/'));
    let parts = [yard.path("in"), yard.path("outside")].map(|part| fs::canonicalize(part).unwrap());
    let mut known = joined.clone();
    // The last part may be what is to be made.
    let real = loop {
        match fs::canonicalize(&known) {
            Ok(real) => break real,
            Err(_) if known == joined => known = known.parent()?.to_owned(),
            Err(_) => return None,
        }
    };
    let harmless = parts.iter().any(|part| real.starts_with(part));
    (harmless && real.starts_with(fs::canonicalize(yard.holder()).ok()?)).then_some(joined)
}
