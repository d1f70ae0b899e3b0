-- $1 members of bucket $2 whose only event leaves its window of $4 at the instant $3.
WITH person AS (
    SELECT 'wave_' || n AS user_id FROM generate_series(1, $1::integer) AS n
),
contact AS (
    INSERT INTO contacts (user_id, created_at, updated_at)
    SELECT user_id, $3::timestamptz - $4::interval, $3 FROM person
),
event AS (
    INSERT INTO user_events (user_id, event, occurred_at, id, received_at)
    SELECT user_id, 'seen', $3 - $4::interval, gen_random_uuid(), $3 FROM person
),
membership AS (
    INSERT INTO bucket_memberships
        (user_id, bucket_id, entry_count, id, status, source, entered_at, last_evaluated_at)
    SELECT user_id, $2, 1, gen_random_uuid(), 'active', 'event', $3 - $4::interval, $3
    FROM person
)
INSERT INTO bucket_timers (user_id, bucket_id, due_at) SELECT user_id, $2, $3 FROM person
