-- How many entries the timeline of user $1 has; stops soon after $2.
SELECT count(*)
FROM (
    (SELECT
     FROM user_events
     WHERE user_id = $1
       AND (NOT starts_with(event, 'bucket:') OR starts_with(event, 'bucket:dwell:'))
     LIMIT $2::bigint + 1)
    UNION ALL
    SELECT FROM bucket_memberships WHERE user_id = $1
    UNION ALL
    SELECT FROM bucket_memberships WHERE user_id = $1 AND status = 'left'
    UNION ALL
    SELECT FROM journey_states WHERE user_id = $1
    UNION ALL
    SELECT FROM journey_states WHERE user_id = $1 AND finished_at IS NOT NULL
    UNION ALL
    SELECT FROM email_sends WHERE user_id = $1
) AS entry
