-- A page of the runs of a journey, of one status or all (NULL), newest first. The page is found in
-- indexes, each with its own condition; failed runs have one of their own.
WITH page AS MATERIALIZED (
    SELECT user_id, id
    FROM (
        (SELECT user_id, id
         FROM journey_states
         WHERE journey_id = $1 AND finished_at IS NULL
           AND ($2::text IS NULL OR $2 IN ('active', 'waiting'))
           AND ($2 IS NULL OR status = $2)
         ORDER BY id DESC
         LIMIT $3::bigint + $4::bigint)
        UNION ALL
        (SELECT user_id, id
         FROM journey_states
         WHERE journey_id = $1 AND finished_at IS NOT NULL
           AND ($2 IS NULL OR $2 IN ('completed', 'exited'))
           AND ($2 IS NULL OR status = $2)
         ORDER BY id DESC
         LIMIT $3::bigint + $4::bigint)
        UNION ALL
        (SELECT user_id, id
         FROM journey_states
         WHERE journey_id = $1 AND finished_at IS NOT NULL AND error IS NOT NULL
           AND $2 = 'failed' AND status = 'failed'
         ORDER BY id DESC
         LIMIT $3::bigint + $4::bigint)
    ) AS run
    ORDER BY id DESC
    LIMIT $3 OFFSET $4
)
SELECT run.id, run.user_id, contact.email AS user_email, run.journey_id, run.status, run.wake_at,
       run.waits_for, run.attempts, run.error, run.traceback, run.exit_reason,
       run.event AS trigger_event, run.journal, run.created_at, run.updated_at, run.finished_at
FROM page
JOIN journey_states AS run
    ON run.user_id = page.user_id AND run.journey_id = $1 AND run.id = page.id
LEFT JOIN contacts AS contact ON contact.user_id = run.user_id
ORDER BY run.id DESC
