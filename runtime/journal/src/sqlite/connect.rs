//! Opening the database: settings, version floor, migrations.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, TransactionBehavior};

use crate::error::JournalError;

use super::SQLITE_FLOOR;
use super::fault::Doing;

/// [`SQLITE_FLOOR`] as SQLite counts.
const FLOOR_NUMBER: i32 = 3_051_003;

/// Numbered steps from an empty file to the present layout; step `n` makes version `n`.
const STEPS: &[&str] = &[
    include_str!("../schema/sqlite/0001.sql"),
    include_str!("../schema/sqlite/0002.sql"),
    include_str!("../schema/sqlite/0003.sql"),
    include_str!("../schema/sqlite/0004.sql"),
];

/// How long a writer waits for another process's transaction. Transactions take milliseconds, so
/// this is only reached when a process was stopped in the middle of one.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Statements of which the compiled form is kept.
const STATEMENTS: usize = 64;

/// A connection that may write, on a database of the present layout.
pub(super) fn writing(file: &Path) -> Result<Connection, JournalError> {
    check_version(rusqlite::version_number())?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Made here and not by SQLite, which would let others read it; the log takes its mode from it.
    File::options()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .map_err(|source| io("creating", file, source))?;
    let mut connection = opened(file, flags)?;
    // Free pages can be given back to the disk a few at a time. Takes effect on a new file only.
    connection
        .pragma_update(None, "auto_vacuum", "INCREMENTAL")
        .doing("configuring the database")?;
    write_ahead(&connection)?;
    for (name, value) in [
        // Less than FULL may lose acknowledged commits when the power fails.
        ("synchronous", "FULL"),
        ("foreign_keys", "ON"),
        // In KiB: the last pages of a few thousand runs, which appends come back to.
        ("cache_size", "-32768"),
        // The writer thread decides when to checkpoint.
        ("wal_autocheckpoint", "0"),
    ] {
        connection
            .pragma_update_and_check(None, name, value, |_| Ok(()))
            .or_else(|error| match error {
                // Some settings answer with a row, some do not.
                rusqlite::Error::QueryReturnedNoRows => Ok(()),
                error => Err(error),
            })
            .doing("configuring the database")?;
    }
    nothing_strange(&connection)?;
    migrate(&mut connection, STEPS)?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn reading(file: &Path) -> Result<Connection, JournalError> {
    check_version(rusqlite::version_number())?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = opened(file, flags)?;
    match layout(&connection) {
        Ok(_) => Ok(connection),
        // On a disk without any room not even readers can share it. Where nothing is in the log, all
        // that was ever written is in the file, and nobody can write more.
        Err(JournalError::Full { .. }) if nothing_is_logged(file) => {
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            opened(Path::new(&unshared(file)?), flags)
        }
        Err(error) => Err(error),
    }
}

/// Whether the write-ahead log is absent or empty.
fn nothing_is_logged(file: &Path) -> bool {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    match std::fs::metadata(log) {
        Ok(found) => found.len() == 0,
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// The file as it is named to be opened without locks and without anything beside it.
fn unshared(file: &Path) -> Result<String, JournalError> {
    let absolute = std::path::absolute(file).map_err(|source| io("opening", file, source))?;
    let mut uri = String::from("file:");
    for byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    Ok(uri)
}

/// Makes sure that a journal of the present layout is in `home`, without creating one.
pub(super) fn exists(home: &Path, file: &Path) -> Result<(), JournalError> {
    let none = || JournalError::NoJournal { home: home.to_owned() };
    if !file.try_exists().map_err(|source| io("looking for", file, source))? {
        return Err(none());
    }
    let connection = reading(file)?;
    let found = layout(&connection)?;
    if found == 0 {
        return Err(none());
    }
    nothing_strange(&connection)?;
    drop(connection);
    check_layout(found, known(STEPS))?;
    if found < known(STEPS) {
        // An older release wrote it: bring it to the present layout first.
        writing(file)?;
    }
    Ok(())
}

/// Refuses a file that holds more than tables: Baton makes no triggers and no views, so somebody else made
/// them, and the rest may be theirs too.
fn nothing_strange(connection: &Connection) -> Result<(), JournalError> {
    let strange: Option<String> = connection
        .query_row(
            "SELECT name FROM sqlite_schema WHERE type NOT IN ('table', 'index') LIMIT 1",
            (),
            |row| row.get(0),
        )
        .optional()
        .doing("reading the version of the database")?;
    match strange {
        None => Ok(()),
        Some(name) => Err(JournalError::Damaged {
            place: "the database file".to_owned(),
            what: format!("it holds `{name}`, which Baton did not make"),
        }),
    }
}

/// Refuses an SQLite that may corrupt the file.
fn check_version(number: i32) -> Result<(), JournalError> {
    if number >= FLOOR_NUMBER {
        return Ok(());
    }
    let found = format!("{}.{}.{}", number / 1_000_000, number / 1_000 % 1_000, number % 1_000);
    Err(JournalError::UnsafeVersion { found, floor: SQLITE_FLOOR })
}

fn opened(file: &Path, flags: OpenFlags) -> Result<Connection, JournalError> {
    let connection = Connection::open_with_flags(file, flags).doing("opening the database")?;
    connection.busy_timeout(BUSY).doing("configuring the database")?;
    // The file may have come with somebody else's files: nothing that lies in it is ever carried out.
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
    ] {
        connection.set_db_config(config, on).doing("configuring the database")?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Turns the write-ahead log on and checks that it is on: on some file systems it cannot be.
fn write_ahead(connection: &Connection) -> Result<(), JournalError> {
    let deadline = Instant::now() + BUSY;
    let mode: String = loop {
        let answer = connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0));
        match answer {
            // The change of mode does not wait for another process that makes the same change.
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < deadline =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            answer => break answer.doing("turning on the write-ahead log")?,
        }
    };
    if mode == "wal" {
        return Ok(());
    }
    Err(JournalError::Store {
        doing: "turning on the write-ahead log",
        message: format!(
            "the file system of the journal cannot hold one (the mode stayed `{mode}`); use a local disk"
        ),
    })
}

/// Brings the database to the newest layout, in one transaction.
fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), JournalError> {
    const DOING: &str = "migrating the database";
    check_layout(layout(connection)?, known(steps))?;
    if layout(connection)? == known(steps) {
        return Ok(());
    }
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
    // Asked again: another process may have migrated while this one waited.
    let found = layout(&transaction)?;
    check_layout(found, known(steps))?;
    for step in steps.iter().skip(found as usize) {
        transaction.execute_batch(step).doing(DOING)?;
    }
    transaction.pragma_update(None, "user_version", known(steps)).doing(DOING)?;
    transaction.commit().doing(DOING)
}

fn layout(connection: &Connection) -> Result<u32, JournalError> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .doing("reading the version of the database")
}

fn known(steps: &[&str]) -> u32 {
    u32::try_from(steps.len()).unwrap_or(u32::MAX)
}

fn check_layout(found: u32, known: u32) -> Result<(), JournalError> {
    if found <= known {
        return Ok(());
    }
    Err(JournalError::TooNew { what: "the journal".to_owned(), found, known })
}

fn io(doing: &'static str, path: &Path, source: std::io::Error) -> JournalError {
    JournalError::Io { doing, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
