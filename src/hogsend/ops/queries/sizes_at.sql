-- How many members each bucket had at some instants. Reads all stays: for small databases.
SELECT stay.bucket_id, instant.position, count(*) AS size
FROM unnest($2::timestamptz[]) WITH ORDINALITY AS instant (at, position)
JOIN bucket_memberships AS stay
    ON stay.entered_at <= instant.at AND (stay.left_at IS NULL OR stay.left_at > instant.at)
WHERE stay.bucket_id = ANY($1::text[])
GROUP BY stay.bucket_id, instant.position
