-- The newest instants of each user in a slot (an event name, perhaps filtered), newest first, in
-- the order asked for. $3 and $4 give each slot's event name and how many are needed at most.
-- Backward scans of the primary key; never a count, never a whole history.
SELECT ARRAY(
    SELECT event.occurred_at
    FROM user_events AS event
    WHERE event.user_id = need.user_id AND event.event = ($3::text[])[need.slot] /* slot filter */
    ORDER BY event.occurred_at DESC
    LIMIT ($4::integer[])[need.slot]
)
FROM (
    SELECT user_id, slot::integer
    FROM unnest($1::text::text[], $2::text::text[]) AS asked (user_id, slot)
) AS need
