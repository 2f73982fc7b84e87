-- Messages that were changed, as they are now: one row, however often. A projection of the log, kept
-- in the transaction of the append. `text` is that of the last edit; NULL without one.
CREATE TABLE message_states (
    room      TEXT    NOT NULL,
    target    INTEGER NOT NULL,
    rev       INTEGER NOT NULL,
    text      TEXT,
    mentions  TEXT,
    edited_ts INTEGER,
    deleted   INTEGER NOT NULL,
    changes   INTEGER NOT NULL,
    PRIMARY KEY (room, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE reactions (
    room     TEXT    NOT NULL,
    target   INTEGER NOT NULL,
    emoji    TEXT    NOT NULL,
    username TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (room, target, emoji, username)
) STRICT, WITHOUT ROWID;

INSERT INTO message_states (room, target, rev, deleted, changes)
SELECT room, target, max(seq), max(json_extract(body, '$.kind') = 'deleted'), count(*)
FROM events WHERE target > 0 GROUP BY room, target;

-- Of several rows, the columns beside max() are those of the one that has it.
UPDATE message_states
SET text = edit.text, mentions = edit.mentions, edited_ts = edit.ts
FROM (
    SELECT room, target, ts, max(seq), json_extract(body, '$.text') AS text,
        coalesce(json_extract(body, '$.mentions'), '[]') AS mentions
    FROM events WHERE target > 0 AND json_extract(body, '$.kind') = 'edited' GROUP BY room, target
) AS edit
WHERE edit.room = message_states.room AND edit.target = message_states.target
    AND message_states.deleted = 0;

INSERT INTO reactions (room, target, emoji, username, seq)
SELECT last.room, last.target, last.emoji, last.sender, last.seq
FROM (
    SELECT room, target, sender, json_extract(body, '$.emoji') AS emoji, max(seq) AS seq,
        json_extract(body, '$.on') AS is_on
    FROM events WHERE target > 0 AND json_extract(body, '$.kind') = 'reacted'
    GROUP BY room, target, sender, emoji
) AS last
JOIN message_states AS state ON state.room = last.room AND state.target = last.target
WHERE last.is_on AND state.deleted = 0;
