-- By hand, as of $1, the members of bucket $2: everybody on trial.
INSERT INTO bucket_memberships
    (user_id, bucket_id, entry_count, id, status, source, entered_at, last_evaluated_at)
SELECT user_id, $2::text, 1, gen_random_uuid(), 'active', 'backfill', $1::timestamptz, $1
FROM contacts
WHERE properties @> '{"plan": "trial"}'
