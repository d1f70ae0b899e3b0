-- Dwell events in the order in which they were emitted: bucket:dwell:<bucket id>:<label>.
SELECT user_id, event, properties, occurred_at
FROM user_events
WHERE event LIKE 'bucket:dwell:%:%'
ORDER BY id
