-- Codes that let somebody in: `kind` is `invite` or `reset`, `id` a hash of the code. Of an invite,
-- `room` is what the newcomer joins; of a reset, `account` and `epoch` are whose password it replaces,
-- and which one.
CREATE TABLE codes (
    kind    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    by      TEXT    NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    uses    INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    room    TEXT,
    account TEXT,
    epoch   TEXT,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
