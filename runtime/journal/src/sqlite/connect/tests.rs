#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::*;

#[test]
fn versions_below_the_floor_are_refused() {
    for (number, text) in [(3_051_002, "3.51.2"), (3_040_001, "3.40.1"), (2_999_999, "2.999.999")] {
        match check_version(number) {
            Err(JournalError::UnsafeVersion { found, floor }) => {
                assert_eq!((found.as_str(), floor), (text, SQLITE_FLOOR));
            }
            other => panic!("{other:?}"),
        }
    }
    for number in [FLOOR_NUMBER, 3_052_000, 4_000_000, rusqlite::version_number()] {
        check_version(number).unwrap();
    }
}

#[test]
fn the_floor_is_the_same_in_text_and_number() {
    let parts: Vec<i32> = SQLITE_FLOOR.split('.').map(|part| part.parse().unwrap()).collect();
    assert_eq!(parts.iter().fold(0, |number, part| number * 1_000 + part), FLOOR_NUMBER);
}

#[test]
fn settings_are_those_that_durability_needs() {
    let home = tempfile::tempdir().unwrap();
    let connection = writing(&home.path().join("journal.db")).unwrap();
    let read = |name: &str| -> String {
        connection
            .pragma_query_value(None, name, |row| {
                row.get::<_, String>(0).or_else(|_| row.get::<_, i64>(0).map(|n| n.to_string()))
            })
            .unwrap()
    };
    for (name, value) in [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("foreign_keys", "1"),
        ("wal_autocheckpoint", "0"),
        ("busy_timeout", "5000"),
    ] {
        assert_eq!(read(name), value, "{name}");
    }
}

#[test]
fn a_database_without_a_write_ahead_log_is_refused() {
    let connection = Connection::open_in_memory().unwrap();
    assert!(
        matches!(write_ahead(&connection), Err(JournalError::Store { message, .. }) if message.contains("`memory`"))
    );
}

#[test]
fn an_older_database_is_brought_up_to_date_without_loss() {
    let mut connection = Connection::open_in_memory().unwrap();
    let steps = [
        "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);",
        "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 2;",
        "UPDATE a SET y = y + 1;",
    ];
    migrate(&mut connection, &steps[..1]).unwrap();
    assert_eq!(layout(&connection).unwrap(), 1);
    for _ in 0..2 {
        // The second time there is nothing left to do.
        migrate(&mut connection, &steps).unwrap();
        let row: (i64, i64) = connection
            .query_row("SELECT x, y FROM a", (), |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!((layout(&connection).unwrap(), row), (3, (1, 3)));
    }
    let older = migrate(&mut connection, &steps[..2]);
    assert!(matches!(older, Err(JournalError::TooNew { found: 3, known: 2, .. })));
}

#[test]
fn a_migration_that_fails_leaves_the_database_as_it_was() {
    let mut connection = Connection::open_in_memory().unwrap();
    let steps =
        ["CREATE TABLE a (x INTEGER);", "CREATE TABLE b (x INTEGER);", "CREATE TABLE a (x);"];
    migrate(&mut connection, &steps[..1]).unwrap();
    assert!(migrate(&mut connection, &steps).is_err());
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0)).unwrap();
    assert_eq!((layout(&connection).unwrap(), tables), (1, 1));
}

#[test]
fn nothing_that_lies_in_a_file_is_carried_out() {
    for strange in [
        "CREATE TRIGGER strange AFTER INSERT ON task BEGIN \
         INSERT INTO inbox (run, at, sender, control) VALUES (NEW.run, 1, 'me', '{}'); END",
        "CREATE VIEW strange AS SELECT * FROM run",
    ] {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("journal.db");
        let open = writing(&file).unwrap();
        Connection::open(&file).unwrap().execute_batch(strange).unwrap();
        for refused in [writing(&file).map(drop), exists(home.path(), &file)] {
            assert!(
                matches!(&refused, Err(JournalError::Damaged { what, .. }) if what.contains("`strange`")),
                "{refused:?}"
            );
        }
        // Whoever had it open before carries nothing out either.
        open.execute_batch(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO task (run, path, kind, state, attempts, spawned, usage)
                 VALUES (1, '1', 'gate', 'waiting', 0, 1, '{}')",
        )
        .unwrap_or_else(|error| panic!("{error}"));
        let letters: i64 =
            open.query_row("SELECT count(*) FROM inbox", (), |row| row.get(0)).unwrap();
        assert_eq!(letters, 0);
    }
}

#[test]
fn a_name_is_written_so_that_nothing_in_it_means_something() {
    for (name, expected) in [
        ("/a/journal.db", "file:/a/journal.db?immutable=1"),
        ("/a b/?x=1#%41.db", "file:/a%20b/%3Fx%3D1%23%2541.db?immutable=1"),
    ] {
        assert_eq!(unshared(Path::new(name)).unwrap(), expected);
    }
}
