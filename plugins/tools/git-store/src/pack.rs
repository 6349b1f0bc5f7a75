//! Objects in packs.

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;

use baton_guest::ToolError;
use flate2::bufread::ZlibDecoder;

use crate::delta::patched;
use crate::object::Kind;
use crate::{Id, OBJECT_BYTES_MAX, damaged, io};

/// How the index of a pack begins, in its second version.
const INDEX_MAGIC: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];
/// How many places the table of first bytes has, and where it ends.
const FANOUT: usize = 256;
const FANOUT_END: u64 = 8 + FANOUT as u64 * 4;
/// Longest chain of differences.
const CHAIN_MAX: usize = 4_096;

/// A pack and its index.
pub struct Pack {
    name: String,
    fanout: Vec<u32>,
    index: RefCell<File>,
    pack: RefCell<BufReader<File>>,
}

/// How an object stands in a pack.
enum Stored {
    Whole(Kind),
    /// A difference to the object at this place.
    ToPlace(u64),
    /// A difference to the object of this name.
    ToObject(Id),
}

impl Pack {
    /// Opens a pack by its index.
    pub fn open(index: &Path) -> Result<Self, ToolError> {
        let name = index.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let open = |path: &Path| File::open(path).map_err(|error| io(&error));
        let mut file = open(index)?;
        let mut head = [0; FANOUT_END as usize];
        file.read_exact(&mut head).map_err(|error| damaged(format!("{name}: {error}")))?;
        let table = head.strip_prefix(&INDEX_MAGIC).ok_or_else(|| {
            let message = format!("the index of {name} is of an old version; `git gc` renews it");
            ToolError::failed("unsupported-repository", message)
        })?;
        let fanout: Vec<u32> =
            table.as_chunks::<4>().0.iter().map(|bytes| u32::from_be_bytes(*bytes)).collect();
        if !fanout.is_sorted() {
            return Err(damaged(format!("the index of {name}")));
        }
        let pack = BufReader::new(open(&index.with_extension("pack"))?);
        Ok(Self { name, fanout, index: RefCell::new(file), pack: RefCell::new(pack) })
    }

    /// Where an object is.
    pub fn find(&self, id: Id) -> Result<Option<u64>, ToolError> {
        let names = self.names(id.first())?;
        let Ok(at) = names.binary_search(&id) else { return Ok(None) };
        let position = u64::from(self.begin(id.first())) + at as u64;
        let count = u64::from(self.count());
        // Names, then checksums, then places.
        let places = FANOUT_END + count * (Id::BYTES as u64 + 4);
        let [place] = self.index_at::<4, 1>(places + position * 4)?;
        let place = u32::from_be_bytes(place);
        if place & 0x8000_0000 == 0 {
            return Ok(Some(u64::from(place)));
        }
        let large = places + count * 4 + u64::from(place & 0x7fff_ffff) * 8;
        let [place] = self.index_at::<8, 1>(large)?;
        Ok(Some(u64::from_be_bytes(place)))
    }

    /// Objects whose name has this first byte, in order.
    pub fn names(&self, first: u8) -> Result<Vec<Id>, ToolError> {
        let begin = u64::from(self.begin(first));
        let end = u64::from(self.fanout.get(usize::from(first)).copied().unwrap_or_default());
        let length = end.saturating_sub(begin) * Id::BYTES as u64;
        let mut index = self.index.borrow_mut();
        index
            .seek(SeekFrom::Start(FANOUT_END + begin * Id::BYTES as u64))
            .map_err(|error| io(&error))?;
        let mut bytes = Vec::new();
        Read::by_ref(&mut *index)
            .take(length)
            .read_to_end(&mut bytes)
            .map_err(|error| io(&error))?;
        Ok(bytes.chunks_exact(Id::BYTES).filter_map(Id::from_bytes).collect())
    }

    fn begin(&self, first: u8) -> u32 {
        let before = usize::from(first).checked_sub(1);
        before.and_then(|at| self.fanout.get(at)).copied().unwrap_or_default()
    }

    fn count(&self) -> u32 {
        self.fanout.last().copied().unwrap_or_default()
    }

    fn index_at<const N: usize, const M: usize>(&self, at: u64) -> Result<[[u8; N]; M], ToolError> {
        let mut index = self.index.borrow_mut();
        index.seek(SeekFrom::Start(at)).map_err(|error| io(&error))?;
        let mut values = [[0; N]; M];
        for value in &mut values {
            index.read_exact(value).map_err(|error| damaged(format!("{}: {error}", self.name)))?;
        }
        Ok(values)
    }

    /// The object at a place. `other` finds objects by name.
    pub fn read(
        &self,
        place: u64,
        other: &dyn Fn(Id) -> Result<(Kind, Vec<u8>), ToolError>,
    ) -> Result<(Kind, Vec<u8>), ToolError> {
        let mut differences = Vec::new();
        let mut place = place;
        let (kind, mut content) = loop {
            let (stored, content) = self.stored(place)?;
            match stored {
                Stored::Whole(kind) => break (kind, content),
                Stored::ToPlace(base) => place = base,
                Stored::ToObject(id) => {
                    differences.push(content);
                    match self.find(id)? {
                        Some(base) => place = base,
                        None => break other(id)?,
                    }
                    continue;
                }
            }
            differences.push(content);
            if differences.len() > CHAIN_MAX {
                return Err(damaged(format!("{}: a chain without an end", self.name)));
            }
        };
        while let Some(difference) = differences.pop() {
            content = patched(&content, &difference)
                .ok_or_else(|| damaged(format!("{}: a difference at {place}", self.name)))?;
        }
        Ok((kind, content))
    }

    /// What stands at a place, decompressed.
    fn stored(&self, place: u64) -> Result<(Stored, Vec<u8>), ToolError> {
        let wrong = |error: std::io::Error| damaged(format!("{} at {place}: {error}", self.name));
        let mut guard = self.pack.borrow_mut();
        let pack = &mut *guard;
        pack.seek(SeekFrom::Start(place)).map_err(|error| io(&error))?;
        let mut byte = next(pack).map_err(wrong)?;
        let code = byte >> 4 & 7;
        let mut length = u64::from(byte & 15);
        let mut shift = 4;
        while byte & 0x80 != 0 && shift < 60 {
            byte = next(pack).map_err(wrong)?;
            length |= u64::from(byte & 0x7f) << shift;
            shift += 7;
        }
        if length > OBJECT_BYTES_MAX {
            let message = format!("an object is larger than {OBJECT_BYTES_MAX} bytes");
            return Err(ToolError::failed("too-large", message));
        }
        let stored = match code {
            1 => Stored::Whole(Kind::Commit),
            2 => Stored::Whole(Kind::Tree),
            3 => Stored::Whole(Kind::Blob),
            4 => Stored::Whole(Kind::Tag),
            6 => {
                let mut byte = next(pack).map_err(wrong)?;
                let mut back = u64::from(byte & 0x7f);
                while byte & 0x80 != 0 && back < 1 << 48 {
                    byte = next(pack).map_err(wrong)?;
                    back = (back + 1) << 7 | u64::from(byte & 0x7f);
                }
                let base = place.checked_sub(back).filter(|base| *base < place);
                Stored::ToPlace(base.ok_or_else(|| damaged(format!("{} at {place}", self.name)))?)
            }
            7 => {
                let mut id = [0; Id::BYTES];
                pack.read_exact(&mut id).map_err(wrong)?;
                let id = Id::from_bytes(&id).ok_or_else(|| damaged(&self.name))?;
                Stored::ToObject(id)
            }
            _ => return Err(damaged(format!("{} at {place}", self.name))),
        };
        let mut content = Vec::new();
        ZlibDecoder::new(pack).take(length + 1).read_to_end(&mut content).map_err(wrong)?;
        if content.len() as u64 == length {
            Ok((stored, content))
        } else {
            Err(damaged(format!("{} at {place}: the length", self.name)))
        }
    }
}

fn next(reader: &mut impl Read) -> std::io::Result<u8> {
    let mut byte = [0];
    reader.read_exact(&mut byte)?;
    let [byte] = byte;
    Ok(byte)
}
