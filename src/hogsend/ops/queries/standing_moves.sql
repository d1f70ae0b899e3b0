-- The stays of the buckets $1 that began and that ended since the hour $2, of those that had any.
SELECT id AS bucket_id,
       coalesce(sum(amount) FILTER (WHERE measure = 'stay.entered'), 0)::bigint AS entered,
       coalesce(sum(amount) FILTER (WHERE measure = 'stay.left'), 0)::bigint AS "left"
FROM tally_hours
WHERE measure IN ('stay.entered', 'stay.left') AND id = ANY($1::text[]) AND hour >= $2
GROUP BY id
