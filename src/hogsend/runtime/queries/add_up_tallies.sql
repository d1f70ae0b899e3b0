-- Add up to $1 changes of tallies up: by the hour, and in all. Those that another session is
-- adding up are left to it. Returns how many there were. Lock order: changes, then tallies by key.
WITH taken AS (
    DELETE FROM tally_changes
    WHERE ctid = ANY(ARRAY(SELECT ctid FROM tally_changes LIMIT $1 FOR UPDATE SKIP LOCKED))
    RETURNING measure, id, hour, amount
), change AS (
    SELECT measure, id, hour, amount FROM taken WHERE hour > '-infinity'
    UNION ALL
    SELECT measure, id, '-infinity', amount FROM taken
), added AS (
    INSERT INTO tallies AS tally (measure, id, hour, amount)
    SELECT measure, id, hour, sum(amount)
    FROM change
    GROUP BY measure, id, hour
    HAVING sum(amount) <> 0
    ORDER BY measure, id, hour
    ON CONFLICT (measure, id, hour) DO UPDATE SET amount = tally.amount + excluded.amount
)
SELECT count(*) FROM taken
