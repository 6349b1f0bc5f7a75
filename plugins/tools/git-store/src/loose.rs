//! Objects in files of their own.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use baton_guest::ToolError;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::id::header;
use crate::object::Kind;
use crate::{Id, OBJECT_BYTES_MAX, damaged, io};

/// Longest header: a kind, a length, NUL.
const HEADER_BYTES_MAX: u64 = 32;

fn place(objects: &Path, id: Id) -> PathBuf {
    let hex = id.to_string();
    let (folder, file) = hex.split_at_checked(2).unwrap_or_default();
    objects.join(folder).join(file)
}

/// Reads an object; none if it is not there.
pub fn read(objects: &Path, id: Id) -> Result<Option<(Kind, Vec<u8>)>, ToolError> {
    let file = match File::open(place(objects, id)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(&error)),
    };
    let mut bytes = Vec::new();
    ZlibDecoder::new(file)
        .take(OBJECT_BYTES_MAX + HEADER_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(|error| damaged(format!("object {id}: {error}")))?;
    let wrong = || damaged(format!("object {id}"));
    let nul = bytes.iter().take(32).position(|byte| *byte == 0).ok_or_else(wrong)?;
    let head = bytes.get(..nul).and_then(|head| std::str::from_utf8(head).ok());
    let (kind, length) = head.and_then(|head| head.split_once(' ')).ok_or_else(wrong)?;
    let kind = Kind::from_name(kind).ok_or_else(wrong)?;
    let length: u64 = length.parse().map_err(|_| wrong())?;
    if length > OBJECT_BYTES_MAX {
        return Err(crate::repository::too_large(id));
    }
    bytes.drain(..=nul);
    if bytes.len() as u64 == length { Ok(Some((kind, bytes))) } else { Err(wrong()) }
}

/// Writes an object, if it is not there. It is complete as soon as it has its name.
pub fn write(objects: &Path, kind: Kind, content: &[u8]) -> Result<Id, ToolError> {
    let id = Id::of(kind, content);
    let place = place(objects, id);
    if place.is_file() {
        return Ok(id);
    }
    let folder = place.parent().unwrap_or(objects);
    fs::create_dir_all(folder).map_err(|error| io(&error))?;
    // Two writers of one object write the same; each has a file of its own until then.
    for number in 0..100 {
        let temporary = folder.join(format!("tmp_obj_{id}_{number}"));
        let file = OpenOptions::new().write(true).create_new(true).open(&temporary);
        let file = match file {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            file => file.map_err(|error| io(&error))?,
        };
        let written = compress(file, kind, content).and_then(|()| fs::rename(&temporary, &place));
        if let Err(error) = written {
            // What is left of it has no name that git reads.
            let _ = fs::remove_file(&temporary);
            return Err(io(&error));
        }
        return Ok(id);
    }
    Err(ToolError::failed("io", "there are too many unfinished objects in the repository"))
}

fn compress(file: File, kind: Kind, content: &[u8]) -> std::io::Result<()> {
    let mut encoder = ZlibEncoder::new(file, Compression::default());
    encoder.write_all(&header(kind, content.len()))?;
    encoder.write_all(content)?;
    let file = encoder.finish()?;
    file.sync_all()
}

/// Objects whose name begins with these hexadecimal digits, at least two of them.
pub fn beginning_with(objects: &Path, prefix: &str) -> Vec<Id> {
    let Some((folder, rest)) = prefix.split_at_checked(2) else { return Vec::new() };
    let Ok(entries) = fs::read_dir(objects.join(folder)) else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(rest))
        .filter_map(|name| Id::from_hex(&format!("{folder}{name}")))
        .collect()
}
