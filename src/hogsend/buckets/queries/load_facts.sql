-- The newest instants of each (user, event name), at most `depth` of them, newest first.
-- Backward scans of the primary key; never a count, never a whole history.
SELECT need.position, ARRAY(
    SELECT event.occurred_at
    FROM user_events AS event
    WHERE event.user_id = need.user_id AND event.event = need.event /* slot filter */
    ORDER BY event.occurred_at DESC
    LIMIT need.depth
)
FROM unnest($1::text[], $2::text[], $3::integer[], $4::integer[])
    WITH ORDINALITY AS need (user_id, event, slot, depth, position)
