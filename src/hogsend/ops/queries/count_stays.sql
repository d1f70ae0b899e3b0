-- The stays of each bucket: those that last, and those that ended.
SELECT asked.bucket_id,
       coalesce(entered.amount, 0) - coalesce(ended.amount, 0) AS active,
       coalesce(ended.amount, 0) AS "left"
FROM unnest($1::text[]) AS asked (bucket_id)
LEFT JOIN tally_totals AS entered
    ON entered.measure = 'stay.entered' AND entered.id = asked.bucket_id
LEFT JOIN tally_totals AS ended ON ended.measure = 'stay.left' AND ended.id = asked.bucket_id
