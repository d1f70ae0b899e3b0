-- $2 events of $1 contacts, at random over the 60 days before $3.
INSERT INTO user_events (user_id, event, occurred_at, id, properties, received_at)
SELECT user_id, event, occurred_at, gen_random_uuid(), '{"path": "/home", "n": 3}', occurred_at
FROM (
    SELECT 'user_' || (1 + floor(random() * $1::integer))::integer AS user_id,
           (ARRAY['app.active', 'app.active', 'key.action', 'page.view'])
               [1 + floor(random() * 4)::integer] AS event,
           $3::timestamptz - random() * interval '1440 hours' AS occurred_at
    FROM generate_series(1, $2::integer)
) AS generated
ORDER BY user_id, event, occurred_at
