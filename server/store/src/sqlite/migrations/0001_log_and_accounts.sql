-- The log, the one truth. A page of a room lies together on the disk.
CREATE TABLE events (
    room       TEXT    NOT NULL,
    seq        INTEGER NOT NULL CHECK (seq > 0),
    ts         INTEGER NOT NULL,
    id         TEXT    NOT NULL,
    sender     TEXT    NOT NULL,
    nonce      TEXT    NOT NULL,
    messages   INTEGER NOT NULL,
    is_message INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX events_by_nonce ON events (room, sender, nonce);
CREATE INDEX events_by_message ON events (room, is_message, seq);

-- Projections of the log, kept in the transaction of the append.
CREATE TABLE rooms (
    room      TEXT    NOT NULL PRIMARY KEY,
    room_kind TEXT    NOT NULL,
    topic     TEXT    NOT NULL,
    members   INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX rooms_by_kind ON rooms (room_kind, room);

CREATE TABLE memberships (
    username TEXT NOT NULL,
    room     TEXT NOT NULL REFERENCES rooms (room),
    PRIMARY KEY (username, room)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
    room  TEXT    NOT NULL PRIMARY KEY,
    seq   INTEGER NOT NULL,
    state BLOB    NOT NULL
) STRICT;

-- `password` is a PHC string, a JSON list of strings or empty, as `password_kind` says.
CREATE TABLE users (
    username      TEXT    NOT NULL PRIMARY KEY,
    folded        TEXT    NOT NULL UNIQUE,
    password_kind TEXT    NOT NULL,
    password      TEXT    NOT NULL,
    display_name  TEXT    NOT NULL,
    bot           INTEGER NOT NULL,
    created       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id       TEXT    NOT NULL PRIMARY KEY,
    username TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    expires  INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_expires ON sessions (expires);

CREATE TABLE claims (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
