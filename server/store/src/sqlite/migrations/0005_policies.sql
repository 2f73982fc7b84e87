-- Who has blocked whom. `room` is the name of the direct room of the two.
CREATE TABLE blocks (
    room TEXT NOT NULL,
    whom TEXT NOT NULL,
    by   TEXT NOT NULL,
    PRIMARY KEY (room, whom)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX blocks_by ON blocks (by, whom);

-- How often an account did what is limited: on `day` (days since 1970 UTC), and in all.
CREATE TABLE quotas (
    username TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    day      INTEGER NOT NULL,
    today    INTEGER NOT NULL,
    in_all   INTEGER NOT NULL,
    PRIMARY KEY (username, kind)
) STRICT, WITHOUT ROWID;

-- Networks that accounts signed in from. `network` is a hash of the network and the account.
CREATE TABLE known_networks (
    network  TEXT    NOT NULL PRIMARY KEY,
    username TEXT    NOT NULL,
    used     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX known_networks_of ON known_networks (username, used);
