-- The newest events of each (user, name) that a wait would have seen: those that arrived since its
-- previous call, or occurred within its look-back. Bounded: of the newest 1,000 by occurrence.
-- The caller holds the users' contact locks.
SELECT wait.number, found.id, found.properties, found.occurred_at
FROM unnest(
    $1::text::integer[], $2::text::text[], $3::text::text[], $4::text::timestamptz[],
    $5::text::uuid[], $6::text::timestamptz[]
) AS wait (number, user_id, event, after, after_id, since)
CROSS JOIN LATERAL (
    SELECT recent.id, recent.properties, recent.occurred_at, recent.received_at
    FROM (
        SELECT event.id, event.properties, event.occurred_at, event.received_at
        FROM user_events AS event
        WHERE event.user_id = wait.user_id AND event.event = wait.event
        ORDER BY event.occurred_at DESC
        LIMIT 1000
    ) AS recent
    WHERE (recent.received_at, recent.id) > (wait.after, wait.after_id)
       OR recent.occurred_at >= wait.since
) AS found
ORDER BY wait.number, found.received_at, found.id
