-- How many runs each journey has, by status.
SELECT journey_id, status, count(*) AS count
FROM journey_states
WHERE journey_id = ANY($1::text[])
GROUP BY journey_id, status
