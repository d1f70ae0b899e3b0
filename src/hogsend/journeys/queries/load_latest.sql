-- When each pair's latest run started. The caller holds the users' contact locks.
-- By the user, whose runs are few; an index on the journey must not tempt the planner.
SELECT pair.user_id, pair.journey_id, latest.created_at
FROM unnest($1::text::text[], $2::text::text[]) AS pair (user_id, journey_id)
CROSS JOIN LATERAL (
    SELECT run.created_at
    FROM journey_states AS run
    WHERE run.user_id = pair.user_id AND run.journey_id || '' = pair.journey_id
    ORDER BY run.id DESC
    LIMIT 1
) AS latest
