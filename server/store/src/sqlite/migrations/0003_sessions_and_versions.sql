-- Which password an account has, and which one opened a session; NULL until the first change.
ALTER TABLE users ADD COLUMN password_epoch TEXT;
ALTER TABLE sessions ADD COLUMN epoch TEXT;

-- SHA-256 of the secret in the session's token; NULL for tokens from before there were secrets.
ALTER TABLE sessions ADD COLUMN secret_hash BLOB;

-- The lobby's log as far as the sign-in knew it, and the last ban from it.
ALTER TABLE sessions ADD COLUMN lobby_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN last_ban_seq INTEGER;

CREATE INDEX users_by_avatar ON users (avatar) WHERE avatar IS NOT NULL;

-- Which rules folded a snapshot; 0 is none that any server has.
ALTER TABLE snapshots ADD COLUMN rules_version INTEGER NOT NULL DEFAULT 0;

-- The first version of the events' format whose readers understand the event.
ALTER TABLE events ADD COLUMN format INTEGER NOT NULL DEFAULT 1;
