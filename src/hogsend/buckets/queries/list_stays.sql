-- A user's stays in bucket $2, newest first, and whether the join of each was announced (event $3).
SELECT stay.entry_count, stay.source, stay.reason, stay.entered_at, stay.left_at,
       stay.dwell_anchor_at, stay.dwell_state,
       EXISTS (
           SELECT
           FROM user_events AS event
           WHERE event.user_id = $1 AND event.event = $3 AND event.occurred_at = stay.entered_at
       ) AS announced
FROM bucket_memberships AS stay
WHERE stay.user_id = $1 AND stay.bucket_id = $2
ORDER BY stay.entry_count DESC
LIMIT $4
