-- The runs of each of the journeys $1 that have not ended, up to $2 of each.
SELECT asked.journey_id, counted.runs
FROM unnest($1::text[]) AS asked (journey_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS runs
    FROM (
        SELECT FROM journey_states AS run
        WHERE run.journey_id = asked.journey_id AND run.finished_at IS NULL
        LIMIT $2
    ) AS unfinished
) AS counted
