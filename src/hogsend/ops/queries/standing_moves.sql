-- The stays that began and that ended since the hour $2, of the buckets $1 or of all, where there
-- were any.
SELECT id AS bucket_id,
       coalesce(sum(amount) FILTER (WHERE measure = 'stay.entered'), 0)::bigint AS entered,
       coalesce(sum(amount) FILTER (WHERE measure = 'stay.left'), 0)::bigint AS "left"
FROM tally_hours
WHERE measure IN ('stay.entered', 'stay.left') AND ($1::text[] IS NULL OR id = ANY($1)) AND hour >= $2
GROUP BY id
