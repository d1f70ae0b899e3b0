-- The latest membership and the timer of the pairs asked for, and of every other pair of these
-- users whose timer is due ($4) in one of the given buckets ($5).
-- The caller holds the users' contact locks.
-- IS TRUE keeps the bucket ids a filter: as an index condition they would be looked up one by one
-- for each user.
WITH wanted AS (
    SELECT user_id, bucket_id
    FROM unnest($1::text[], $2::text[]) AS asked (user_id, bucket_id)
    UNION
    SELECT user_id, bucket_id
    FROM bucket_timers
    WHERE user_id = ANY($3::text[]) AND due_at <= $4 AND (bucket_id = ANY($5::text[])) IS TRUE
)
SELECT wanted.user_id, wanted.bucket_id, timer.due_at, latest.status,
       latest.entry_count, latest.source, latest.reason, latest.entered_at, latest.left_at,
       latest.dwell_anchor_at
FROM wanted
LEFT JOIN bucket_timers AS timer
    ON timer.user_id = wanted.user_id AND timer.bucket_id = wanted.bucket_id
LEFT JOIN LATERAL (
    SELECT entry_count, status, source, reason, entered_at, left_at, dwell_anchor_at
    FROM bucket_memberships AS membership
    WHERE membership.user_id = wanted.user_id AND membership.bucket_id = wanted.bucket_id
    ORDER BY entry_count DESC
    LIMIT 1
) AS latest ON true
