-- What should have moved on by itself: the oldest due timer of a bucket that is not paused, runs and
-- jobs whose lease ran out before $2, jobs that gave up, and the schedule last worked on.
SELECT
    (
        SELECT min(oldest.due_at)
        FROM bucket_configs AS config
        CROSS JOIN LATERAL (
            SELECT due_at FROM bucket_timers AS timer
            WHERE timer.bucket_id = config.bucket_id
            ORDER BY due_at
            LIMIT 1
        ) AS oldest
        WHERE config.enabled IS DISTINCT FROM false AND config.retired_at IS NULL
    ) AS oldest_timer,
    (
        SELECT count(*)
        FROM (
            SELECT FROM journey_states
            WHERE finished_at IS NULL AND lease_expires_at < $2
            LIMIT 10000
        ) AS expired
    ) AS stuck_runs,
    (SELECT count(*) FROM bucket_jobs WHERE status = 'running' AND lease_expires_at < $2) AS stuck_jobs,
    (SELECT jsonb_agg(bucket_id) FROM bucket_jobs WHERE status = 'failed') AS failed_jobs,
    (SELECT count(*) FROM workers WHERE seen_at >= $1) AS workers,
    (SELECT max(tick) FROM leases WHERE name = 'reconcile') AS reconciled_at,
    (SELECT sum(drift) FROM bucket_configs WHERE retired_at IS NULL) AS drift
