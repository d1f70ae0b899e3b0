-- How many of the newest $2 runs of journey $1 came to each durable call, in the order of the
-- calls. A wait has two records; the one of its end does not count.
SELECT entry.record ->> 'call' AS call, count(*) AS reached
FROM (
    (SELECT id, journal
     FROM journey_states
     WHERE journey_id = $1 AND finished_at IS NULL
     ORDER BY id DESC
     LIMIT $2)
    UNION ALL
    (SELECT id, journal
     FROM journey_states
     WHERE journey_id = $1 AND finished_at IS NOT NULL
     ORDER BY id DESC
     LIMIT $2)
    ORDER BY id DESC
    LIMIT $2
) AS run
CROSS JOIN LATERAL jsonb_array_elements(run.journal) WITH ORDINALITY AS entry (record, place)
WHERE entry.record ->> 'call' NOT LIKE '%/done'
GROUP BY 1
ORDER BY avg(entry.place), 1
