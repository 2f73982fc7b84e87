-- Who signed in and who changed what. `class` is what the bound on their number counts; in the order of
-- `id` entries are in the order of their times.
CREATE TABLE audit (
    class    TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    ts       INTEGER NOT NULL,
    action   TEXT    NOT NULL,
    by       TEXT,
    username TEXT,
    room     TEXT,
    network  TEXT,
    detail   TEXT,
    PRIMARY KEY (class, id)
) STRICT, WITHOUT ROWID;
