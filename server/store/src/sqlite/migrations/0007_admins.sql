-- The accounts that are admins, as a JSON list in one row. `version` says how often it was replaced.
-- Without a row, the claim `admin` names the only one.
CREATE TABLE admin_lists (
    version INTEGER NOT NULL PRIMARY KEY,
    names   TEXT    NOT NULL
) STRICT;
