-- The events of one name that arrived behind an instant and an id, the first $5 of them, and how
-- many there are. The caller holds the contact lock, so that none is on its way.
SELECT id, properties, occurred_at, count(*) OVER () AS total
FROM user_events
WHERE user_id = $1 AND event = $2 AND (received_at, id) > ($3::timestamptz, $4::uuid)
ORDER BY received_at, id
LIMIT $5
