-- The earliest instant at which a run of these journeys is due that nobody holds at $2; those whose
-- workers have died $3 times are not waited for.
SELECT min(due.wake_at)
FROM unnest($1::text[]) AS live (journey_id)
CROSS JOIN LATERAL (
    SELECT run.wake_at
    FROM journey_states AS run
    WHERE run.journey_id = live.journey_id AND run.wake_at IS NOT NULL
      AND (run.lease_expires_at IS NULL OR run.lease_expires_at <= $2)
      AND run.crashes < $3::integer
    ORDER BY run.wake_at
    LIMIT 1
) AS due
