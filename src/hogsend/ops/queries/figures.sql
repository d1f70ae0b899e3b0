-- What is waiting, for Prometheus: counts stop at a bound, so that asking stays cheap.
SELECT
    (
        SELECT count(*)
        FROM (
            SELECT FROM bucket_timers
            WHERE bucket_id = ANY($2::text[]) AND due_at <= $1
            LIMIT $4::integer
        ) AS due
    ) AS due_timers,
    (
        SELECT count(*)
        FROM (
            SELECT FROM journey_states
            WHERE journey_id = ANY($3::text[]) AND wake_at <= $1 AND finished_at IS NULL
            LIMIT $4::integer
        ) AS due
    ) AS due_journeys,
    (SELECT count(*) FROM workers WHERE seen_at >= $5) AS workers,
    (SELECT jsonb_object_agg(bucket_id, drift) FROM bucket_configs WHERE retired_at IS NULL) AS drift,
    (
        SELECT jsonb_object_agg(status, runs)
        FROM (
            SELECT status, count(*) AS runs
            FROM (
                SELECT status FROM journey_states WHERE finished_at IS NULL LIMIT $4::integer
            ) AS unfinished
            GROUP BY status
        ) AS counted
    ) AS journeys,
    (
        SELECT jsonb_object_agg(status, jobs)
        FROM (
            SELECT status, count(*) AS jobs
            FROM bucket_jobs
            WHERE status IN ('pending', 'running', 'failed')
            GROUP BY status
        ) AS counted
    ) AS jobs,
    (
        SELECT jsonb_object_agg(status, mails)
        FROM (
            SELECT status, count(*) AS mails
            FROM (
                SELECT status FROM email_sends
                WHERE created_at > $1 - interval '1 hour' AND created_at <= $1
                ORDER BY created_at DESC
                LIMIT $4::integer
            ) AS recent
            GROUP BY status
        ) AS counted
    ) AS mail
