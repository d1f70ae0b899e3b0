-- All stays there ever were, of every bucket that had any: no join, which for two thousand of them
-- could become a nested loop.
SELECT id AS bucket_id,
       coalesce(sum(CASE measure WHEN 'stay.entered' THEN amount WHEN 'stay.left' THEN -amount END), 0)::bigint AS size,
       sum(amount) FILTER (WHERE measure = 'stay.dwell_ms')::float8
           / nullif(sum(amount) FILTER (WHERE measure = 'stay.left'), 0)::float8 / 1000 AS avg_dwell_secs
FROM tally_totals
WHERE measure IN ('stay.entered', 'stay.left', 'stay.dwell_ms')
GROUP BY id
