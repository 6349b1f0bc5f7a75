-- Blobs that a living process has put here and no record names yet: nobody removes them.
CREATE TABLE held (
    digest BLOB NOT NULL,
    owner  TEXT NOT NULL,
    PRIMARY KEY (digest, owner)
) STRICT, WITHOUT ROWID;

-- What is removed is looked for in these columns, which would otherwise read the whole table.
CREATE INDEX record_spilled ON record (spilled) WHERE spilled IS NOT NULL;
CREATE INDEX inbox_run ON inbox (run);
