-- What the records of a run that has ended name, so that they are not read for every housekeeping.
-- It holds as long as the run has so many records; without it they are read.
CREATE TABLE noted (
    run     INTEGER PRIMARY KEY REFERENCES run (no),
    records INTEGER NOT NULL,
    bytes   INTEGER NOT NULL,
    digests BLOB NOT NULL,
    crc     INTEGER NOT NULL
) STRICT;
