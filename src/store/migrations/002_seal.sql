-- What stands in the clear beside a sealed application.
--
-- `masked_name` (`张*`) and `lookup_tag` (HMAC-SM3 of the card's number under the kiosk's lookup key) stay with the
-- tombstone. `same_tag` (HMAC-SM3 of the readable bytes under a key that is never written) goes with the content.
-- All three are empty in rows of schema 1, and in rows that a program of schema 1 writes into this file.
--
-- Additive. A program of schema 1 reads this file and delivers from it: it takes `body` for the JSON object that it
-- sends, and a sealed body is one. It keeps new applications as it always did, in the clear; these rows are delivered
-- byte for byte as they are, for the county may know the bytes already. They are sealed neither here nor later.
--
-- Therefore `user_version` stays 1, the oldest schema whose program can work with the file; `schema_step` counts the
-- steps that were taken.

CREATE TABLE schema_step (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    step     INTEGER NOT NULL CHECK (step >= 2)
) STRICT;

ALTER TABLE application ADD COLUMN masked_name TEXT;
ALTER TABLE application ADD COLUMN lookup_tag BLOB CHECK (lookup_tag IS NULL OR length(lookup_tag) = 32);
ALTER TABLE application ADD COLUMN same_tag BLOB CHECK (same_tag IS NULL OR length(same_tag) = 32);
