-- The stays of the buckets $1 that began and that ended since the hour $2.
SELECT asked.bucket_id,
       coalesce(sum(amount) FILTER (WHERE measure = 'stay.entered'), 0)::bigint AS entered,
       coalesce(sum(amount) FILTER (WHERE measure = 'stay.left'), 0)::bigint AS "left"
FROM unnest($1::text[]) AS asked (bucket_id)
LEFT JOIN tally_hours
    ON measure IN ('stay.entered', 'stay.left') AND id = asked.bucket_id AND hour >= $2
GROUP BY asked.bucket_id
