-- How many runs each journey has, by status.
SELECT id AS journey_id, substr(measure, 5) AS status, amount AS count
FROM tally_totals
WHERE measure IN ('run.active', 'run.waiting', 'run.completed', 'run.exited', 'run.failed')
  AND id = ANY($1::text[])
