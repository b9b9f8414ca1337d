-- The ledger, version 2. Never edited once released: changes are new files.

-- Sums by one thing at a time, so that a breakdown over all time reads its own few rows a day and
-- not every combination there was. dimension: 1 provider, 2 model, 3 task, 4 tier, 5 category,
-- 6 client, 7 project; part is the name's number, 0 for none. Can be made again from the rows.
CREATE TABLE part_total (
    dimension      INTEGER NOT NULL,
    day            INTEGER NOT NULL,
    part           INTEGER NOT NULL,
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
    PRIMARY KEY (dimension, day, part, local)
) STRICT, WITHOUT ROWID;

INSERT INTO part_total SELECT 1, day, provider, local, sum(requests), sum(attempts),
    sum(unpriced), sum(estimated), sum(cost_nano), sum(saved_nano), sum(input), sum(cache_read),
    sum(cache_write_5m), sum(cache_write_1h), sum(output), sum(reasoning), sum(web_searches)
    FROM rollup GROUP BY day, provider, local;
INSERT INTO part_total SELECT 2, day, model, local, sum(requests), sum(attempts),
    sum(unpriced), sum(estimated), sum(cost_nano), sum(saved_nano), sum(input), sum(cache_read),
    sum(cache_write_5m), sum(cache_write_1h), sum(output), sum(reasoning), sum(web_searches)
    FROM rollup GROUP BY day, model, local;
INSERT INTO part_total SELECT 3, day, task, local, sum(requests), sum(attempts),
    sum(unpriced), sum(estimated), sum(cost_nano), sum(saved_nano), sum(input), sum(cache_read),
    sum(cache_write_5m), sum(cache_write_1h), sum(output), sum(reasoning), sum(web_searches)
    FROM rollup GROUP BY day, task, local;
INSERT INTO part_total SELECT 4, day, tier, local, sum(requests), sum(attempts),
    sum(unpriced), sum(estimated), sum(cost_nano), sum(saved_nano), sum(input), sum(cache_read),
    sum(cache_write_5m), sum(cache_write_1h), sum(output), sum(reasoning), sum(web_searches)
    FROM rollup GROUP BY day, tier, local;
INSERT INTO part_total SELECT 5, day, category, local, sum(requests), sum(attempts),
    sum(unpriced), sum(estimated), sum(cost_nano), sum(saved_nano), sum(input), sum(cache_read),
    sum(cache_write_5m), sum(cache_write_1h), sum(output), sum(reasoning), sum(web_searches)
    FROM rollup GROUP BY day, category, local;
INSERT INTO part_total SELECT 6, day, client, local, sum(requests), sum(attempts),
    sum(unpriced), sum(estimated), sum(cost_nano), sum(saved_nano), sum(input), sum(cache_read),
    sum(cache_write_5m), sum(cache_write_1h), sum(output), sum(reasoning), sum(web_searches)
    FROM rollup GROUP BY day, client, local;
INSERT INTO part_total SELECT 7, day, project, local, sum(requests), sum(attempts),
    sum(unpriced), sum(estimated), sum(cost_nano), sum(saved_nano), sum(input), sum(cache_read),
    sum(cache_write_5m), sum(cache_write_1h), sum(output), sum(reasoning), sum(web_searches)
    FROM rollup GROUP BY day, project, local;
