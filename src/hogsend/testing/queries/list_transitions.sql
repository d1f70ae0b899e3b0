-- Joins and leaves in the order in which they were emitted: ids are uuid7.
SELECT user_id, properties, occurred_at
FROM user_events
WHERE event IN ('bucket:entered', 'bucket:left')
ORDER BY id
