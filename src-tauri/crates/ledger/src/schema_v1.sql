-- The ledger, version 1. Never edited once released: changes are new files.
-- 'Weir' as the application id, so that no other program's database is taken for a ledger.
PRAGMA application_id = 0x57656972;

-- Every text that rows repeat, once.
CREATE TABLE name (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- Both big tables are WITHOUT ROWID: their key is their order, and with a million requests that
-- measured 143 bytes a request against 174 with rowids and an index. The page size makes no
-- difference to that (141 to 143 from 1 KiB to 8 KiB), so it stays SQLite's.

-- What an attempt may cost, written before it leaves. NULL amounts are unknown, never zero.
CREATE TABLE reserve (
    request_id    INTEGER NOT NULL,
    attempt       INTEGER NOT NULL,
    at_ms         INTEGER NOT NULL,
    day           INTEGER NOT NULL,
    zone          INTEGER NOT NULL,
    client        INTEGER NOT NULL,
    project       INTEGER,
    session       INTEGER,
    category      INTEGER,
    endpoint      INTEGER NOT NULL,
    asked_model   INTEGER NOT NULL,
    provider      INTEGER NOT NULL,
    model         INTEGER NOT NULL,
    task          INTEGER,
    tier          INTEGER,
    reason        INTEGER NOT NULL,
    confidence    INTEGER,
    local         INTEGER NOT NULL,
    uncounted     INTEGER NOT NULL,
    reserved_nano INTEGER,
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    PRIMARY KEY (request_id, attempt),
    CHECK (request_id > 0 AND attempt BETWEEN 1 AND 65535),
    CHECK (day BETWEEN -2147483648 AND 2147483647),
    CHECK (local IN (0, 1) AND uncounted IN (0, 1) AND confidence BETWEEN 0 AND 65535),
    CHECK (reserved_nano >= 0 AND input_tokens >= 0 AND output_tokens >= 0)
) STRICT, WITHOUT ROWID;

-- What it came to. kind: 0 settled, 1 void, 2 orphan. pricing: 0 exact, 1 estimated, 2 unpriced.
CREATE TABLE settle (
    request_id     INTEGER NOT NULL,
    attempt        INTEGER NOT NULL,
    kind           INTEGER NOT NULL,
    at_ms          INTEGER NOT NULL,
    outcome        INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    pricing        INTEGER NOT NULL,
    cost_nano      INTEGER,
    saved_nano     INTEGER NOT NULL,
    input          INTEGER,
    cache_read     INTEGER,
    cache_write_5m INTEGER,
    cache_write_1h INTEGER,
    output         INTEGER,
    reasoning      INTEGER,
    web_searches   INTEGER,
    first_byte_ms  INTEGER,
    total_ms       INTEGER NOT NULL,
    cache          INTEGER,
    dropped        INTEGER,
    service        INTEGER,
    note           TEXT,
    PRIMARY KEY (request_id, attempt),
    FOREIGN KEY (request_id, attempt) REFERENCES reserve,
    CHECK (kind IN (0, 1, 2) AND pricing IN (0, 1, 2)),
    CHECK ((pricing = 2) = (cost_nano IS NULL)),
    CHECK (outcome BETWEEN 0 AND 255 AND status BETWEEN 0 AND 65535),
    CHECK (cost_nano >= 0 AND first_byte_ms BETWEEN 0 AND 4294967295),
    CHECK (total_ms BETWEEN 0 AND 4294967295)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER reserve_never_changes BEFORE UPDATE ON reserve
BEGIN SELECT raise(ABORT, 'reserve is append-only'); END;
CREATE TRIGGER reserve_never_shrinks BEFORE DELETE ON reserve
BEGIN SELECT raise(ABORT, 'reserve is append-only'); END;
CREATE TRIGGER settle_never_changes BEFORE UPDATE ON settle
BEGIN SELECT raise(ABORT, 'settle is append-only'); END;
CREATE TRIGGER settle_never_shrinks BEFORE DELETE ON settle
BEGIN SELECT raise(ABORT, 'settle is append-only'); END;

-- Sums of settled attempts. Can be made again from the rows at any time. 0 stands for no name.
CREATE TABLE rollup (
    day            INTEGER NOT NULL,
    local          INTEGER NOT NULL,
    provider       INTEGER NOT NULL,
    model          INTEGER NOT NULL,
    task           INTEGER NOT NULL,
    tier           INTEGER NOT NULL,
    category       INTEGER NOT NULL,
    client         INTEGER NOT NULL,
    project        INTEGER NOT NULL,
    requests       INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    unpriced       INTEGER NOT NULL,
    estimated      INTEGER NOT NULL,
    cost_nano      INTEGER NOT NULL,
    saved_nano     INTEGER NOT NULL,
    input          INTEGER NOT NULL,
    cache_read     INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    reasoning      INTEGER NOT NULL,
    web_searches   INTEGER NOT NULL,
    PRIMARY KEY (day, local, provider, model, task, tier, category, client, project)
) STRICT, WITHOUT ROWID;

CREATE TABLE day_total (
    day            INTEGER NOT NULL,
    local          INTEGER NOT NULL,
    requests       INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    unpriced       INTEGER NOT NULL,
    estimated      INTEGER NOT NULL,
    cost_nano      INTEGER NOT NULL,
    saved_nano     INTEGER NOT NULL,
    input          INTEGER NOT NULL,
    cache_read     INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    reasoning      INTEGER NOT NULL,
    web_searches   INTEGER NOT NULL,
    PRIMARY KEY (day, local)
) STRICT, WITHOUT ROWID;

-- Tools that may call. Only the SHA-256 of a token is kept. A removed one stays for the record.
CREATE TABLE client (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    token_sha256  BLOB NOT NULL UNIQUE,
    created_ms    INTEGER NOT NULL,
    last_used_day INTEGER,
    removed_ms    INTEGER
) STRICT;
CREATE UNIQUE INDEX client_by_name ON client (name) WHERE removed_ms IS NULL;

-- One row: no attempt of a request below `open_from` is open, so a start looks no further back.
CREATE TABLE state (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    open_from INTEGER NOT NULL
) STRICT;
INSERT INTO state (one, open_from) VALUES (1, 0);
