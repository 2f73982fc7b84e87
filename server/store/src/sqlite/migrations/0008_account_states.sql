-- Whether somebody can sign in: `active` or `deactivated`.
ALTER TABLE users ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
