-- Applications and their way to the county.
--
-- `application` holds what was handed in, `outbox` how far it is. Both rows of one application are written in one
-- transaction, together with the step of the counter in `terminal`. Rows are never deleted: an acknowledged
-- application loses its content and its digest, and stays as a tombstone that keeps the sequence gapless.

CREATE TABLE terminal (
    only_row      INTEGER PRIMARY KEY CHECK (only_row = 1),
    kiosk_code    TEXT    NOT NULL,
    last_sequence INTEGER NOT NULL CHECK (last_sequence >= 0)
) STRICT;

CREATE TABLE application (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
    item_id    TEXT    NOT NULL,
    item_code  TEXT    NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 0),
    name_zh    TEXT    NOT NULL,
    name_en    TEXT    NOT NULL,
    plain_zh   TEXT    NOT NULL,
    plain_en   TEXT    NOT NULL,
    terminal   TEXT    NOT NULL,
    kept_at    TEXT    NOT NULL,
    body       BLOB,
    digest     BLOB    CHECK (digest IS NULL OR length(digest) = 32),
    CHECK ((body IS NULL) = (digest IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    sequence     INTEGER PRIMARY KEY CHECK (sequence >= 1),
    id           BLOB    NOT NULL UNIQUE REFERENCES application (id),
    state        TEXT    NOT NULL CHECK (state IN ('queued', 'acknowledged', 'set-aside')),
    case_number  TEXT,
    query_code   TEXT,
    accepted_at  TEXT,
    promise_date TEXT,
    reason       TEXT,
    CHECK ((state = 'acknowledged') = (case_number IS NOT NULL)),
    CHECK ((state = 'acknowledged') = (query_code IS NOT NULL)),
    CHECK ((state = 'acknowledged') = (accepted_at IS NOT NULL)),
    CHECK (promise_date IS NULL OR state = 'acknowledged'),
    CHECK ((state = 'set-aside') = (reason IS NOT NULL))
) STRICT;

CREATE INDEX outbox_open ON outbox (sequence) WHERE state <> 'acknowledged';
