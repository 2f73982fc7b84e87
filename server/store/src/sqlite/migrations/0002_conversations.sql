-- What an event changes: the message's seq, or 0.
ALTER TABLE events ADD COLUMN target INTEGER NOT NULL DEFAULT 0;

CREATE INDEX events_by_target ON events (room, target, seq) WHERE target > 0;

-- Projections of the log, kept in the transaction of the append.
CREATE TABLE deletions (
    room     TEXT    NOT NULL,
    target   INTEGER NOT NULL,
    scrubbed INTEGER NOT NULL,
    PRIMARY KEY (room, target)
) STRICT, WITHOUT ROWID;

CREATE INDEX deletions_unscrubbed ON deletions (room, target) WHERE scrubbed = 0;

CREATE TABLE mentions (
    username TEXT    NOT NULL,
    room     TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (username, room, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX mentions_by_message ON mentions (room, seq);

CREATE TABLE read_marks (
    room     TEXT    NOT NULL,
    username TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (room, username)
) STRICT, WITHOUT ROWID;

-- The search follows the log: a room's events up to `searched` are in it.
ALTER TABLE rooms ADD COLUMN searched INTEGER NOT NULL DEFAULT 0;

CREATE INDEX rooms_unsearched ON rooms (room) WHERE searched < last_seq;

-- Ids follow the messages' time, in whatever room.
CREATE TABLE search_messages (
    room TEXT    NOT NULL,
    seq  INTEGER NOT NULL,
    id   INTEGER NOT NULL UNIQUE,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

-- Each column holds words that are cut already, with a space between; `room` and `sender` are one
-- word each. SQLite's own tokeniser finds just the spaces.
CREATE VIRTUAL TABLE search USING fts5 (words, room, sender, tokenize = 'ascii');
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);

CREATE TABLE avatars (
    name TEXT NOT NULL PRIMARY KEY,
    png  BLOB NOT NULL
) STRICT;

ALTER TABLE users ADD COLUMN avatar TEXT;
ALTER TABLE users ADD COLUMN banned_until INTEGER;

CREATE INDEX sessions_by_username ON sessions (username, created);
