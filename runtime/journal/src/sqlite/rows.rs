//! Values between the database and Rust.

use std::str::FromStr;

use baton_core::digest::Digest;
use baton_core::ids::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row, RowIndex};

use crate::rows::State;

/// A number as the database keeps it.
pub(super) fn integer(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|error| Error::ToSqlConversionFailure(error.into()))
}

/// The JSON text of a value.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::ToSqlConversionFailure(error.into()))
}

/// A number of a column.
pub(super) fn number<I: RowIndex + Copy>(row: &Row<'_>, column: I) -> Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|error| unreadable(row, column, error.into()))
}

/// A moment of a column.
pub(super) fn moment<I: RowIndex + Copy>(row: &Row<'_>, column: I) -> Result<Timestamp> {
    number(row, column).map(Timestamp)
}

/// A moment of a column that may be empty.
pub(super) fn optional_moment<I: RowIndex + Copy>(
    row: &Row<'_>,
    column: I,
) -> Result<Option<Timestamp>> {
    match row.get::<_, Option<i64>>(column)? {
        Some(_) => moment(row, column).map(Some),
        None => Ok(None),
    }
}

/// A text of a column, taken apart.
pub(super) fn parsed<T, I>(row: &Row<'_>, column: I) -> Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
    I: RowIndex + Copy,
{
    row.get_ref(column)?
        .as_str()?
        .parse()
        .map_err(|error: T::Err| unreadable(row, column, error.into()))
}

/// A state of a column.
pub(super) fn state<I: RowIndex + Copy>(row: &Row<'_>, column: I) -> Result<State> {
    let text = row.get_ref(column)?.as_str()?;
    [
        State::Queued,
        State::Running,
        State::Waiting,
        State::Paused,
        State::Done,
        State::Failed,
        State::Cancelled,
    ]
    .into_iter()
    .find(|state| state.as_str() == text)
    .ok_or_else(|| unreadable(row, column, format!("`{text}` is not a state").into()))
}

/// A value that a column keeps as JSON: numbers of a usage may be too large for the database's.
pub(super) fn from_json<T, I>(row: &Row<'_>, column: I) -> Result<T>
where
    T: serde::de::DeserializeOwned,
    I: RowIndex + Copy,
{
    serde_json::from_str(row.get_ref(column)?.as_str()?)
        .map_err(|error| unreadable(row, column, error.into()))
}

/// A digest of a column.
pub(super) fn digest<I: RowIndex + Copy>(row: &Row<'_>, column: I) -> Result<Digest> {
    let bytes: [u8; 32] = row.get(column)?;
    Ok(Digest::from_bytes(bytes))
}

fn unreadable<I: RowIndex>(
    row: &Row<'_>,
    column: I,
    error: Box<dyn std::error::Error + Send + Sync>,
) -> Error {
    match column.idx(row.as_ref()) {
        Ok(index) => Error::FromSqlConversionFailure(index, Type::Text, error),
        Err(error) => error,
    }
}
