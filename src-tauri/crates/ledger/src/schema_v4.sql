-- Alerts, lifts and imports. Never edited once released: changes are new files.
-- The numbers of versions follow the order in `migration.rs`.

-- What a user was told of a budget in one window, so that nothing is told twice. `day` is the
-- window's first local day; what: 1 to 100 a percentage, 200 the forecast, 201 a spike.
CREATE TABLE told (
    budget TEXT NOT NULL,
    period TEXT NOT NULL,
    day    INTEGER NOT NULL,
    what   INTEGER NOT NULL,
    at_ms  INTEGER NOT NULL,
    PRIMARY KEY (budget, period, day, what)
) STRICT, WITHOUT ROWID;

-- Limits raised, or budgets closed to paid models, for a time. change: 1 dollars, 2 tokens,
-- 3 local only.
CREATE TABLE lift (
    budget   TEXT NOT NULL,
    from_ms  INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    change   INTEGER NOT NULL,
    amount   INTEGER NOT NULL,
    PRIMARY KEY (budget, from_ms, change),
    CHECK (change IN (1, 2, 3) AND amount >= 0)
) STRICT, WITHOUT ROWID;

-- Requests that a tool's own session logs tell of, kept apart from what Weir carried. A row that
-- names a request of Weir's is the tool's account of that request and is in no sum.
CREATE TABLE imported (
    source         TEXT NOT NULL,
    key            TEXT NOT NULL,
    at_ms          INTEGER NOT NULL,
    day            INTEGER NOT NULL,
    zone           INTEGER NOT NULL,
    project        INTEGER,
    session        INTEGER,
    provider       INTEGER NOT NULL,
    model          INTEGER NOT NULL,
    client         INTEGER NOT NULL,
    pricing        INTEGER NOT NULL,
    cost_nano      INTEGER,
    input          INTEGER NOT NULL,
    cache_read     INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    reasoning      INTEGER NOT NULL,
    request_id     INTEGER,
    attempt        INTEGER,
    PRIMARY KEY (source, key),
    CHECK ((pricing = 2) = (cost_nano IS NULL) AND cost_nano >= 0),
    CHECK ((request_id IS NULL) = (attempt IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX imported_once ON imported (request_id, attempt) WHERE request_id IS NOT NULL;
