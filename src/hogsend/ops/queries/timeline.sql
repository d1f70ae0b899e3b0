-- A page of what happened to user $1, newest first. Joins and leaves are read from the stays, which
-- has the silent ones, too; so their events are left out.
WITH RECURSIVE name AS (
    (SELECT event FROM user_events WHERE user_id = $1 ORDER BY event LIMIT 1)
    UNION ALL
    SELECT (SELECT event
            FROM user_events
            WHERE user_id = $1 AND event > name.event
            ORDER BY event
            LIMIT 1)
    FROM name
    WHERE name.event IS NOT NULL
), entry AS (
    SELECT
        newest.occurred_at AS at,
        newest.id,
        CASE WHEN starts_with(name.event, 'bucket:') THEN 'dwell' ELSE 'event' END AS kind,
        name.event AS title,
        CASE WHEN starts_with(name.event, 'bucket:')
             THEN newest.properties ->> 'bucketId' END AS bucket_id,
        NULL AS journey_id,
        newest.properties AS detail
    FROM name
    CROSS JOIN LATERAL (
        SELECT id, occurred_at, properties
        FROM user_events
        WHERE user_id = $1 AND user_events.event = name.event
        ORDER BY occurred_at DESC, id DESC
        LIMIT $2::bigint + $3::bigint
    ) AS newest
    WHERE NOT starts_with(name.event, 'bucket:') OR starts_with(name.event, 'bucket:dwell:')
    UNION ALL
    SELECT entered_at, id, 'entered', bucket_id, bucket_id, NULL,
           jsonb_build_object('entryCount', entry_count, 'source', source)
    FROM bucket_memberships
    WHERE user_id = $1
    UNION ALL
    SELECT left_at, id, 'left', bucket_id, bucket_id, NULL,
           jsonb_build_object('entryCount', entry_count, 'reason', reason)
    FROM bucket_memberships
    WHERE user_id = $1 AND status = 'left'
    UNION ALL
    SELECT created_at, id, 'journey-started', journey_id, NULL, journey_id,
           jsonb_build_object('stateId', id, 'status', status)
    FROM journey_states
    WHERE user_id = $1
    UNION ALL
    SELECT finished_at, id, 'journey-ended', journey_id, NULL, journey_id,
           jsonb_build_object('stateId', id, 'status', status, 'reason', exit_reason)
    FROM journey_states
    WHERE user_id = $1 AND finished_at IS NOT NULL
    UNION ALL
    SELECT coalesce(sent_at, created_at), id, 'mail', template, NULL, journey_id,
           jsonb_build_object('status', status, 'subject', subject)
    FROM email_sends
    WHERE user_id = $1
)
SELECT at, kind, title, bucket_id, journey_id, detail
FROM entry
ORDER BY at DESC, id DESC, kind DESC
LIMIT $2 OFFSET $3
