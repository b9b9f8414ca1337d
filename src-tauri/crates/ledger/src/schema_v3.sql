-- The ledger, version 3. Never edited once released: changes are new files.

-- What was decided for a request, written with its first settlement. Its key is its order, as the
-- ids grow. mode and class are names. weighed is every candidate in the order in which they would
-- be tried, as variable-length integers: how many, then of each the names of provider, model and
-- reason, and the expected cost in nano-dollars plus one, 0 where no price was known. shadow is
-- one candidate the same way, without the count.
CREATE TABLE decision (
    request_id    INTEGER PRIMARY KEY,
    mode          INTEGER NOT NULL,
    class         INTEGER NOT NULL,
    deterministic INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    conversation  INTEGER,
    weighed       BLOB NOT NULL,
    shadow        BLOB,
    CHECK (request_id > 0 AND deterministic IN (0, 1) AND prompt_tokens >= 0)
) STRICT;

CREATE TRIGGER decision_never_changes BEFORE UPDATE ON decision
BEGIN SELECT raise(ABORT, 'decision is append-only'); END;
CREATE TRIGGER decision_never_shrinks BEFORE DELETE ON decision
BEGIN SELECT raise(ABORT, 'decision is append-only'); END;
