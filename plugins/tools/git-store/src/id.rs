//! Names of objects.

use std::fmt::{self, Write as _};

use sha1::{Digest as _, Sha1};

use crate::object::Kind;

/// The name of an object: the SHA-1 of its header and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; Id::BYTES]);

impl Id {
    /// Length in bytes.
    pub const BYTES: usize = 20;

    /// From bytes; none if there are too few.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bytes| Self(*bytes))
    }

    /// From forty hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let digits = digits.filter(|digits| digits.len() == Self::BYTES * 2)?;
        let bytes: Vec<u8> =
            digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect();
        Self::from_bytes(&bytes)
    }

    /// The name of an object.
    #[must_use]
    pub fn of(kind: Kind, content: &[u8]) -> Self {
        let mut hash = Sha1::new();
        hash.update(header(kind, content.len()));
        hash.update(content);
        Self(hash.finalize().into())
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The first byte, which sorts objects into directories.
    #[must_use]
    pub fn first(&self) -> u8 {
        let [first, ..] = self.0;
        first
    }
}

/// What stands before the content of an object.
pub fn header(kind: Kind, length: usize) -> Vec<u8> {
    format!("{} {length}\0", kind.name()).into_bytes()
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(Self::BYTES * 2);
        for byte in self.0 {
            write!(text, "{byte:02x}")?;
        }
        f.write_str(&text)
    }
}
