-- Claim the rows that are due longest at these destinations ($2): up to $3 users' queues, of each
-- the first $4 rows. A queue is claimed by locking its first row; one that somebody works on, or
-- whose claim has not run out, is passed over. Nothing here waits for a lock.
-- If order counts ($6), a queue waits until its first row is due, and rows that came behind it
-- meanwhile wait along, so that they are not looked at again and again.
WITH looked_at AS MATERIALIZED (
    SELECT DISTINCT due.user_id, live.destination
    FROM unnest($2::text[]) AS live (destination)
    CROSS JOIN LATERAL (
        SELECT early.user_id
        FROM outbox AS early
        WHERE early.destination = live.destination AND early.due_at <= $1
          AND (early.claimed_until IS NULL OR early.claimed_until <= $1)
        ORDER BY early.due_at
        LIMIT 2 * $3::integer
    ) AS due
),
first AS MATERIALIZED (
    SELECT looked_at.user_id, looked_at.destination, queue.position, queue.due_at
    FROM looked_at
    CROSS JOIN LATERAL (
        SELECT head.position, head.due_at
        FROM outbox AS head
        WHERE head.user_id = looked_at.user_id AND head.destination = looked_at.destination
          AND head.due_at IS NOT NULL
        ORDER BY head.position
        LIMIT 1
    ) AS queue
),
held AS MATERIALIZED (
    SELECT free.user_id, free.destination, free.position
    FROM first
    CROSS JOIN LATERAL (
        SELECT head.user_id, head.destination, head.position
        FROM outbox AS head
        WHERE head.user_id = first.user_id AND head.destination = first.destination
          AND head.position = first.position AND head.due_at IS NOT NULL
          AND (NOT $6::boolean OR head.due_at <= $1)
          AND (head.claimed_until IS NULL OR head.claimed_until <= $1)
          AND NOT EXISTS (  -- the first one may have come back from the dead
              SELECT FROM outbox AS busy
              WHERE busy.user_id = first.user_id AND busy.destination = first.destination
                AND busy.claimed_until > $1
          )
        FOR UPDATE SKIP LOCKED
    ) AS free
    LIMIT $3::integer
),
taken AS MATERIALIZED (
    SELECT held.user_id, held.destination, queue.position
    FROM held
    CROSS JOIN LATERAL (
        SELECT behind.position
        FROM outbox AS behind
        WHERE behind.user_id = held.user_id AND behind.destination = held.destination
          AND behind.due_at IS NOT NULL
        ORDER BY behind.position
        LIMIT $4::integer
    ) AS queue
),
waiting AS (
    UPDATE outbox AS behind
    SET due_at = first.due_at
    FROM first
    WHERE $6 AND first.due_at > $1
      AND behind.user_id = first.user_id AND behind.destination = first.destination
      AND behind.position > first.position AND behind.due_at <= $1
)
UPDATE outbox AS row
SET claimed_until = $5, epoch = row.epoch + 1, unsure = row.unsure + 1
FROM taken
WHERE row.user_id = taken.user_id AND row.destination = taken.destination
  AND row.position = taken.position
RETURNING row.user_id, row.destination, row.position, row.id, row.topic, row.payload,
    row.created_at, row.epoch, row.unsure, row.attempts
