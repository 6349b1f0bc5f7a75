//! What records can have wrong.

/// Records that cannot be those of one run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// There are none.
    #[error("the run has no records")]
    Empty,
    /// The first is not the start of a run.
    #[error("record 1 is not the start of a run")]
    NotAStart,
    /// A later release wrote them.
    #[error(
        "the records have format {got}; this release reads formats up to {}",
        crate::record::FORMAT
    )]
    Format {
        /// Their format.
        got: u32,
    },
    /// A record is missing or doubled.
    #[error("record {got} stands where {expected} is due")]
    Gap {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        got: u64,
    },
    /// A record contradicts those before it.
    #[error("record {seq}: {what}")]
    Contradiction {
        /// Its number.
        seq: u64,
        /// What is wrong.
        what: String,
    },
}
