-- Whether a row stands there as it was written.
--
-- `digest` covers the content. `row_digest` (SM3 over every other column of both rows of an application, `digest` among
-- them) covers the rest: a receipt, a name or a time that rotted is not given out for right. It is empty in rows of
-- earlier schemas, which are believed as before.
--
-- Additive. A program of schema 1 or 2 goes on writing rows without it. Where it changes a row that has one, the trigger
-- takes it away, for it would be that of the row before; such a row is believed as before, too.

ALTER TABLE outbox ADD COLUMN row_digest BLOB CHECK (row_digest IS NULL OR length(row_digest) = 32);

CREATE TRIGGER outbox_changed
AFTER UPDATE OF state, case_number, query_code, accepted_at, promise_date, reason ON outbox
WHEN NEW.row_digest IS OLD.row_digest AND OLD.row_digest IS NOT NULL
BEGIN
    UPDATE outbox SET row_digest = NULL WHERE sequence = NEW.sequence;
END;
