-- Claim the runs of these journeys ($2) that are due longest, passing over those that somebody
-- works on. A claim that ends a wait notes when; claimed again after a crash, it stays noted.
-- A claim of a run that somebody still holds follows a crash. With $6 the runs are looked at whose
-- workers have died $7 times and more, which are claimed one by one; without, the others.
-- Nothing here waits for a lock. More than a batch is looked at, for several workers to find work
-- side by side. The nesting keeps each part a loop over an index, whatever the planner knows.
WITH due AS MATERIALIZED (
    SELECT free.user_id, free.journey_id, free.id
    FROM (
        SELECT first.user_id, live.journey_id, first.id
        FROM unnest($2::text[]) AS live (journey_id)
        CROSS JOIN LATERAL (
            SELECT early.user_id, early.id, early.wake_at
            FROM journey_states AS early
            WHERE early.journey_id = live.journey_id AND early.wake_at <= $1
              AND (early.lease_expires_at IS NULL OR early.lease_expires_at <= $1)
              AND (early.crashes >= $7::integer) = $6::boolean
            ORDER BY early.wake_at, early.id
            LIMIT 2 * $3::integer
        ) AS first
        ORDER BY first.wake_at, first.id
        LIMIT 2 * $3::integer
    ) AS looked_at
    CROSS JOIN LATERAL (
        SELECT run.user_id, run.journey_id, run.id
        FROM journey_states AS run
        WHERE run.user_id = looked_at.user_id AND run.journey_id = looked_at.journey_id
          AND run.id = looked_at.id AND coalesce(run.wake_at <= $1, false)
          AND (run.lease_expires_at IS NULL OR run.lease_expires_at <= $1)
          AND (run.crashes >= $7::integer) = $6::boolean
        FOR UPDATE SKIP LOCKED
    ) AS free
    LIMIT $3::integer
)
UPDATE journey_states AS run
SET status = 'active', epoch = run.epoch + 1, holder = $4, lease_expires_at = $5,
    crashes = run.crashes + (run.holder IS NOT NULL)::integer,
    resumed_at = CASE WHEN run.status = 'waiting' THEN $1 ELSE run.resumed_at END,
    waits_for = NULL, waits_where = NULL
FROM due
WHERE run.user_id = due.user_id AND run.journey_id = due.journey_id AND run.id = due.id
RETURNING run.user_id, run.journey_id, run.id, run.epoch, run.attempts, run.crashes, run.journal::text,
    run.contact::text, run.event::text, run.wake_event::text, run.resumed_at, run.created_at,
    run.wake_at
