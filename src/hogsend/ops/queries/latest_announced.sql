-- The latest events with the names $1, transitions all. In order of the instant alone, of which
-- there is an index; those of one instant may be many, and are put in order once they are found.
WITH found AS MATERIALIZED (
    SELECT newest.*
    FROM unnest($1::text[]) AS name
    CROSS JOIN LATERAL (
        SELECT id, occurred_at, user_id, properties
        FROM user_events
        WHERE event = name
        ORDER BY occurred_at DESC
        LIMIT $2
    ) AS newest
)
SELECT id, occurred_at AS at, user_id,
       properties->>'bucketId' AS bucket_id,
       properties->>'transition' = 'entered' AS joined,
       properties->>'reason' AS reason,
       properties->>'source' AS source
FROM found
ORDER BY occurred_at DESC, id DESC
LIMIT $2
