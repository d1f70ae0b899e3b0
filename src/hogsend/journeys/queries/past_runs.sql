-- A user's runs of a journey but for $3, and the latest of them.
SELECT count(*) AS count,
       (array_agg(status ORDER BY id DESC))[1] AS status,
       max(created_at) AS started_at,
       (array_agg(finished_at ORDER BY id DESC))[1] AS finished_at
FROM journey_states
WHERE user_id = $1 AND journey_id = $2 AND id <> $3
