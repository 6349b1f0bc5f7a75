//! Names of runs and tasks, and moments.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Prefix of every run id.
const RUN_PREFIX: &str = "run_";

/// Characters of a ULID in Crockford's base 32.
const ULID_LEN: usize = 26;

/// Name of a run: `run_` and a ULID, such as `run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF`.
///
/// Ids sort by the time their runs were created.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(Arc<str>);

impl RunId {
    /// Makes an id from the 128 bits of a ULID.
    #[must_use]
    pub fn from_ulid(ulid: ulid::Ulid) -> Self {
        Self(format!("{RUN_PREFIX}{ulid}").into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {what}")]
pub struct IdError {
    /// The text.
    pub text: String,
    /// What it should have been.
    pub what: &'static str,
}

impl FromStr for RunId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = || IdError { text: text.into(), what: "run id (`run_` and 26 characters)" };
        let ulid = text.strip_prefix(RUN_PREFIX).ok_or_else(error)?;
        if ulid.len() != ULID_LEN {
            return Err(error());
        }
        let id = ulid.parse().map(Self::from_ulid).map_err(|_| error())?;
        // The parser cuts what exceeds 128 bits and reads look-alikes: that names another run.
        if !id.0.ends_with(&ulid.to_ascii_uppercase()) {
            return Err(error());
        }
        Ok(id)
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Place of a task in the tree of its run: the numbers that lead to it from the root.
///
/// The empty path is the root workflow. Paths are the same on every replay. Written as `3/1`.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskPath(Vec<u64>);

impl TaskPath {
    /// The root workflow.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The child with this number.
    #[must_use]
    pub fn child(&self, number: u64) -> Self {
        let mut parts = Vec::with_capacity(self.0.len() + 1);
        parts.extend_from_slice(&self.0);
        parts.push(number);
        Self(parts)
    }

    /// The parent, or none for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.to_vec()))
    }

    /// The number among its siblings, or none for the root.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.0.last().copied()
    }

    /// How many levels below the root.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.len()
    }

    /// Whether this is the root workflow.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `self` is `other` or lies below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
}

impl fmt::Display for TaskPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, number) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("/")?;
            }
            write!(f, "{number}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for TaskPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{self}")
    }
}

impl FromStr for TaskPath {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Ok(Self::root());
        }
        text.split('/')
            .map(|part| match part.parse::<u64>() {
                Ok(number) if number > 0 && !part.starts_with(['0', '+']) => Ok(number),
                _ => Err(IdError { text: text.into(), what: "task path (such as `3/1`)" }),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Serialize for TaskPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TaskPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A task of a run. Written as `run_01JQ…/3/1`; the run id alone is the root workflow.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TaskId {
    /// The run.
    pub run: RunId,
    /// The place in its tree.
    pub path: TaskPath,
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_root() {
            write!(f, "{}", self.run)
        } else {
            write!(f, "{}/{}", self.run, self.path)
        }
    }
}

impl FromStr for TaskId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let Some((run, path)) = text.split_once('/') else {
            return Ok(Self { run: text.parse()?, path: TaskPath::root() });
        };
        if path.is_empty() {
            return Err(IdError {
                text: text.into(),
                what: "task (a run id, or a run id and a path)",
            });
        }
        Ok(Self { run: run.parse()?, path: path.parse()? })
    }
}

impl Serialize for TaskId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TaskId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A moment by the store's clock: milliseconds since 1970-01-01 UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The moment `ms` milliseconds later.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment, zero if it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
