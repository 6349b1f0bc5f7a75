-- Of a fork: how many of its first records are those of the run it was forked from. They cost it
-- nothing.
ALTER TABLE run ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;

-- Why a letter could not be obeyed, for who sent it; none: it was.
ALTER TABLE inbox ADD COLUMN reply TEXT;
