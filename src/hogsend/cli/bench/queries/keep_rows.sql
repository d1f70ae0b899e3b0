-- What is to be the same, whoever wrote it: the stays and the timers.
SELECT user_id, entry_count, status, source, entered_at, expires_at, dwell_anchor_at,
       NULL::timestamptz AS due_at
FROM bucket_memberships
UNION ALL
SELECT user_id, NULL, NULL, NULL, NULL, NULL, NULL, due_at
FROM bucket_timers
