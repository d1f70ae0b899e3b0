-- By how much each of the buckets $1 grew on each day since $2.
SELECT id AS bucket_id, date_bin('1 day', hour, $2) AS day,
       sum(CASE measure WHEN 'stay.entered' THEN amount ELSE -amount END)::bigint AS grown
FROM tally_hours
WHERE measure IN ('stay.entered', 'stay.left') AND id = ANY($1::text[]) AND hour >= $2
GROUP BY 1, 2
