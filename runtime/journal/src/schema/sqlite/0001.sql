-- Bytes by their SHA-256: components, file contents, artifacts, large record bodies.
CREATE TABLE blob (
    digest BLOB NOT NULL UNIQUE,
    bytes  BLOB NOT NULL
) STRICT;

-- One row per run. `owner` and `epoch` are the fence; the rest is derived from the records.
CREATE TABLE run (
    no              INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    owner           TEXT,
    epoch           INTEGER NOT NULL,
    name            TEXT NOT NULL,
    state           TEXT NOT NULL,
    paused          TEXT,
    created         INTEGER NOT NULL,
    updated         INTEGER NOT NULL,
    program         BLOB NOT NULL,
    records         INTEGER NOT NULL,
    tasks           INTEGER NOT NULL,
    failed_tasks    INTEGER NOT NULL,
    usage           TEXT NOT NULL,
    failure_code    TEXT,
    failure_message TEXT,
    batch           TEXT,
    batch_line      INTEGER
) STRICT;
CREATE INDEX run_batch ON run (batch, batch_line) WHERE batch IS NOT NULL;

-- The truth. A body is here, or, if it is large, in the blob that `spilled` names.
CREATE TABLE record (
    run     INTEGER NOT NULL REFERENCES run (no),
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    version INTEGER NOT NULL,
    crc     INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    body    TEXT,
    spilled BLOB REFERENCES blob (digest),
    PRIMARY KEY (run, seq),
    CHECK ((body IS NULL) <> (spilled IS NULL))
) STRICT, WITHOUT ROWID;

-- Derived from the records.
CREATE TABLE task (
    run             INTEGER NOT NULL REFERENCES run (no),
    path            TEXT NOT NULL,
    kind            TEXT NOT NULL,
    label           TEXT,
    phase           TEXT,
    backend         TEXT,
    state           TEXT NOT NULL,
    attempts        INTEGER NOT NULL,
    spawned         INTEGER NOT NULL,
    started         INTEGER,
    ended           INTEGER,
    usage           TEXT NOT NULL,
    failure_code    TEXT,
    failure_message TEXT,
    PRIMARY KEY (run, path)
) STRICT, WITHOUT ROWID;

-- Control commands on their way to the owner of a run.
CREATE TABLE inbox (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    run     INTEGER NOT NULL REFERENCES run (no),
    at      INTEGER NOT NULL,
    sender  TEXT NOT NULL,
    control TEXT NOT NULL,
    obeyed  INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Polled ten times a second: it holds only what is still to be done.
CREATE INDEX inbox_open ON inbox (id) WHERE obeyed = 0;

CREATE TABLE batch (
    id      TEXT PRIMARY KEY,
    created INTEGER NOT NULL,
    spec    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
